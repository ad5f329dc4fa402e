"""What several models, or several detectors, take each suspect for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from benchmark_n.review.items import Item
from benchmark_n.tables.scores import OPINIONS, Opinion


def with_opinions(items: Sequence[Item], scores: Mapping[str, Any]) -> tuple[Item, ...]:
    """The items with what is told of their categories.

    Where a detector says what the models behind it take the annotation for, it is these; else of
    several detectors each one's suggestion, the given category where it suggests none.

    Parameters
    ----------
    scores
        Detector to its scores table.
    """
    given = {item.annotation_id: item.given for item in items if not item.proposal}
    of_models: dict[int, dict[str, int]] = {}
    of_detectors: dict[int, dict[str, int]] = {}
    for detector, table in scores.items():
        for row in _class_rows(table, list(given)):
            identity = row["annotation_id"]
            for one in row.get(OPINIONS) or ():
                of_models.setdefault(identity, {}).setdefault(one["model"], one["category"])
            suggested = row["suggested_category"]
            category = given[identity] if suggested is None else suggested
            if category is not None:
                of_detectors.setdefault(identity, {})[detector] = category
    return tuple(
        msgspec.structs.replace(
            item, opinions=_listed(of_models, item) or _listed(of_detectors, item)
        )
        for item in items
    )


def _listed(found: Mapping[int, Mapping[str, int]], item: Item) -> tuple[Opinion, ...]:
    """What is told of the item; of one alone nothing: it says what is suggested anyway."""
    said = found.get(item.annotation_id, {})
    if len(said) < 2:
        return ()
    return tuple(Opinion(model=model, category=category) for model, category in said.items())


def _class_rows(table: Any, ids: Sequence[int]) -> list[dict[str, Any]]:
    wanted = pc.is_in(table["annotation_id"], value_set=pa.array(ids, pa.int64()))
    rows: list[dict[str, Any]] = table.filter(
        pc.and_(wanted, pc.equal(table["kind"], "class"))
    ).to_pylist()
    return rows
