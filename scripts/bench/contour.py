"""CPU time of `contour` for one annotation at the mean crop of COCO, 19,600 px.

python scripts/bench/contour.py
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

# As `benchmark-n make` does.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(ROOT)

from benchmark_n.masks import CropMask
from benchmark_n.noise.contour import Contour
from benchmark_n.noise.recipe import load_recipe
from benchmark_n.runtime.random_streams import Stream

_SIDE, _COUNT, _ROUNDS = 140, 200, 5


def main() -> None:
    canvas = np.zeros((480, 640), np.uint8)
    cv2.ellipse(canvas, (320, 240), (_SIDE // 2, _SIDE // 2 - 8), 30, 0, 360, (1,), -1)
    mask = CropMask.from_full(canvas)
    noise = next(n for n in load_recipe("human-lvis-crowd").noises if isinstance(n, Contour))
    best = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        for number in range(_COUNT):
            noise.apply(mask, noise.draw(Stream(1, noise.name, number)))
        best.append((time.process_time() - start) / _COUNT)
    print(f"{1e6 * min(best):.0f} µs an annotation, crop {mask.pixels.shape}")


if __name__ == "__main__":
    main()
