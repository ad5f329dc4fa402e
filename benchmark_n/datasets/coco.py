"""COCO 2014 and 2017 (Lin et al., ECCV 2014)."""

from __future__ import annotations

from benchmark_n.datasets.base import Dataset, Request, Source, find_file

ADVICE = "unpack annotations_trainval{year}.zip of cocodataset.org there"


def open_coco(request: Request) -> Source:
    """``annotations/instances_<split>.json`` and the folder ``<split>`` under the root."""
    year = request.split[-4:]
    advice = ADVICE.format(year=year)
    names = [f"{folder}instances_{request.split}.json" for folder in ("annotations/", "")]
    annotations = find_file(request.root, names, "coco", advice)
    images = request.root / request.split
    validation = annotations.with_name(f"instances_val{year}.json")
    return Source(
        annotations,
        images if images.is_dir() else None,
        validation if validation.is_file() else None,
    )


COCO = Dataset("coco", "COCO-N", ("train2017", "val2017", "train2014", "val2014"), open_coco)
