"""Instances of annotations or detections as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks import Rle


@dataclass(frozen=True)
class Instances:
    """N ground truths or detections, in the order of their file.

    Parameters
    ----------
    ids, image_ids, category_ids
        int64 (N,). A ground truth of id 0 counts as unmatched in pycocotools.
    boxes
        float64 (N, 4), [x, y, width, height] in px.
    areas
        float64 (N,), px²; what sorts an instance into small, medium and large.
    masks
        N RLEs; None where only boxes are compared.
    crowd
        bool (N,); False for detections.
    scores
        float64 (N,), in [0, 1]; zeros for ground truths.
    """

    ids: NDArray[np.int64]
    image_ids: NDArray[np.int64]
    category_ids: NDArray[np.int64]
    boxes: NDArray[np.float64]
    areas: NDArray[np.float64]
    masks: Sequence[Rle] | None
    crowd: NDArray[np.bool_]
    scores: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self) -> Iterator[tuple[int, int, int, list[float], float, int, float]]:
        """Id, image, category, box, area, crowd (0 or 1) and score of each, as plain values."""
        columns = (
            self.ids,
            self.image_ids,
            self.category_ids,
            self.boxes,
            self.areas,
            self.crowd.astype(int),
            self.scores,
        )
        return zip(*(column.tolist() for column in columns), strict=True)

    def take(self, rows: NDArray[np.intp]) -> Instances:
        """The instances at `rows`, in that order."""
        masks = None if self.masks is None else [self.masks[i] for i in rows.tolist()]
        columns = ("ids", "image_ids", "category_ids", "boxes", "areas", "crowd", "scores")
        taken = {name: getattr(self, name)[rows] for name in columns}
        return Instances(masks=masks, **taken)


def by_image(image_ids: NDArray[np.int64]) -> dict[int, NDArray[np.intp]]:
    """Image id to the places of its instances, in their order."""
    if not image_ids.size:
        return {}
    order = np.argsort(image_ids, kind="stable")
    ids, starts = np.unique(image_ids[order], return_index=True)
    return dict(zip(ids.tolist(), np.split(order, starts[1:]), strict=True))
