"""What detections say of boxes, annotated ones or such as were planted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.instances import by_image
from benchmark_n.detectors.common.matching import box_overlaps
from benchmark_n.detectors.common.planted_errors import (
    ErrorProbabilities,
    error_probabilities,
    image_folds,
)
from benchmark_n.detectors.detected.fusion import LEAST_SCORE
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.evidence import Ints
from benchmark_n.runtime.random_streams import uniforms

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Boxes:
    """N boxes: `image_ids` int64 (N,) and `boxes` float64 (N, 4): x, y, width, height in px."""

    image_ids: Ints
    boxes: Floats


def judged_places(evidence: Evidence) -> Ints:
    """Places of the annotations whose category some detector knows, int64 (n,).

    Of the others a detector's silence says nothing.
    """
    assert evidence.detections is not None
    known = np.any([one.known for one in evidence.detections], axis=0)
    return np.flatnonzero(known[evidence.labels]).astype(np.int64)


def annotated(evidence: Evidence, places: Ints) -> Boxes:
    """The boxes of the annotations at `places`."""
    return Boxes(evidence.image_ids[places], evidence.boxes[places].astype(np.float64))


def box_error_probabilities(evidence: Evidence, places: Ints, planted: Boxes) -> ErrorProbabilities:
    """That the annotations at `places` are errors such as the `planted` boxes, by their support."""
    given = annotated(evidence, places)
    return error_probabilities(
        support_features(evidence, given),
        support_features(evidence, planted),
        image_folds(evidence, given.image_ids),
        image_folds(evidence, planted.image_ids),
    )


def of_all(evidence: Evidence, places: Ints, values: Floats) -> Floats:
    """Values of the annotations at `places` as float64 (N,), 0 of the others."""
    every = np.zeros(len(evidence))
    every[places] = values
    return every


def support_features(evidence: Evidence, boxes: Boxes) -> Floats:
    """How well detections support boxes, whatever their category.

    Returns
    -------
    numpy.ndarray
        float64 (N, 3 D + 2) for D detectors: of each the logarithm of the largest score times
        IoU, the largest IoU with a detection of score `LEAST_SCORE` or more, and its score; the
        logarithms of area (px²) and of width by height.
    """
    assert evidence.detections is not None
    columns = []
    for one in evidence.detections:
        found = by_image(one.found.image_ids)
        rows = np.zeros((len(boxes.image_ids), 3))
        for image_id, own in by_image(boxes.image_ids).items():
            near = found.get(image_id)
            if near is not None:
                overlap = box_overlaps(boxes.boxes[own], one.found.boxes[near].astype(np.float64))
                rows[own] = _best(overlap, one.found.scores[near].astype(np.float64))
        columns += [np.log(rows[:, 0] + 0.01), rows[:, 1], np.log(rows[:, 2] + 0.01)]
    sides = np.maximum(boxes.boxes[:, 2:], 1.0)
    return np.column_stack(
        [*columns, np.log(sides.prod(axis=1)), np.log(sides[:, 0] / sides[:, 1])]
    )


def _best(overlap: Floats, scores: Floats) -> Floats:
    """Of boxes against detections: largest product, largest sure IoU, and its score, (n, 3)."""
    sure = overlap * (scores >= LEAST_SCORE)
    nearest = sure.argmax(axis=1)
    rows = np.arange(len(overlap))
    reached = sure[rows, nearest]
    return np.stack(
        [(overlap * scores).max(axis=1), reached, scores[nearest] * (reached > 0)], axis=1
    )


def moved_anywhere(evidence: Evidence, places: Ints, times: int, seed: int = 0) -> Boxes:
    """The boxes at `places` at `times` drawn places of drawn images each: without a reason."""
    images = np.array(sorted(evidence.image_sizes), np.int64)
    sizes = np.array([evidence.image_sizes[i] for i in images.tolist()], np.float64)
    ids, given = evidence.annotation_ids[places], evidence.boxes[places].astype(np.float64)
    parts = []
    for turn in range(times):
        draw = [uniforms(seed, f"planted box {turn} {what}", ids) for what in ("image", "x", "y")]
        chosen = (draw[0] * len(images)).astype(np.int64)
        room = sizes[chosen][:, ::-1]
        sides = np.minimum(given[:, 2:], room)
        corner = np.stack(draw[1:], axis=1) * (room - sides)
        parts.append((images[chosen], np.concatenate([corner, sides], axis=1)))
    return Boxes(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def moved_a_little(evidence: Evidence, places: Ints, seed: int = 0) -> Boxes:
    """The boxes at `places` twice: moved by a tenth to a third of their size, grown or shrunk.

    They move both ways; sides grow by up to a half or shrink by up to a third, the centre kept.
    """
    ids, given = evidence.annotation_ids[places], evidence.boxes[places].astype(np.float64)
    names = ("x", "y", "way x", "way y", "scale", "way scale")
    draw = {what: uniforms(seed, f"planted shift {what}", ids) for what in names}
    far = 0.1 + 0.23 * np.stack([draw["x"], draw["y"]], axis=1)
    ways = np.where(np.stack([draw["way x"], draw["way y"]], axis=1) < 0.5, -1.0, 1.0)
    shifted = given.copy()
    shifted[:, :2] += far * ways * given[:, 2:]
    factor = 1.15 + 0.35 * draw["scale"]
    factor = np.where(draw["way scale"] < 0.5, factor, 1 / factor)[:, None]
    centre = given[:, :2] + given[:, 2:] / 2
    scaled = np.concatenate([centre - factor * given[:, 2:] / 2, factor * given[:, 2:]], axis=1)
    images = np.tile(evidence.image_ids[places], 2)
    return Boxes(images, _cut(np.concatenate([shifted, scaled]), images, evidence))


def _cut(boxes: Floats, image_ids: Ints, evidence: Evidence) -> Floats:
    """The parts of the boxes that lie in their images, of one pixel at least."""
    sizes = [evidence.image_sizes[i] for i in image_ids.tolist()]
    room = np.array(sizes, np.float64).reshape(-1, 2)[:, ::-1]
    low = np.clip(boxes[:, :2], 0, room - 1)
    high = np.clip(boxes[:, :2] + boxes[:, 2:], low + 1, room)
    return np.concatenate([low, high - low], axis=1)
