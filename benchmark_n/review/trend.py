"""Error rates from review to review, and by a field of the annotations such as their annotator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark_n.coco import CocoFile
from benchmark_n.errors import InputError
from benchmark_n.evaluators.sampling import wilson
from benchmark_n.review.judgement import corrections
from benchmark_n.review.source import read_source, source_place
from benchmark_n.review.state import read_state


@dataclass(frozen=True)
class TrendRow:
    """One batch, or one part of it.

    Parameters
    ----------
    batch, part
        The review's name, and the field's value; empty for the whole batch.
    decided, wrong
        Annotations with a decision, and those of them that were corrected.
    weighted
        Whether each counts for as many as it stands for in an audit sample: without one the share
        is that of the suspects, not of the batch.
    share, interval
        Of wrong annotations; and Wilson's 95 % interval of as many decisions as the weights are
        worth (Kish). None of none.
    """

    batch: str
    part: str
    decided: int
    wrong: int
    weighted: bool
    share: float | None
    interval: tuple[float, float] | None


def trend(folders: Sequence[Path | str], by: str | None = None) -> tuple[TrendRow, ...]:
    """The error rate of each review, in the order that they are given in.

    Parameters
    ----------
    folders
        Reviews, a batch each.
    by
        A field of the annotation records or of their ``attributes``, else of the image records.

    Raises
    ------
    InputError
        No review, its file is not there, or no record has the field.
    """
    rows: list[TrendRow] = []
    for folder in folders:
        state = read_state(folder)
        private = state.private
        strata: dict[int, list[int]] = {}
        proposals = {item.annotation_id for item in state.review.items if item.proposal}
        for identity in state.entries:
            if identity not in proposals:
                strata.setdefault(private.sampled.get(identity, -1), []).append(identity)
        listed = sum(not item.proposal for item in state.listed)
        sizes = {-1: listed, **dict(enumerate(private.strata))}
        weights = {i: sizes[s] / len(ids) for s, ids in strata.items() for i in ids}
        wrong = {i for i in weights if corrections(state.entries[i])}
        name, weighted = state.folder.resolve().name, bool(private.sampled)
        rows.append(_row(name, "", sorted(weights), wrong, weights, weighted))
        if by is not None:
            place = source_place(state.folder, state.review, None)
            parts = _parts(read_source(place, state.review), set(weights), by)
            rows += [_row(name, part, ids, wrong, weights, weighted) for part, ids in parts.items()]
    return tuple(rows)


def _row(
    batch: str,
    part: str,
    ids: Sequence[int],
    wrong: set[int],
    weights: dict[int, float],
    weighted: bool,
) -> TrendRow:
    found = [i for i in ids if i in wrong]
    total = sum(weights[i] for i in ids)
    if not total:
        return TrendRow(batch, part, 0, 0, weighted, None, None)
    share = sum(weights[i] for i in found) / total
    worth = total**2 / sum(weights[i] ** 2 for i in ids)
    interval = wilson(share * worth, worth)
    return TrendRow(batch, part, len(ids), len(found), weighted, share, interval)


def _parts(coco: CocoFile, ids: set[int], by: str) -> dict[str, list[int]]:
    """Value of the field to the ids of the annotations that have it."""
    images = {record["id"]: record for record in coco.section("images")}
    parts: dict[str, list[int]] = {}
    for identity, record in zip(coco.annotation_ids.tolist(), coco.records(), strict=True):
        if identity in ids:
            value = _value(record, images[record["image_id"]], by)
            if value is not None:
                parts.setdefault(str(value), []).append(identity)
    if ids and not parts:
        raise InputError(f"{coco.path.name}: no decided annotation, nor its image, has '{by}'")
    return dict(sorted(parts.items()))


def _value(record: dict[str, Any], image: dict[str, Any], by: str) -> Any:
    attributes = record.get("attributes")
    for place in (record, attributes if isinstance(attributes, dict) else {}, image):
        if place.get(by) is not None:
            return place[by]
    return None
