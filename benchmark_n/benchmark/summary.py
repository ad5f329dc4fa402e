"""Counts that tell what a benchmark is like, read from its manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmark_n.coco import Category
from benchmark_n.coco.annotation_masks import SIZES, size_bucket
from benchmark_n.coco.labels import category_labels
from benchmark_n.tables.arrow_columns import to_arrow, to_numpy, to_scalar
from benchmark_n.tables.manifest_schema import BOX, MASK, MERGED, ORIGINS, SOURCE, SPLIT, SPURIOUS

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_COLUMNS = (
    "origin",
    "crowd",
    "deleted",
    "category_id",
    "noisy_category_id",
    "area",
    "noisy_area",
    "size",
    "iou",
    "boundary_iou",
)


def summarise(manifest: Path, categories: Mapping[int, Category]) -> dict[str, Any]:
    """Counts per noise and size, IoU quantiles and class confusions of a manifest file.

    Of a file in which annotations have no mask: ``boxes`` and ``changed_boxes`` besides.
    """
    names = pq.read_schema(manifest).names
    noises = [name.removesuffix("_applied") for name in names if name.endswith("_applied")]
    outcomes = [f"{noise}_{what}" for noise in noises for what in ("applied", "reason")]
    words = ["origin", "size", *(name for name in outcomes if name.endswith("_reason"))]
    boxed = ["measured_on"] if "measured_on" in names else []
    # `pyarrow.parquet.read_table` imports datasets, and with these pandas.
    with pq.ParquetFile(manifest, read_dictionary=[*words, *boxed]) as file:
        table = file.read([*_COLUMNS, *boxed, *outcomes])
    origins = _by_origin(table)
    clean = origins[SOURCE]
    instances = clean.filter(pc.invert(clean["crowd"]))
    boxes = instances.filter(pc.equal(instances["measured_on"], to_scalar(BOX))) if boxed else None
    masks = (
        instances.filter(pc.equal(instances["measured_on"], to_scalar(MASK)))
        if boxed
        else instances
    )
    of_boxes = {} if boxes is None else {"boxes": len(boxes), "changed_boxes": _changed(boxes)}
    return {
        "annotations": len(clean),
        **of_boxes,
        "instances": len(instances),
        "crowds": len(clean) - len(instances),
        **{origin: len(origins[origin]) for origin in (SPURIOUS, MERGED, SPLIT)},
        "deleted": _count(instances["deleted"]),
        "changed_masks": _changed(masks),
        "changed_categories": _count(_confused(instances)),
        "empty_clean_masks": _count(pc.equal(masks["area"], to_scalar(0))),
        "effective_class_rate": _class_rate(instances),
        "sizes": _by_size(instances),
        "noises": {noise: _noise_counts(instances, noise, origins[SPURIOUS]) for noise in noises},
        "iou": _quantiles(instances["iou"]),
        "boundary_iou": _quantiles(instances["boundary_iou"]),
        "class_confusion_matrix": _confusions(instances, categories),
    }


def _count(mask: Any) -> int:
    return int(pc.sum(mask).as_py() or 0)


def _changed(table: Any) -> int:
    return _count(pc.less(table["iou"], to_scalar(1.0)))


def _confused(table: Any) -> Any:
    return pc.not_equal(table["category_id"], table["noisy_category_id"])


def _class_rate(instances: Any) -> float | None:
    """Share of the surviving instances under another category."""
    surviving = len(instances) - _count(instances["deleted"])
    return _count(_confused(instances)) / surviving if surviving else None


def _by_origin(table: Any) -> dict[str, Any]:
    """Origin to its rows; of manifests before version 3 the source's are called clean."""
    given = pc.replace_substring_regex(table["origin"].cast("string"), "^clean$", SOURCE)
    return {origin: table.filter(pc.equal(given, to_scalar(origin))) for origin in ORIGINS}


def _by_size(table: Any) -> dict[str, int]:
    return {size: _count(pc.equal(table["size"], to_scalar(size))) for size in SIZES}


def _noise_counts(instances: Any, noise: str, copies: Any) -> dict[str, Any]:
    """How many of the source a noise was applied to, and in vain; of spurious, the copies."""
    struck = instances.filter(instances[f"{noise}_applied"])
    if noise == SPURIOUS:  # by their own size: no clean mask is theirs
        sizes = [size_bucket(area) for area in copies["noisy_area"].to_pylist()]
        struck = pa.table({"size": to_arrow(sizes, pa.string())})
    reasons = pc.value_counts(instances[f"{noise}_reason"].drop_null().cast("string"))
    return {
        "applied": len(struck),
        "rate": len(struck) / len(instances) if len(instances) else None,
        "by_size": _by_size(struck),
        "not_applied": {
            entry["values"]: entry["counts"]
            for entry in sorted(reasons.to_pylist(), key=lambda e: str(e["values"]))
        },
    }


def _quantiles(column: Any) -> dict[str, Any]:
    """Mean and quantiles over the instances that changed, whose value is below 1."""
    values = column.drop_null().combine_chunks()
    changed = to_numpy(values.filter(pc.less(values, to_scalar(1.0))))
    if not len(changed):
        return {"changed": 0}
    quantiles = np.quantile(changed, QUANTILES).tolist()
    return {
        "changed": len(changed),
        "mean": float(np.mean(changed)),
        "quantiles": {str(q): value for q, value in zip(QUANTILES, quantiles, strict=True)},
    }


def _confusions(instances: Any, categories: Mapping[int, Category]) -> list[dict[str, Any]]:
    """Nonzero entries of the class confusion matrix, the diagonal included."""
    surviving = instances.filter(pc.invert(instances["deleted"]))
    pairs = (to_numpy(surviving[key]).tolist() for key in ("category_id", "noisy_category_id"))
    counted = sorted(Counter(zip(*pairs, strict=True)).items())
    labels = category_labels(categories)
    return [
        {
            "category": labels[category],
            "category_id": category,
            "noisy_category": labels[noisy_category],
            "noisy_category_id": noisy_category,
            "count": count,
        }
        for (category, noisy_category), count in counted
    ]
