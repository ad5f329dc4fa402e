"""Images with objects, what two detectors find in them, and what an annotator made of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence import DetectedBoxes, DetectionEvidence, Evidence
from tests.detectors.samples import box_mask

SIDE, CATEGORIES = 200, 4


@dataclass(frozen=True)
class Scene:
    """Evidence, and what is wrong with its annotations.

    `invented` and `shifted` bool (N,); `removed` image ids and boxes of objects without an
    annotation.
    """

    evidence: Evidence
    invented: NDArray[np.bool_]
    shifted: NDArray[np.bool_]
    removed: list[tuple[int, NDArray[np.float64]]]


def scene(images: int = 90, seed: int = 0, known: int = CATEGORIES) -> Scene:
    """Four objects an image at fixed quarters; of 360 some 12 of each error."""
    rng = np.random.default_rng(seed)
    boxes, ids, names = [], [], []
    for image in range(1, images + 1):
        for corner in ((5, 5), (105, 5), (5, 105), (105, 105)):
            size = rng.integers(30, 60, 2)
            start = np.array(corner) + rng.integers(0, 25, 2)
            boxes.append([*start, *size])
            ids.append(image)
            names.append(rng.integers(CATEGORIES))
    true, image_ids, labels = np.array(boxes), np.array(ids), np.array(names)
    order = rng.permutation(len(true))
    removed, shifted, invented = (order[i : i + 12] for i in (0, 12, 24))
    given = true.copy()
    given[shifted, :2] += np.where(rng.random((12, 2)) < 0.5, -1, 1) * given[shifted, 2:] // 4
    kept = np.setdiff1d(np.arange(len(true)), removed)
    detections = tuple(
        _detector(f"d{number}", true, image_ids, labels, given, set(invented.tolist()), rng, known)
        for number in range(2)
    )
    masks = tuple(
        box_mask(x, y, width, height, size=SIDE)
        for x, y, width, height in np.maximum(given[kept], 0).tolist()
    )
    made = Evidence(
        annotation_ids=1000 + kept,
        image_ids=image_ids[kept],
        labels=labels[kept],
        category_ids=10 * np.arange(1, CATEGORIES + 1),
        category_names=tuple("abcd"),
        boxes=np.maximum(given[kept], 0),
        masks=masks,
        image_sizes=dict.fromkeys(range(1, images + 1), (SIDE, SIDE)),
        detections=tuple(_of(one, kept) for one in detections),
    )

    def flags(places: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.isin(kept, places)

    gone = [(int(image_ids[i]), true[i].astype(float)) for i in removed.tolist()]
    return Scene(made, flags(invented), flags(shifted), gone)


def _of(one: DetectionEvidence, kept: NDArray[np.int64]) -> DetectionEvidence:
    return DetectionEvidence(one.detector, one.support[kept], one.known, one.found)


def _detector(
    name: str,
    true: NDArray[np.int64],
    image_ids: NDArray[np.int64],
    labels: NDArray[np.int64],
    given: NDArray[np.int64],
    absent: set[int],
    rng: np.random.Generator,
    known: int,
) -> DetectionEvidence:
    """Finds each object but the absent ones, a little beside it, and now and then nothing real."""
    there = np.array([i for i in range(len(true)) if i not in absent and labels[i] < known])
    found = true[there] + rng.normal(0, 1.5, (len(there), 4))
    strays = rng.integers(1, image_ids.max() + 1, 60)
    stray_boxes = np.concatenate([rng.uniform(0, 140, (60, 2)), rng.uniform(20, 60, (60, 2))], 1)
    support = np.full((len(true), CATEGORIES), 0.02, np.float32)
    sure = rng.uniform(0.5, 0.95, len(true)).astype(np.float32)
    support[there, labels[there]] = sure[there]
    support[:, known:] = 0
    boxes = DetectedBoxes(
        image_ids=np.concatenate([image_ids[there], strays]),
        labels=np.concatenate([labels[there], rng.integers(0, known, 60)]),
        scores=np.concatenate([sure[there], rng.uniform(0.05, 0.3, 60)]).astype(np.float32),
        boxes=np.concatenate([found, stray_boxes]).astype(np.float32),
    )
    return DetectionEvidence(name, support, np.arange(CATEGORIES) < known, boxes)
