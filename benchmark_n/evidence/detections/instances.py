"""Predicted instances of a results file as the evidence of a detector."""

from __future__ import annotations

import numpy as np

from benchmark_n.coco.instances import by_image
from benchmark_n.evidence.detection_evidence import DetectedBoxes, DetectionEvidence
from benchmark_n.evidence.detections.base import Locations
from benchmark_n.evidence.detections.boxes import LEAST_SCORE, corners, support
from benchmark_n.evidence.evidence import Evidence
from benchmark_n.evidence.instance_set import InstanceSet


def detections_of_instances(name: str, instances: InstanceSet, base: Evidence) -> DetectionEvidence:
    """What a model that gave each instance one category says of the annotations.

    Parameters
    ----------
    name
        What it is called.
    instances
        Its P instances, of all images.
    base
        The annotations.

    Returns
    -------
    DetectionEvidence
        The score of an instance is the probability of its category there; the categories known
        are those that it gives to some instance, and `found` are the instances above
        `LEAST_SCORE`, which the model has suppressed itself.
    """
    count = len(base.category_ids)
    rows = np.zeros((len(base), count), np.float32)
    annotated = by_image(base.image_ids)
    for image_id, own in by_image(instances.image_ids).items():
        if image_id in annotated:
            probs = np.zeros((own.size, count), np.float32)
            probs[np.arange(own.size), instances.labels[own]] = instances.scores[own]
            said = Locations(corners(instances.boxes[own]).astype(np.float32), probs)
            places = annotated[image_id]
            rows[places] = support(said, corners(base.boxes[places].astype(float)))
    kept = np.flatnonzero(instances.scores > LEAST_SCORE)
    found = DetectedBoxes(
        image_ids=instances.image_ids[kept],
        labels=instances.labels[kept],
        scores=instances.scores[kept].astype(np.float32),
        boxes=instances.boxes[kept].astype(np.float32),
        masks=tuple(instances.masks[i] for i in kept),
    )
    known = np.bincount(instances.labels, minlength=count) > 0
    return DetectionEvidence(name, rows, known, found)
