"""COCO 2014 and 2017 (Lin et al., ECCV 2014)."""

from __future__ import annotations

from pathlib import Path

from benchmark_n.datasets import terms
from benchmark_n.datasets.base import Archive, Dataset
from benchmark_n.datasets.find import find_file
from benchmark_n.datasets.request import Request, Source
from benchmark_n.runtime.commands import command_line, option

SPLITS = ("train2017", "val2017", "train2014", "val2014")
_URL = "http://images.cocodataset.org/annotations/annotations_trainval{year}.zip"
_CHECKSUMS = {
    "2014": "md5:0a379cfc70b0e71301e0f377548639bd",
    "2017": "md5:f4bbac642086de4f52a3fdda2de5fa2c",
}


def locate(root: Path, split: str) -> Path:
    """The annotation file of a split."""
    names = [f"{folder}instances_{split}.json" for folder in ("annotations/", "")]
    advice = f"{command_line('fetch', 'coco', split=split)} downloads it"
    return find_file(root, names, "coco", advice)


def open_coco(request: Request) -> Source:
    """``annotations/instances_<split>.json`` and the folder ``<split>`` under the root."""
    annotations = locate(request.root, request.split)
    images = request.root / request.split
    year = request.split[-4:]
    validation = annotations.with_name(f"instances_val{year}.json")
    val_images = request.root / f"val{year}"
    return Source(
        annotations,
        images if images.is_dir() else None,
        validation if validation.is_file() else None,
        val_images=val_images if val_images.is_dir() else None,
    )


def _archive(split: str) -> Archive:
    year = split[-4:]
    members = tuple(f"annotations/instances_{part}{year}.json" for part in ("train", "val"))
    return Archive(_URL.format(year=year), members, _CHECKSUMS[year])


COCO = Dataset(
    "coco",
    "COCO-N",
    SPLITS,
    open_coco,
    locate,
    size="2017: train 118,287 images, val 5,000; 860,001 and 36,781 annotations",
    licence="annotations CC BY 4.0; images: Flickr terms, image by image",
    redistribution="annotations yes, with attribution; images no",
    terms=terms.COCO,
    homepage="cocodataset.org",
    steps=(
        f"{command_line('fetch', 'coco', split='train2017')} downloads the annotations (241 MB)",
        "images, where wanted: train2017.zip, val2017.zip of cocodataset.org, unpacked in "
        f"{option('root')}",
    ),
    archives={split: _archive(split) for split in SPLITS},
)
