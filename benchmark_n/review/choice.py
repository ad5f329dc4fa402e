"""Choose the suspects out of the scores of one detector or of several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from benchmark_n.coco import CocoFile
from benchmark_n.errors import InputError
from benchmark_n.report.gallery import worst
from benchmark_n.review.items import Item
from benchmark_n.review.suggestions import flag_of, suggestions
from benchmark_n.tables.scores import WORDS


def choose_items(coco: CocoFile, scores: Mapping[str, Any], top: int) -> tuple[Item, ...]:
    """The `top` annotations and proposals of highest score, one item each.

    Parameters
    ----------
    scores
        Detector to its scores table, whose rows of kind ``any`` give the order where there are
        some. Of several detectors the most suspect come in turns, since their scores are of
        different scales.

    Raises
    ------
    InputError
        Scores of other annotations, or none of kind ``class``, ``spatial`` or ``missing``.
    """
    place = {identity: i for i, identity in enumerate(coco.annotation_ids.tolist())}
    free = max(place, default=0) + 1
    chosen: dict[int, list[tuple[str, dict[str, Any]]]] = {}
    for detector, row in _in_turns(scores, top):
        _check_row(detector, row, place, coco)
        identity = row["annotation_id"]
        if identity is None:
            identity, free = free, free + 1
        if len(chosen) < top and identity not in chosen:
            chosen[identity] = [(detector, row)]
    if not chosen:
        raise InputError(f"{', '.join(scores)}: no scores of kind class, spatial or missing")
    for detector, row in rows_of(scores, [i for i in chosen if i in place], only_flagged=True):
        first = chosen[row["annotation_id"]][0]
        if (detector, row["kind"]) != (first[0], first[1]["kind"]):
            chosen[row["annotation_id"]].append((detector, row))
    return tuple(make_item(i, rows, place.get(i), coco) for i, rows in chosen.items())


def _in_turns(scores: Mapping[str, Any], top: int) -> Iterator[tuple[str, dict[str, Any]]]:
    # An annotation has a row a kind at most, three of class, spatial and spurious: these hold
    # `top` different ones.
    most = 3 * top
    ranked = [
        [(name, row) for row in worst(table, most, wholes=True)] for name, table in scores.items()
    ]
    for turn in zip_longest(*ranked):
        yield from (entry for entry in turn if entry is not None)


def rows_of(
    scores: Mapping[str, Any], ids: list[int], *, only_flagged: bool = False
) -> Iterator[tuple[str, dict[str, Any]]]:
    """All rows, or all flagged ones, of these annotations; of each detector the highest first."""
    wanted = pa.array(ids, pa.int64())
    for name, table in scores.items():
        chosen = pc.is_in(table["annotation_id"], value_set=wanted)
        rows = table.filter(pc.and_(table["flagged"], chosen) if only_flagged else chosen)
        yield from ((name, row) for row in worst(rows, len(rows)))


def _check_row(
    detector: str, row: dict[str, Any], place: Mapping[int, int], coco: CocoFile
) -> None:
    identity, image_id = row["annotation_id"], row["image_id"]
    known = image_id in coco.images
    if identity is not None:
        known = identity in place and int(coco.image_ids[place[identity]]) == image_id
    if not known:
        raise InputError(
            f"scores of {detector}: annotation {identity} of image {image_id} is not in "
            f"{coco.path.name}: they are of other annotations"
        )


def make_item(
    identity: int, rows: list[tuple[str, dict[str, Any]]], index: int | None, coco: CocoFile
) -> Item:
    """The item of an annotation, or without `index` of a proposal, with what its rows suggest."""
    image = coco.images[rows[0][1]["image_id"]]
    given = None if index is None else int(coco.category_ids[index])
    category, mask = suggestions(rows, given, image, coco.categories)
    if index is None and (category is None or mask is None):
        raise InputError(
            f"scores of {rows[0][0]}: a missing instance of image {image.id} lacks its mask or its "
            "category, expected both"
        )
    return Item(
        annotation_id=identity,
        image_id=image.id,
        proposal=index is None,
        given=given,
        suggested_category=None if category is None else category[0],
        suggested_segmentation=None if mask is None else mask[0],
        flags=tuple(flag_of(row) for row in rows),
        category_by=None if category is None else category[1],
        mask_by=None if mask is None else mask[1],
        words=tuple(dict.fromkeys(said for _, row in rows for said in row.get(WORDS) or ())),
    )
