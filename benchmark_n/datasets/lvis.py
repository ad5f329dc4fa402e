"""LVIS v1 and v0.5 (Gupta, Dollár, Girshick, CVPR 2019), on COCO's images."""

from __future__ import annotations

from benchmark_n.datasets.base import Dataset, Request, Source, find_file

_SPLITS = {
    "train": "lvis_v1_train.json",
    "val": "lvis_v1_val.json",
    "train-v0.5": "lvis_v0.5_train.json",
    "val-v0.5": "lvis_v0.5_val.json",
}


def open_lvis(request: Request) -> Source:
    """``lvis_v1_<split>.json`` under the root or its folder ``annotations``."""
    name = _SPLITS[request.split]
    names = [f"{folder}{name}" for folder in ("", "annotations/")]
    advice = f"unpack {name}.zip of lvisdataset.org there"
    annotations = find_file(request.root, names, "lvis", advice)
    validation = annotations.with_name(name.replace("train", "val"))
    return Source(annotations, request.root, validation if validation.is_file() else None)


LVIS = Dataset("lvis", "LVIS-N", tuple(_SPLITS), open_lvis)
