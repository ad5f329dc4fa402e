"""Text prompts: boxes of category names in an image, and whose boxes they are.

References
----------
.. [1] Liu et al.: Grounding DINO, ECCV 2024. Ren et al.: Grounded SAM, 2024.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.weak.segmenters.base import Grounder, Match

DEFAULT = "IDEA-Research/grounding-dino-tiny"


@lru_cache(maxsize=1)
def load_grounder(spec: str, device: str) -> Grounder:
    """The grounding model of a hub name or folder; once in a process."""
    from benchmark_n.weak.segmenters.grounding_dino import GroundingDino

    return GroundingDino(spec, device)


def match_boxes(
    boxes: NDArray[np.float64], names: Sequence[str], found: Sequence[Match], least_iou: float
) -> tuple[list[Match | None], list[Match]]:
    """For each instance the box that found it, and the boxes that found none.

    Within a category, the assignment of greatest total IoU among pairs of `least_iou` or more.

    Parameters
    ----------
    boxes, names
        Boxes (N, 4), [x, y, width, height] px, and category names of N instances.
    """
    # Takes most of a second, and every `make` imports this module.
    from scipy.optimize import linear_sum_assignment

    matched: list[Match | None] = [None] * len(names)
    taken: set[int] = set()
    for name in dict.fromkeys(names):
        ours = [i for i, other in enumerate(names) if other == name]
        theirs = [j for j, match in enumerate(found) if match.name == name]
        if not theirs:
            continue
        given = np.array([found[j].box for j in theirs], float)
        ious = coco_mask.iou(given, boxes[ours].astype(float), [0] * len(ours))
        ious = np.where(ious >= least_iou, ious, 0.0)
        for row, column in zip(*linear_sum_assignment(ious, maximize=True), strict=True):
            if ious[row, column] > 0:
                matched[ours[column]] = found[theirs[row]]
                taken.add(theirs[row])
    return matched, [match for j, match in enumerate(found) if j not in taken]
