"""LVIS's protocol: which detections count, before any engine sees them.

References
----------
.. [1] Gupta, Dollár, Girshick: LVIS: A Dataset for Large Vocabulary Instance Segmentation, CVPR
       2019 (Section 2.2).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmark_n.coco.instances import Instances
from benchmark_n.evaluators.average_precision.problem import Federated, Problem

MAX_DETECTIONS = 300


def federate(problem: Problem, federated: Federated) -> Problem:
    """The problem under LVIS's protocol.

    Of each image the 300 best detections of all categories stay; of these, those of categories
    that the image is known to have or not to have. The engines do the rest: a detection without
    match in a category that is not exhaustively annotated is ignored.
    """
    detections = limit_per_image(problem.detections, problem.max_detections[-1])
    truth = problem.truth
    known = set(zip(truth.image_ids.tolist(), truth.category_ids.tolist(), strict=True))
    pairs = zip(detections.image_ids.tolist(), detections.category_ids.tolist(), strict=True)
    kept = [
        (image, category) in known or category in federated.negative.get(image, ())
        for image, category in pairs
    ]
    detections = detections.take(np.flatnonzero(kept))
    return replace(
        problem,
        detections=detections,
        max_detections=[problem.max_detections[-1]],
        federated=federated,
    )


def limit_per_image(detections: Instances, most: int) -> Instances:
    """The `most` detections of highest score in each image, in their old order.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> from benchmark_n.evaluators.average_precision.ground_truth import truth_arrays
    >>> truth = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard").clean()
    >>> instances, _ = truth_arrays(truth, masks=False)
    >>> len(instances), len(limit_per_image(instances, 2))  # of three images
    (26, 6)
    """
    order = np.lexsort((-detections.scores, detections.image_ids))
    images = detections.image_ids[order]
    first = np.searchsorted(images, images)
    rank = np.arange(len(images)) - first
    return detections.take(np.sort(order[rank < most]))
