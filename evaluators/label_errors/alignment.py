"""Bring the rows of a scores table and of a manifest together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.coco import Category
from benchmark_n.coco.labels import category_labels
from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.tables.scores import add_any

_NOT_STATED = "(not stated)"


@dataclass(frozen=True)
class Given:
    """What a detector says of N annotations: scores float64 (N,), flags bool (N,)."""

    scores: NDArray[np.float64]
    flagged: NDArray[np.bool_]
    unscored: int


def check_same(scores: Any, manifest: Any, rows: Any) -> int:
    """Raise `InputError` if a score is of an annotation that the noisy file does not have.

    Returns
    -------
    int
        Number of scores of crowd annotations, which are not counted.
    """
    named = scores.filter(pc.is_valid(scores["annotation_id"]))
    ids = np.unique(named["annotation_id"].to_numpy())
    others = np.setdiff1d(ids, rows["annotation_id"].to_numpy())
    crowds = manifest.filter(manifest["crowd"])["annotation_id"].to_numpy()
    unknown = np.setdiff1d(others, crowds)
    if unknown.size:
        known = np.isin(unknown[0], manifest["annotation_id"].to_numpy())
        what = "is deleted from the noisy file" if known else "is not in the manifest"
        raise InputError(
            f"scores: annotation {unknown[0]} {what} ({unknown.size} such): "
            "expected scores of this benchmark's noisy annotations"
        )
    return int(others.size)


def kind_column(scores: Any, kind: str, annotation_ids: NDArray[np.int64]) -> Given | None:
    """The scores of one kind in the order of `annotation_ids`; None if the table has none.

    ``any`` is made of the other kinds where the table has no rows of it.
    """
    rows = scores.filter(pc.equal(scores["kind"], kind))
    if kind == "any" and not len(rows):
        scores = add_any(scores)
        rows = scores.filter(pc.equal(scores["kind"], kind))
    if not len(rows):
        return None
    order = np.argsort(annotation_ids)
    place = np.searchsorted(annotation_ids, rows["annotation_id"].to_numpy(), sorter=order)
    place = order[np.minimum(place, len(order) - 1)]
    same = annotation_ids[place] == rows["annotation_id"].to_numpy()
    values = np.zeros(len(annotation_ids))
    flags = np.zeros(len(annotation_ids), bool)
    values[place[same]] = rows["score"].to_numpy()[same]
    flags[place[same]] = rows["flagged"].to_numpy()[same]
    return Given(values, flags, len(annotation_ids) - int(same.sum()))


def group_codes(manifest: Any, rows: Any, column: str) -> tuple[NDArray[np.int64], int]:
    """Number of the group of each row, int64 (N,), and how many groups the manifest has."""
    require(manifest, column)
    values = pc.unique(manifest[column])
    codes = pc.index_in(rows[column], value_set=values)
    return np.asarray(codes.to_numpy(), np.int64), len(values)


def proposal_groups(proposals: Any, manifest: Any, column: str) -> tuple[NDArray[np.int64], int]:
    """Number of the group of each proposed instance, by its image, int64 (P,), and how many.

    Images without annotations are one more group, the last.
    """
    codes, count = group_codes(manifest, manifest, column)
    of_image = dict(zip(manifest["image_id"].to_pylist(), codes.tolist(), strict=True))
    images = proposals["image_id"].to_pylist()
    return np.array([of_image.get(image, count) for image in images], np.int64), count + 1


def parts_by(
    rows: Any, by: tuple[str, ...], categories: Mapping[int, Category] | None
) -> dict[str, dict[str, NDArray[np.bool_]]]:
    """Field to value to the rows that have it, bool (N,). ``noise`` is not one of them.

    Examples
    --------
    >>> import pyarrow as pa
    >>> parts_by(pa.table({"size": ["small", "large", "small"]}), ("size",), None)["size"]["small"]
    array([ True, False,  True])
    """
    parts = {}
    for name in by:
        if name != "noise":
            values = _labels(rows, name, categories)
            if values is not None:
                parts[name] = {str(v): values == v for v in sorted(set(values.tolist()))}
    return parts


def noise_flags(rows: Any) -> dict[str, NDArray[np.bool_]]:
    """Noise to the rows it was applied to, bool (N,)."""
    return {
        name.removesuffix("_applied"): np.asarray(pc.fill_null(rows[name], False).to_numpy(), bool)
        for name in rows.column_names
        if name.endswith("_applied")
    }


def require(table: Any, column: str) -> None:
    """Raise `InputError` unless the table has the column."""
    if column not in table.column_names:
        names = did_you_mean(column, table.column_names)
        raise InputError(f"no field '{column}' to group by: {names}")


def _labels(
    rows: Any, name: str, categories: Mapping[int, Category] | None
) -> NDArray[np.object_] | None:
    if name not in ("category", "supercategory"):
        require(rows, name)
        texts = [_NOT_STATED if v is None else str(v) for v in rows[name].to_pylist()]
        return np.array(texts, object)
    if name == "supercategory" and categories is None:
        return None
    ids = pc.coalesce(rows["noisy_category_id"], rows["category_id"]).to_pylist()
    known = categories or {}
    if name == "category":
        labels = category_labels(known)
        return np.array([labels.get(i, str(i)) for i in ids], object)
    return np.array([known[i].supercategory or _NOT_STATED for i in ids], object)
