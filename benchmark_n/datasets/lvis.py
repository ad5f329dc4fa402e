"""LVIS v1 and v0.5 (Gupta, Dollár, Girshick, CVPR 2019), on COCO's images."""

from __future__ import annotations

from pathlib import Path

from benchmark_n.datasets import terms
from benchmark_n.datasets.base import Archive, Dataset
from benchmark_n.datasets.find import find_file
from benchmark_n.datasets.request import Request, Source
from benchmark_n.runtime.commands import command_line, option

_FILES = {
    "train": "lvis_v1_train.json",
    "val": "lvis_v1_val.json",
    "train-v0.5": "lvis_v0.5_train.json",
    "val-v0.5": "lvis_v0.5_val.json",
}
_URL = "https://dl.fbaipublicfiles.com/LVIS/{name}.zip"
_CHECKSUMS = {
    "val": "sha256:2bf946b92c3037f53c172d80017f5b74ea035f00a21b20e0766b3b638b2363f9",
}


def locate(root: Path, split: str) -> Path:
    """The annotation file of a split."""
    name = _FILES[split]
    advice = f"{command_line('fetch', 'lvis', split=split)} downloads it"
    return find_file(root, [name, f"annotations/{name}"], "lvis", advice)


def open_lvis(request: Request) -> Source:
    """``lvis_v1_<split>.json`` under the root or its folder ``annotations``."""
    annotations = locate(request.root, request.split)
    validation = annotations.with_name(annotations.name.replace("train", "val"))
    return Source(
        annotations,
        request.root,
        validation if validation.is_file() else None,
        val_images=request.root,
    )


LVIS = Dataset(
    "lvis",
    "LVIS-N",
    tuple(_FILES),
    open_lvis,
    locate,
    size="v1: train 100,170 images, val 19,809; 1,270,141 and 244,707 annotations",
    licence="annotations CC BY 4.0; images: Flickr terms, image by image (they are COCO's)",
    redistribution="annotations yes, with attribution; images no",
    terms=terms.LVIS,
    homepage="www.lvisdataset.org",
    steps=(
        "benchmark-n fetch lvis downloads the annotations of v1 (350 and 64 MB)",
        f"images, where wanted: those of COCO 2017, train2017/ and val2017/ in {option('root')}",
    ),
    archives={
        split: Archive(_URL.format(name=name), (name,), _CHECKSUMS.get(split))
        for split, name in _FILES.items()
    },
)
