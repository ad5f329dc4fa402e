"""Exactly which images and annotations a training is on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmark_n.coco import CocoFile
from benchmark_n.files.atomic import write_whole
from benchmark_n.files.provenance import file_digest
from benchmark_n.training.mmdet.folds import fold_images

SUBSET = "subset.json"


def write_subset(
    folder: Path,
    coco: CocoFile,
    recipe: Mapping[str, Any],
    fold: Mapping[str, int] | None = None,
) -> None:
    """Write ``subset.json`` of a work directory.

    It has SHA-256 of the labels' file and of the source that the benchmark was made of (of a
    corrected file, what `benchmark_n.review.verify` follows back), and the ids of the images and of
    their annotations that are trained on.

    Parameters
    ----------
    coco
        The labels.
    recipe
        The benchmark's.
    fold
        ``count``, ``fold`` and ``seed`` of the fold that is not trained on; by default none.
    """
    images = list(coco.images)
    if fold:
        of_image = fold_images(coco, fold["count"], fold["seed"])
        images = [image for image in images if of_image[image] != fold["fold"]]
    chosen = np.isin(coco.image_ids, np.array(images, np.int64))
    subset = {
        "labels": {"file": coco.path.name, "sha256": file_digest(coco.path)},
        "source": {key: (recipe.get("source") or {}).get(key) for key in ("file", "sha256")},
        "images": images,
        "annotations": coco.annotation_ids[chosen].tolist(),
    }
    write_whole(folder / SUBSET, json.dumps(subset).encode() + b"\n")
