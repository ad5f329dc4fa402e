"""The suspects that people look at, and the file that says which they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from benchmark_n.coco import Category, CocoFile
from benchmark_n.errors import InputError
from benchmark_n.masks import crop_to_rle
from benchmark_n.report.gallery import suggested_mask, worst

REVIEW = "review.json"
VERSION = 1
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Flag(msgspec.Struct, frozen=True):
    """What one detector says: `flagged` is its own threshold's verdict on `score`, 0 to 1."""

    detector: str
    kind: str
    score: float
    flagged: bool


class Item(msgspec.Struct, frozen=True):
    """One suspect.

    Parameters
    ----------
    annotation_id
        Id in the annotation file; of a proposal, the id that it gets if it is accepted.
    proposal
        A missing instance: nothing is given.
    given, suggested_category
        Category ids, or None.
    suggested_segmentation
        RLE ``{"size": [h, w], "counts": "…"}``, or None.
    flags
        The most suspect first.
    crop
        Picture of it in the review's folder, or None where there are no images.
    """

    annotation_id: int
    image_id: int
    proposal: bool
    given: int | None
    suggested_category: int | None
    suggested_segmentation: dict[str, Any] | None
    flags: tuple[Flag, ...]
    crop: str | None = None


class Source(msgspec.Struct, frozen=True):
    """The annotation file under review: where it lay when it was exported, and its SHA-256."""

    path: str
    sha256: str


class Review(msgspec.Struct, frozen=True):
    """All items of a review, the most suspect first.

    Parameters
    ----------
    labels
        Category id to the name that the tools show, each name once.
    guideline
        Version or address of the annotation guideline that the reviewers follow.
    """

    annotations: Source
    guideline: str
    labels: dict[int, str]
    items: tuple[Item, ...]
    version: int = VERSION


def choose_items(coco: CocoFile, scores: Mapping[str, Any], top: int) -> tuple[Item, ...]:
    """The `top` annotations and proposals of highest score, one item each.

    Parameters
    ----------
    scores
        Detector to its scores table. Of several detectors the most suspect come in turns, since
        their scores are of different scales.

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
    for detector, row in _flagged(scores, [i for i in chosen if i in place]):
        first = chosen[row["annotation_id"]][0]
        if (detector, row["kind"]) != (first[0], first[1]["kind"]):
            chosen[row["annotation_id"]].append((detector, row))
    return tuple(_item(i, rows, place.get(i), coco) for i, rows in chosen.items())


def _in_turns(scores: Mapping[str, Any], top: int) -> Iterator[tuple[str, dict[str, Any]]]:
    # An annotation has at most two rows, class and spatial: these hold `top` different ones.
    ranked = [[(name, row) for row in worst(table, 2 * top)] for name, table in scores.items()]
    for turn in zip_longest(*ranked):
        yield from (entry for entry in turn if entry is not None)


def _flagged(scores: Mapping[str, Any], ids: list[int]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All flagged rows of these annotations."""
    wanted = pa.array(ids, pa.int64())
    for name, table in scores.items():
        rows = table.filter(
            pc.and_(table["flagged"], pc.is_in(table["annotation_id"], value_set=wanted))
        )
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


def _item(
    identity: int, rows: list[tuple[str, dict[str, Any]]], index: int | None, coco: CocoFile
) -> Item:
    image = coco.images[rows[0][1]["image_id"]]
    given = None if index is None else int(coco.category_ids[index])
    categories = (row["suggested_category"] for _, row in rows)
    masks = (
        suggested_mask(row["suggested_segmentation"], image.height, image.width) for _, row in rows
    )
    mask = next((mask for mask in masks if mask is not None and mask.area), None)
    rle = None if mask is None else crop_to_rle(mask)
    category = next((c for c in categories if c in coco.categories and c != given), None)
    if index is None and (rle is None or category is None):
        raise InputError(
            f"scores of {rows[0][0]}: a missing instance of image {image.id} lacks its mask or its "
            "category, expected both"
        )
    return Item(
        annotation_id=identity,
        image_id=image.id,
        proposal=index is None,
        given=given,
        suggested_category=category,
        suggested_segmentation=rle and {"size": rle["size"], "counts": rle["counts"].decode()},
        flags=tuple(Flag(name, row["kind"], row["score"], row["flagged"]) for name, row in rows),
    )


def category_labels(categories: Mapping[int, Category]) -> dict[int, str]:
    """Category id to a name that no other category has; control characters become spaces.

    >>> category_labels({1: Category(1, "cat"), 2: Category(2, "cat"), 3: Category(3, "")})
    {1: 'cat (1)', 2: 'cat (2)', 3: '3'}
    """
    names = {i: _CONTROL.sub(" ", c.name).strip() or str(i) for i, c in categories.items()}
    counts = Counter(names.values())
    return {i: name if counts[name] == 1 else f"{name} ({i})" for i, name in names.items()}


def write_review(review: Review, folder: Path) -> None:
    """Write ``review.json``."""
    text = msgspec.json.format(msgspec.json.encode(review), indent=1)
    (folder / REVIEW).write_bytes(text + b"\n")


def read_review(folder: Path | str) -> Review:
    """Read ``review.json`` of a review's folder.

    Raises
    ------
    InputError
        There is none, or it is damaged.
    """
    path = Path(folder) / REVIEW
    try:
        review = msgspec.json.decode(path.read_bytes(), type=Review)
    except OSError:
        raise InputError(f"{folder}: not a review: {REVIEW} is missing") from None
    except msgspec.DecodeError as error:
        raise InputError(f"{path}: {error}") from None
    if review.version != VERSION:
        raise InputError(f"{path}: version {review.version}, expected {VERSION}")
    return review
