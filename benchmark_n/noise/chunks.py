"""A file and what was decided for it, cut into chunks: the work of one worker at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.masks import Rle
from benchmark_n.noise.base import DrawnNoise
from benchmark_n.noise.events import Added
from benchmark_n.noise.plan import Decisions
from benchmark_n.noise.recipe import Recipe
from benchmark_n.tables.manifest_schema import SOURCE


@dataclass(frozen=True)
class Chunk:
    """Consecutive annotations on their way to a worker; all sequences have the same length.

    `sizes` holds (height, width) px of each record's image, `drawn` one column a noise of masks or
    boxes; `published_ids` are those that the noisy records get in place of their own. An added
    annotation has the record and the draws of its model. `starts` holds what was drawn in place of
    the clean mask, None where that was; `applied` and `reasons` are of deletions and events.
    """

    records: list[bytes]
    annotation_ids: list[int]
    published_ids: list[int]
    image_ids: list[int]
    sizes: list[tuple[int, int]]
    category_ids: list[int]
    noisy_category_ids: list[int]
    category_reasons: list[str | None]
    crowd: list[bool]
    deleted: list[bool]
    drawn: list[list[bool]]
    origins: list[str]
    source_ids: list[list[int]]
    starts: list[Rle | None]
    applied: dict[str, list[bool]]
    reasons: dict[str, list[str | None]]

    def part(self, places: Sequence[int]) -> Chunk:
        """The annotations at these places alone."""

        def at(values: Any) -> Any:
            if isinstance(values, dict):
                return {name: at(column) for name, column in values.items()}
            return [values[place] for place in places]

        others = [one.name for one in fields(self) if one.name != "drawn"]
        columns = {name: at(getattr(self, name)) for name in others}
        return Chunk(drawn=[at(column) for column in self.drawn], **columns)


def chunks(
    recipe: Recipe,
    coco: CocoFile,
    decisions: Decisions,
    published_ids: NDArray[np.int64],
    size: int,
    *,
    start: int = 0,
    inside: NDArray[np.bool_] | None = None,
) -> Iterator[Chunk]:
    """Cut the file from annotation `start` on into chunks of `size`, in the file's order.

    `published_ids`, int64 (N + A,), are those of all annotations of the file, and of the A that
    were added; where there are any, all come in the order of these ids. `inside`, bool (N,), leaves
    out all that has no record or model there.
    """
    added = decisions.events.added
    rows = np.arange(len(coco))
    if added:
        rows = np.concatenate([rows, np.array([one.model for one in added], np.intp)])
    order = np.argsort(published_ids) if added else rows
    if inside is not None:
        order = order[inside[rows[order]]]
    for first in range(start, len(order), size):
        places = order[first : first + size]
        yield _chunk(recipe, coco, decisions, published_ids, places, rows[places])


def _chunk(
    recipe: Recipe,
    coco: CocoFile,
    decisions: Decisions,
    published_ids: NDArray[np.int64],
    places: NDArray[np.intp],
    rows: NDArray[np.intp],
) -> Chunk:
    """The annotations at `places` among all, which have their records and draws from `rows`."""
    events, count = decisions.events, len(coco)
    image_ids = coco.image_ids[rows].tolist()
    ids = coco.annotation_ids[rows].tolist()
    added = [None if place < count else events.added[place - count] for place in places.tolist()]
    own = np.array([one is None for one in added], np.bool_)
    listed = rows.tolist()
    return Chunk(
        records=[bytes(coco.annotations[row]) for row in listed],
        annotation_ids=ids,
        published_ids=published_ids[places].tolist(),
        image_ids=image_ids,
        sizes=[(coco.images[i].height, coco.images[i].width) for i in image_ids],
        category_ids=coco.category_ids[rows].tolist(),
        noisy_category_ids=decisions.noisy_category_ids[rows].tolist(),
        category_reasons=[decisions.category_reasons.get(row) for row in listed],
        crowd=coco.crowd[rows].tolist(),
        deleted=(decisions.deleted[rows] & own).tolist(),
        drawn=[
            decisions.drawn[noise.name][rows].tolist()
            for noise in recipe.noises
            if isinstance(noise, DrawnNoise)
        ],
        origins=[SOURCE if one is None else one.origin for one in added],
        source_ids=[
            [i] if one is None else list(one.source_ids) for i, one in zip(ids, added, strict=True)
        ],
        starts=[
            events.drawn.get(row) if one is None else one.mask
            for row, one in zip(listed, added, strict=True)
        ],
        **_outcomes(recipe, decisions, listed, added),
    )


def _outcomes(
    recipe: Recipe,
    decisions: Decisions,
    rows: Sequence[int],
    added: Sequence[Added | None],
) -> dict[str, dict[str, list[Any]]]:
    """What `Chunk` holds of deletions and events."""
    applied, reasons = {}, {}
    events = decisions.events
    pairs = list(zip(rows, added, strict=True))
    for noise in recipe.noises:
        if noise.kind == "deletion":
            struck = decisions.drawn[noise.name]
            applied[noise.name] = [one is None and bool(struck[row]) for row, one in pairs]
        elif noise.kind == "event":
            places, failed = events.applied[noise.name], events.reasons[noise.name]
            applied[noise.name] = [
                row in places if one is None else one.event == noise.name for row, one in pairs
            ]
            reasons[noise.name] = [failed.get(row) if one is None else None for row, one in pairs]
    return {"applied": applied, "reasons": reasons}
