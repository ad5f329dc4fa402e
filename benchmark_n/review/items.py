"""The suspects that people look at, and the file that says which they are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec

from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import read_json
from benchmark_n.review.guideline import Section
from benchmark_n.tables.scores import Opinion

REVIEW = "review.json"
VERSION = 1


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
    category_by, mask_by
        What suggests the category and the mask; None where there is none.
    opinions
        What each of several models takes it for, or each of several detectors.
    words
        What was found, in the detectors' own words.
    """

    annotation_id: int
    image_id: int
    proposal: bool
    given: int | None
    suggested_category: int | None
    suggested_segmentation: dict[str, Any] | None
    flags: Annotated[tuple[Flag, ...], msgspec.Meta(min_length=1)]
    crop: str | None = None
    category_by: Flag | None = None
    mask_by: Flag | None = None
    opinions: tuple[Opinion, ...] = ()
    words: tuple[str, ...] = ()


class ReviewedFile(msgspec.Struct, frozen=True):
    """The annotation file under review: where it lay when it was exported, and its SHA-256.

    The path is relative to the review's folder: who gets a review learns nothing of the machine.
    Where the two have no folder in common it is the file's name alone.
    """

    path: str
    sha256: str


class Run(msgspec.Struct, frozen=True):
    """What said which annotations are suspect: a detector's scores file, and its SHA-256.

    The path is as that of `ReviewedFile`.
    """

    detector: str
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
    runs
        Where the suspects come from; none in reviews of earlier versions.
    sections
        Of the guideline, where it is a file.
    """

    annotations: ReviewedFile
    guideline: str
    labels: dict[int, str]
    items: tuple[Item, ...]
    version: int = VERSION
    runs: tuple[Run, ...] = ()
    sections: tuple[Section, ...] = ()


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
    if not path.is_file():
        raise InputError(f"{folder}: not a review: {REVIEW} is missing")
    review = read_json(path, "review", Review)
    if review.version != VERSION:
        raise InputError(f"{path}: version {review.version}, expected {VERSION}")
    for item in review.items:
        if item.proposal and None in (item.suggested_category, item.suggested_segmentation):
            raise InputError(
                f"{path}: item {item.annotation_id} is a proposal and lacks its mask or its "
                "category, expected both"
            )
    return review
