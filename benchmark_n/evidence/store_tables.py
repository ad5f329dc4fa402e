"""Masks and instances of evidence as Parquet tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmark_n.evidence.instance_set import InstanceSet
from benchmark_n.files.parquet import read_parquet
from benchmark_n.masks import Rle


def rle_columns(masks: tuple[Rle, ...]) -> dict[str, Any]:
    """Masks as columns ``height``, ``width`` and ``counts``."""
    return {
        "height": [mask["size"][0] for mask in masks],
        "width": [mask["size"][1] for mask in masks],
        "counts": pa.array([mask["counts"].decode() for mask in masks], pa.string()),
    }


def rles(table: Any) -> tuple[Rle, ...]:
    """The masks in the columns of `rle_columns`."""
    columns = (table[name].to_pylist() for name in ("height", "width", "counts"))
    return tuple(
        {"size": [height, width], "counts": counts.encode()}
        for height, width, counts in zip(*columns, strict=True)
    )


def instance_table(instances: InstanceSet) -> Any:
    """A row for each instance."""
    return pa.table(
        {
            "image_id": instances.image_ids,
            "label": instances.labels,
            "score": instances.scores,
            **{name: instances.boxes[:, i] for i, name in enumerate("xywh")},
            **rle_columns(instances.masks),
            "annotator": instances.annotators,
        }
    )


def read_instances(path: Path) -> InstanceSet | None:
    """The instances in a file of `instance_table`; None where there is no file."""
    if not path.is_file():
        return None
    table = read_parquet(path)
    boxes = np.stack([table[name].to_numpy() for name in "xywh"], axis=1)
    return InstanceSet(
        image_ids=table["image_id"].to_numpy(),
        labels=table["label"].to_numpy(),
        scores=table["score"].to_numpy(),
        boxes=boxes,
        masks=rles(table),
        annotators=table["annotator"].to_numpy(),
    )
