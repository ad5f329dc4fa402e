"""Known errors among the items: what a noise recipe makes of annotations that nobody flagged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

from benchmark_n.coco import CocoFile, Image
from benchmark_n.coco.annotation_masks import has_mask, read_mask
from benchmark_n.coco.records import split_record
from benchmark_n.errors import InputError
from benchmark_n.masks import rle_record
from benchmark_n.noise.chunks import chunks
from benchmark_n.noise.engine import Engine
from benchmark_n.noise.plan import Decisions, decide, resolve
from benchmark_n.noise.recipe import Recipe
from benchmark_n.review.items import Flag, Item
from benchmark_n.review.private import Planted
from benchmark_n.runtime.random_streams import Stream, hashes

# A planted mask has to be wrong to everybody: a closer one is left out, neither right nor wrong.
PLANTED_IOU = 0.75
_DILATION_RATIO = 0.02  # of the boundary that the engine measures, and nobody here reads
_BATCH = 32
_FLAG = Flag("planted", "any", 0.0, False)


def plant(
    coco: CocoFile,
    candidates: Sequence[int],
    recipe: Recipe,
    count: int,
    seed: int,
    *,
    proposals: bool = True,
) -> tuple[list[Planted], list[Item]]:
    """`count` errors, and as many decoys, each of an annotation of its own.

    An error shows what the recipe makes of an annotation, and suggests what it is; where the recipe
    deletes it, it is shown as a proposal. A decoy shows the annotation, and suggests the error.

    Parameters
    ----------
    candidates
        Ids of annotations that are probably right.
    proposals
        Whether there are proposals among the suspects: otherwise one would be known as planted.

    Raises
    ------
    InputError
        Too few errors come of the recipe.
    """
    planted: list[Planted] = []
    items: list[Item] = []
    free = -1  # proposals are numbered anew once their order is drawn
    wanted = {False: count, True: count}
    for error in _errors(coco, candidates, recipe, seed):
        missing = "missing" in error.kinds
        decoy = bool(Stream(seed, "review", error.source_id).hash("decoy") & 1)
        if not wanted[decoy] or (missing and (decoy or not proposals)):
            continue
        wanted[decoy] -= 1
        identity = error.source_id
        if missing:
            identity, free = free, free - 1
        one = msgspec.structs.replace(error, annotation_id=identity, decoy=decoy)
        items.append(_item(one, coco))
        planted.append(msgspec.structs.replace(one, record=None) if decoy else one)
        if not any(wanted.values()):
            return planted, items
    made = count - wanted[False], count - wanted[True]
    raise InputError(
        f"{coco.path.name}: recipe {recipe.name} makes {made[0]} errors and {made[1]} decoys of "
        f"{len(candidates)} annotations that are neither listed nor flagged, expected {count} of "
        "each (`plant`)"
    )


def _errors(
    coco: CocoFile, candidates: Sequence[int], recipe: Recipe, seed: int
) -> Iterator[Planted]:
    """The errors that the recipe makes of the candidates, in an order that is drawn."""
    # An event is of several annotations: what it draws is no error of one of them.
    alone = tuple(noise for noise in recipe.noises if noise.kind != "event")
    recipe = resolve(replace(recipe, noises=alone), coco)
    decisions = decide(recipe, coco, seed)
    engine = Engine(recipe.noises, seed, coco.path.name, _DILATION_RATIO)
    place = {identity: i for i, identity in enumerate(coco.annotation_ids.tolist())}
    ids = np.array(candidates, np.int64)
    order = ids[np.argsort(hashes(seed, "review.plant", ids), kind="stable")].tolist()
    rows = [place[i] for i in order if _masked(coco, place[i])]
    for start in range(0, len(rows), _BATCH):
        batch = np.array(rows[start : start + _BATCH], np.intp)
        part = coco.take(batch)
        work = chunks(recipe, part, _taken(decisions, batch), part.annotation_ids, _BATCH)
        for chunk in work:
            records, columns = engine(chunk)
            noisy = {record["id"]: record for record in map(msgspec.json.decode, records)}
            for i, identity in enumerate(chunk.annotation_ids):
                error = _error(identity, {name: column[i] for name, column in columns.items()})
                if error is not None:
                    yield msgspec.structs.replace(error, record=noisy.get(identity))


def _masked(coco: CocoFile, index: int) -> bool:
    return has_mask(split_record(coco.annotations[index]).get("segmentation"))


def _taken(decisions: Decisions, rows: Any) -> Decisions:
    """The decisions on some annotations, in their order."""
    reasons = {i: decisions.category_reasons.get(int(row)) for i, row in enumerate(rows)}
    return replace(
        decisions,
        drawn={name: column[rows] for name, column in decisions.drawn.items()},
        noisy_category_ids=decisions.noisy_category_ids[rows],
        category_reasons={i: reason for i, reason in reasons.items() if reason is not None},
        deleted=decisions.deleted[rows],
    )


def _error(identity: int, row: dict[str, Any]) -> Planted | None:
    """The error in a row of a manifest; None where it is too small to be one."""
    if row["deleted"]:
        return Planted(identity, identity, False, ("missing",), None, None, None)
    category = row["noisy_category_id"] if row["noisy_category_id"] != row["category_id"] else None
    kinds: tuple[str, ...] = ("class",) if category is not None else ()
    if row["iou"] < PLANTED_IOU and row["noisy_area"]:
        kinds += ("spatial",)
    elif row["iou"] < PLANTED_IOU or not kinds:
        return None
    return Planted(identity, identity, False, kinds, category, None, float(row["iou"]))


def _item(planted: Planted, coco: CocoFile) -> Item:
    """What is shown of a planted error or decoy."""
    index = int(np.flatnonzero(coco.annotation_ids == planted.source_id)[0])
    image = coco.images[int(coco.image_ids[index])]
    right, wrong = int(coco.category_ids[index]), planted.category_id
    proposal = "missing" in planted.kinds
    if planted.decoy:
        given: int | None = right
        category, record = wrong, msgspec.json.encode(planted.record)
    else:
        given = None if proposal else right if wrong is None else wrong
        category = right if proposal or wrong is not None else None
        record = bytes(coco.annotations[index])
    masked = proposal or "spatial" in planted.kinds
    mask = _rle(record, image) if masked else None
    flag = _FLAG
    return Item(
        planted.annotation_id,
        image.id,
        proposal,
        given,
        category,
        mask,
        (flag,),
        None,
        None if category is None else flag,
        None if mask is None else flag,
    )


def _rle(record: bytes, image: Image) -> dict[str, Any]:
    rle = read_mask(split_record(record), image.height, image.width)
    return rle_record(rle)
