"""A picture drawn by the package, of the size that a detector wants: nothing has to be resized."""

from __future__ import annotations

import numpy as np

from benchmark_n.coco.pixels import Pixels
from benchmark_n.datasets.scenes.drawing import draw_scene


def scene_picture(height: int, width: int) -> Pixels:
    """Drawn scenes side by side, uint8 RGB (height, width, 3)."""
    scenes = [draw_scene(0, "val", number).image for number in range(4)]
    rows = [np.concatenate(scenes[:2], axis=1), np.concatenate(scenes[2:], axis=1)]
    return np.ascontiguousarray(np.concatenate(rows)[:height, :width, ::-1])
