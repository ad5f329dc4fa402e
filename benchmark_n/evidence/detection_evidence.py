"""What an object detector says of annotations, and what it finds in their images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.errors import InputError
from benchmark_n.masks import Rle


@dataclass(frozen=True)
class DetectedBoxes:
    """P confident detections, over all images; of the file's categories alone.

    Parameters
    ----------
    image_ids
        int64 (P,).
    labels
        int64 (P,): index into the evidence's `category_ids`; the first of several categories that
        are one to the detector.
    scores
        float32 (P,), 0 to 1, not calibrated.
    boxes
        float32 (P, 4): x, y, width, height in px.
    masks
        One RLE each; None where the detector has none.
    """

    image_ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    scores: NDArray[np.float32]
    boxes: NDArray[np.float32]
    masks: tuple[Rle, ...] | None = None

    def __len__(self) -> int:
        return len(self.image_ids)


@dataclass(frozen=True)
class DetectionEvidence:
    """What one detector says of N annotations of K categories, and what it found.

    Parameters
    ----------
    detector
        Its name, such as ``nanodet``.
    support
        float32 (N, K), 0 to 1: the largest ``p_c * IoU`` over the detector's boxes whose IoU with
        the annotation's box is above 0.1, where p_c is the probability that it gives category c
        there; 0 where no box is that near, and in the columns that it does not know.
    known
        bool (K,): the categories that it can name. What `support` has of the others is no
        evidence: they are left to other sources.
    found
        Its confident detections, for objects that nobody annotated.

    Raises
    ------
    InputError
        Arrays that do not fit one another.

    Examples
    --------
    >>> none = np.zeros(0, np.int64)
    >>> found = DetectedBoxes(none, none, np.zeros(0, np.float32), np.zeros((0, 4), np.float32))
    >>> told = DetectionEvidence("mine", np.float32([[0.7, 0.0]]), np.array([True, False]), found)
    >>> told.support[:, told.known]
    array([[0.7]], dtype=float32)
    """

    detector: str
    support: NDArray[np.floating[Any]]
    known: NDArray[np.bool_]
    found: DetectedBoxes

    def __post_init__(self) -> None:
        if self.support.ndim != 2 or self.support.shape[1:] != self.known.shape:
            raise InputError(
                f"evidence of {self.detector}: support of shape {self.support.shape} and "
                f"{self.known.size} known categories do not fit"
            )
        found = self.found
        counts = {len(array) for array in (found.labels, found.scores, found.boxes)}
        counts |= {len(found.masks)} if found.masks is not None else set()
        if counts != {len(found)}:
            raise InputError(f"evidence of {self.detector}: detections of different lengths")
