"""Which instances of several annotators are the same, and how far the annotators agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.instances import by_image
from benchmark_n.coco.joining import assign
from benchmark_n.detectors.common.matching import iou_blocks, mask_ious
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.instance_set import InstanceSet

NOBODY = -1


def match_annotators(
    evidence: Evidence, drawn: InstanceSet, count: int, least_iou: float
) -> NDArray[np.int64]:
    """Instance of each annotator that matches each annotation, int64 (N, count); -1 for none."""
    partners = np.full((len(evidence), count), NOBODY, np.int64)
    for _, mine, theirs, ious in iou_blocks(evidence, drawn):
        for annotator in range(count):
            own = np.flatnonzero(drawn.annotators[theirs] == annotator)
            rows, columns = np.nonzero(ious[:, own] >= least_iou)
            left, right = mine[rows], theirs[own[columns]]
            same = evidence.labels[left] == drawn.labels[right]
            chosen = assign(rows, columns, ious[rows, own[columns]], same)
            partners[left[chosen], annotator] = right[chosen]
    return partners


def agreement(
    evidence: Evidence, drawn: InstanceSet, partners: NDArray[np.int64]
) -> list[dict[str, float | int | None]]:
    """Of each annotator with the given file: instances, F1 of matching, IoU, same category."""
    found: list[dict[str, float | int | None]] = []
    for annotator in range(partners.shape[1]):
        mine = np.flatnonzero(partners[:, annotator] != NOBODY)
        theirs = partners[mine, annotator]
        number = int((drawn.annotators == annotator).sum())
        pairs = zip(mine.tolist(), theirs.tolist(), strict=True)
        ious = [mask_ious([evidence.masks[i]], [drawn.masks[j]])[0, 0] for i, j in pairs]
        same = evidence.labels[mine] == drawn.labels[theirs]
        found.append(
            {
                "annotator": annotator,
                "instances": number,
                "matching_f1": 2 * len(mine) / max(number + len(evidence), 1),
                "mean_iou": float(np.mean(ious)) if ious else None,
                "same_category": float(same.mean()) if len(mine) else None,
            }
        )
    return found


def group_instances(
    drawn: InstanceSet, free: NDArray[np.int64], least_iou: float
) -> list[list[int]]:
    """Instances of different annotators that are the same, by IoU with the group's first."""
    groups = []
    subset = replace(
        drawn,
        image_ids=drawn.image_ids[free],
        labels=drawn.labels[free],
        scores=drawn.scores[free],
        boxes=drawn.boxes[free],
        masks=tuple(drawn.masks[j] for j in free.tolist()),
        annotators=drawn.annotators[free],
    )
    for places in by_image(subset.image_ids).values():
        masks = [subset.masks[i] for i in places.tolist()]
        ious = mask_ious(masks, masks)
        left = list(range(len(places)))
        while left:
            head = left[0]
            group = [i for i in left if ious[head, i] >= least_iou or i == head]
            left = [i for i in left if i not in group]
            groups.append([int(free[places[i]]) for i in group])
    return groups
