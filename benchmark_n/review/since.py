"""Week two: what was decided comes back only where its mask, category or guideline changed.

Annotations of the two files are told apart by their images' names, their categories' names and
their masks to the pixel; ids say only that an annotation is the one that was there, changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmark_n.coco import CocoFile, Image
from benchmark_n.coco.labels import category_labels
from benchmark_n.coco.records import join_record, split_record
from benchmark_n.detection.result import DetectionResult
from benchmark_n.masks import mask_iou, rle_to_crop, segmentation_to_rle
from benchmark_n.report.gallery import SINCE, suggested_mask
from benchmark_n.review.guideline import open_guideline
from benchmark_n.review.meanings import (
    Meaning,
    corrected_meaning,
    image_name,
    meanings,
    meant_by,
)
from benchmark_n.review.source import read_source, source_place
from benchmark_n.review.state import ReviewState, read_state

NEW, CHANGED, OPEN = SINCE
# A proposal of the same object as one that was refused.
_SAME_OBJECT = 0.5


@dataclass(frozen=True)
class Before:
    """What was known last time.

    `there` are the annotations that there were, `ids` image and id of each, `settled` what was
    decided under the guideline that still holds, as it was or as it became; `refused` are proposals
    that nothing was missing of: image, category, and RLE.
    """

    there: frozenset[Meaning]
    ids: frozenset[tuple[str, int]]
    settled: frozenset[Meaning]
    refused: tuple[tuple[str, str, Any], ...]


def since(
    results: Sequence[DetectionResult],
    folder: Path | str,
    *,
    guideline: str | None = None,
    annotations: Path | str | None = None,
) -> list[DetectionResult]:
    """Detections without what a review settled, what is new or changed first.

    The scores get a column ``since``: ``new``, ``changed`` or ``open`` (as before, and undecided).

    Parameters
    ----------
    results
        What `detect` found in the annotations of now.
    folder
        The review.
    guideline
        Of now, as for `export_review`; decisions under another version settle nothing. None: it is
        the same.
    annotations
        The reviewed file, where it moved since.

    Raises
    ------
    InputError
        No review, or its file is not there.
    """
    before = read_before(folder, guideline, annotations)
    files = {id(one.coco): one.coco for one in results}
    meant = {key: meant_by(coco) for key, coco in files.items()}
    return [_marked(one, meant[id(one.coco)], before) for one in results]


def read_before(
    folder: Path | str, guideline: str | None, annotations: Path | str | None
) -> Before:
    """What a review knew and settled."""
    version = None if guideline is None else open_guideline(guideline).version
    state = read_state(folder)
    place = source_place(state.folder, state.review, annotations)
    return _known_before(state, read_source(place, state.review), version)


def _known_before(state: ReviewState, source: CocoFile, guideline: str | None) -> Before:
    meant = meanings(source)
    place = {identity: i for i, identity in enumerate(source.annotation_ids.tolist())}
    valid = [
        entry
        for entry in state.entries.values()
        if guideline is None or entry.guideline == guideline
    ]
    settled: set[Meaning] = set()
    for entry in valid:
        index = place.get(entry.annotation_id)
        if index is not None:
            settled.add(meant[index])
        if entry.after:
            old = {} if index is None else split_record(source.annotations[index])
            settled.add(corrected_meaning(source, join_record(old, entry.after)))
    kept = {entry.annotation_id for entry in valid if entry.after is None and entry.before is None}
    labels = category_labels(source.categories)
    refused = [
        (
            image_name(source.images[item.image_id]),
            "" if item.suggested_category is None else labels[item.suggested_category],
            item.suggested_segmentation,
        )
        for item in state.review.items
        if item.proposal and item.annotation_id in kept
    ]
    names = [image_name(source.images[i]) for i in source.image_ids.tolist()]
    ids = frozenset(zip(names, source.annotation_ids.tolist(), strict=True))
    return Before(frozenset(meant), ids, frozenset(settled), tuple(refused))


def _marked(
    result: DetectionResult, meant: Mapping[int, Meaning], before: Before
) -> DetectionResult:
    coco, table = result.coco, result.scores
    states = [state_of(row, meant, before, coco) for row in _rows(table)]
    kept = table.filter(pa.array([state is not None for state in states], pa.bool_()))
    column = pa.array([state for state in states if state is not None], pa.string())
    counts, line = counted(states)
    return replace(
        result,
        scores=kept.append_column("since", column),
        provenance={**result.provenance, "since": counts},
        warnings=(*result.warnings, line),
    )


def counted(states: Sequence[str | None]) -> tuple[dict[str, int], str]:
    """How many are of each state, and a line that says so."""
    counts = {name: sum(state == name for state in states) for name in SINCE}
    counts["settled"] = states.count(None)
    return counts, (
        f"since the review: {counts['settled']} rows are settled and left out; "
        f"{counts[NEW]} are of what is new, {counts[CHANGED]} of what changed, "
        f"{counts[OPEN]} of what was not decided"
    )


def _rows(table: Any) -> Iterable[dict[str, Any]]:
    names = ["annotation_id", "image_id", "suggested_category", "suggested_segmentation"]
    rows: list[dict[str, Any]] = table.select(names).to_pylist()
    return rows


def state_of(
    row: Mapping[str, Any], meant: Mapping[int, Meaning], before: Before, coco: CocoFile
) -> str | None:
    """What has become of a row's annotation or proposal; None where it is settled."""
    image = coco.images[row["image_id"]]
    if row["annotation_id"] is None:
        return None if _is_refused(row, image, before, coco) else OPEN
    meaning = meant[row["annotation_id"]]
    if meaning in before.settled:
        return None
    if meaning in before.there:
        return OPEN
    known = (image_name(image), row["annotation_id"]) in before.ids
    return CHANGED if known else NEW


def _is_refused(row: Mapping[str, Any], image: Image, before: Before, coco: CocoFile) -> bool:
    if not before.refused:
        return False
    label = category_labels(coco.categories).get(row["suggested_category"], "")
    here = [rle for name, of, rle in before.refused if (name, of) == (image_name(image), label)]
    mask = (
        suggested_mask(row["suggested_segmentation"], image.height, image.width) if here else None
    )
    if mask is None:
        return False
    crops = [rle_to_crop(segmentation_to_rle(rle, image.height, image.width)) for rle in here]
    return any(mask_iou(mask, crop) >= _SAME_OBJECT for crop in crops)
