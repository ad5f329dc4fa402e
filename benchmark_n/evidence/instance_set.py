"""Instances that a model predicted, or that other annotators drew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks import Rle


@dataclass(frozen=True)
class InstanceSet:
    """P instances that a model predicted or another annotator drew.

    Parameters
    ----------
    image_ids, labels
        int64 (P,): image, and index into the evidence's `category_ids`.
    scores
        float64 (P,), 0 to 1; 1 for annotators.
    boxes
        float64 (P, 4): x, y, width, height in px.
    masks
        One RLE each.
    annotators
        int64 (P,): number of the annotator who drew it; zeros for a model.
    """

    image_ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    scores: NDArray[np.float64]
    boxes: NDArray[np.float64]
    masks: tuple[Rle, ...]
    annotators: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.image_ids)
