"""What ObjectLab compares annotations and predictions by, with masks in the place of boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.common.matching import mask_ious
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.detections.boxes import corners
from benchmark_n.evidence.instance_set import InstanceSet

# cleanlab's own: weight of the overlap, and how fast nearness falls with the distance (1 / px).
OVERLAP_WEIGHT, FALL = 0.9, 0.1
Places = NDArray[np.intp]


def overlap_inputs(
    evidence: Evidence, predicted: InstanceSet, parts: Sequence[tuple[Places, Places]]
) -> list[dict[str, Any]]:
    """`auxiliary_inputs` of cleanlab's scores of boxes, with the IoU of the masks.

    Parameters
    ----------
    parts
        Of each image the places of its annotations and of its predictions, in the order in which
        cleanlab is given them.

    Returns
    -------
    list[dict]
        One an image: similarities and overlaps float64 (n, m), and what they are of.
    """
    made = []
    for given, places in parts:
        overlaps = mask_ious(
            [evidence.masks[i] for i in given], [predicted.masks[j] for j in places]
        )
        near = nearness(evidence.boxes[given], predicted.boxes[places])
        made.append(
            {
                "pred_labels": predicted.labels[places],
                "pred_label_probs": predicted.scores[places],
                "pred_bboxes": corners(predicted.boxes[places]),
                "lab_labels": evidence.labels[given],
                "lab_bboxes": corners(evidence.boxes[given]),
                "similarity_matrix": OVERLAP_WEIGHT * overlaps + (1 - OVERLAP_WEIGHT) * near,
                "iou_matrix": overlaps,
            }
        )
    positive = [one["similarity_matrix"][one["similarity_matrix"] > 0] for one in made]
    least = min((float(values.min()) for values in positive if values.size), default=1.0)
    return [{**one, "min_possible_similarity": min(least, 1.0)} for one in made]


def with_scores(
    inputs: Sequence[dict[str, Any]], scores: NDArray[np.float64], orders: Sequence[Places]
) -> list[dict[str, Any]]:
    """The same of the same predictions with other scores (P,), listed as in `orders`."""
    return [
        {**one, "pred_label_probs": scores[order]}
        for one, order in zip(inputs, orders, strict=True)
    ]


def nearness(boxes: NDArray[Any], others: NDArray[Any]) -> NDArray[np.float64]:
    """``exp(-FALL * distance)`` of the centres (px) of x, y, width, height, float64 (n, m).

    >>> nearness(np.array([[0, 0, 2, 2]]), np.array([[10, 0, 2, 2]])).round(4)
    array([[0.3679]])
    """
    left, right = (
        np.asarray(part[:, :2] + np.asarray(part[:, 2:]) / 2, float) for part in (boxes, others)
    )
    distances = np.linalg.norm(left[:, None] - right[None], axis=2)
    return np.asarray(np.exp(-FALL * distances), np.float64)
