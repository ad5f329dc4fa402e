"""The annotation files of a training, with the folders of their images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark_n.benchmark import Benchmark
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.labels import category_labels
from benchmark_n.coco.lacking_masks import require_masks
from benchmark_n.coco.pixels import image_files
from benchmark_n.errors import InputError
from benchmark_n.runtime.options import check_known

SPLITS = ("val", "train")


@dataclass(frozen=True)
class Labels:
    """An annotation file and the folder of its images."""

    coco: CocoFile
    images: Path

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the categories in the file's order, each once."""
        return tuple(category_labels(self.coco.categories).values())


def training_labels(benchmark: Benchmark, images: Path | None = None) -> Labels:
    """The noisy annotations, once it is known that all their images are there.

    Raises
    ------
    InputError
        The images' folder is not known, an image is missing, or no annotation has a mask.
    """
    coco = benchmark.noisy()
    require_masks(coco, "a training on masks")
    return _checked(coco, images or benchmark.images, "images")


def validation_labels(benchmark: Benchmark, images: Path | None = None) -> Labels:
    """The clean validation labels, once it is known that all their images are there.

    Raises
    ------
    InputError
        The benchmark has none, their images' folder is not known, or an image is missing.
    """
    coco = read_coco(validation_file(benchmark))
    return _checked(coco, images or benchmark.val_images, "val_images")


def validation_file(benchmark: Benchmark) -> Path:
    """The file of the clean validation labels.

    Raises
    ------
    InputError
        The benchmark has none.
    """
    if benchmark.clean_val is None:
        raise InputError(
            f"{benchmark.path}: no clean validation labels (annotations/clean_val.json): models "
            "are judged on these alone; expected a benchmark of a dataset with a validation split"
        )
    return benchmark.clean_val


def split_labels(benchmark: Benchmark, split: str, images: Path | None = None) -> Labels:
    """`validation_labels` for ``val``, `training_labels` for ``train``."""
    check_known("split", split, SPLITS)
    return (validation_labels if split == "val" else training_labels)(benchmark, images)


def _checked(coco: CocoFile, images: Path | None, parameter: str) -> Labels:
    if images is None:
        raise InputError(
            f"{coco.path.name}: the folder of its images is not known: "
            f"name it with `{parameter}=DIR`"
        )
    ids = np.fromiter(coco.images, np.int64, len(coco.images))
    try:
        image_files(images, coco.images, ids, parameter)
    except InputError as fault:
        raise InputError(f"{coco.path.name}: {fault}") from None
    return Labels(coco, images)
