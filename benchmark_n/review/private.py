"""What reviewers may not know of a review: which items are planted, which of the audit sample.

``private/sample.json`` stays with whoever made the review. What the reviewers get says the same of
every item: no score, no detector, and an order that is drawn.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.coco import CocoFile
from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import read_json
from benchmark_n.review.items import Flag, Item

FOLDER, FILE = "private", "sample.json"
VERSION = 1
# What stands for each item's detector; its scores are private.
HIDDEN = "hidden"


class Planted(msgspec.Struct, frozen=True):
    """An item whose right answer is known.

    Parameters
    ----------
    annotation_id
        The item's.
    source_id
        The annotation's that it was made from; it stays as it is, whatever is decided.
    decoy
        The annotation is shown as it is, with an error as the suggestion; otherwise the error is
        shown, with what the annotation is as the suggestion.
    kinds
        ``class``, ``spatial`` or both, or ``missing``: the annotation is shown as a proposal.
    category_id
        The wrong category; None where the category is right.
    record
        The annotation as it is shown, where it is not shown as it is.
    iou
        Of the wrong mask with the annotation's.
    """

    annotation_id: int
    source_id: int
    decoy: bool
    kinds: tuple[str, ...]
    category_id: int | None
    record: dict[str, Any] | None
    iou: float | None


class Private(msgspec.Struct, frozen=True):
    """The private part of a review.

    Parameters
    ----------
    seed
        Of everything that was drawn.
    flags
        Item to what the detectors said of it.
    sampled
        Annotation of the audit sample to its stratum.
    strata
        Number of annotations in each stratum; the first is what comes next in the list.
    recipe
        Of the planted errors; empty without.
    """

    seed: int
    flags: dict[int, tuple[Flag, ...]]
    sampled: dict[int, int] = {}
    strata: tuple[int, ...] = ()
    planted: tuple[Planted, ...] = ()
    recipe: str = ""
    version: int = VERSION

    @property
    def planted_ids(self) -> frozenset[int]:
        """The items of known answers."""
        return frozenset(one.annotation_id for one in self.planted)

    def is_listed(self, item: Item) -> bool:
        """Whether an item is of the list of suspects."""
        return item.annotation_id not in self.sampled and item.annotation_id not in self.planted_ids


def write_private(private: Private, folder: Path) -> None:
    """Write ``private/sample.json`` of a review's folder."""
    (folder / FOLDER).mkdir()
    text = msgspec.json.format(msgspec.json.encode(private), indent=1)
    (folder / FOLDER / FILE).write_bytes(text + b"\n")


def read_private(folder: Path | str, items: Collection[Item]) -> Private:
    """The private part of a review; one without a sample has none, and its items say it all.

    Raises
    ------
    InputError
        The items hide what they are, and the file is not there, or it is damaged.
    """
    path = Path(folder) / FOLDER / FILE
    if not path.is_file():
        if any(map(is_hidden, items)):
            raise InputError(
                f"{path}: is missing: without it nobody knows which errors are planted"
            )
        return Private(0, {item.annotation_id: item.flags for item in items})
    private = read_json(path, "private part of a review", Private)
    if private.version != VERSION:
        raise InputError(f"{path}: version {private.version}, expected {VERSION}")
    return private


def is_hidden(item: Item) -> bool:
    """Whether nobody may know what the detectors said of an item."""
    return item.flags[0].detector == HIDDEN


def hidden(item: Item) -> Item:
    """The item without what would tell a suspect from a sampled annotation or a planted error."""
    kind = "missing" if item.proposal else "any"
    if not item.proposal and item.suggested_category is not None:
        kind = "class"
    elif not item.proposal and item.suggested_segmentation is not None:
        kind = "spatial"
    flag = Flag(HIDDEN, kind, 0.0, False)
    return msgspec.structs.replace(
        item,
        flags=(flag,),
        category_by=None if item.suggested_category is None else flag,
        mask_by=None if item.suggested_segmentation is None else flag,
        opinions=(),
        words=(),
    )


def as_shown(coco: CocoFile, private: Private) -> CocoFile:
    """The annotations as reviewers see them: with the planted errors."""
    records = {p.source_id: p for p in private.planted if p.record is not None}
    if not records:
        return coco
    annotations, categories = list(coco.annotations), coco.category_ids.copy()
    for index, identity in enumerate(coco.annotation_ids.tolist()):
        planted = records.get(identity)
        if planted is not None:
            annotations[index] = msgspec.json.encode(planted.record)
            if planted.category_id is not None:
                categories[index] = planted.category_id
    return replace(coco, annotations=annotations, category_ids=categories)
