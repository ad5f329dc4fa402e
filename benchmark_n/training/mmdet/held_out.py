"""Images held out of a training, where a benchmark has no validation split of its own."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmark_n.benchmark import Benchmark
from benchmark_n.benchmark.labels import Labels
from benchmark_n.coco.file import Buffer
from benchmark_n.coco.read import parse_coco
from benchmark_n.coco.units import image_units
from benchmark_n.errors import InputError
from benchmark_n.files.atomic import write_whole
from benchmark_n.files.cache import cache_folder
from benchmark_n.training.mmdet.folds import fold_images

# One image in five is held out, or one unit where there are fewer.
_SHARES = 5
_log = logging.getLogger(__name__)


def held_out_fold(labels: Labels, seed: int) -> dict[str, int]:
    """The fold of the images that a training holds out: ``count``, ``fold`` and ``seed``.

    Raises
    ------
    InputError
        All images are of one unit: none can be held out.
    """
    coco = labels.coco
    units = image_units(coco, np.fromiter(coco.images, np.int64, len(coco.images)))
    count = min(_SHARES, len(units))
    if count < 2:
        raise InputError(
            f"{coco.path.name}: no clean validation labels, and {units}, of which none can be held "
            "out: expected 2 or more"
        )
    return {"count": count, "fold": 0, "seed": seed}


def held_out_labels(benchmark: Benchmark, labels: Labels, fold: Mapping[str, int]) -> Labels:
    """The clean labels of the images of a fold, in a file of their own in the cache.

    Parameters
    ----------
    labels
        The noisy ones of all images.
    fold
        As of `held_out_fold`.
    """
    clean = benchmark.clean()
    folds = fold_images(labels.coco, fold["count"], fold["seed"])
    chosen = {image for image, own in folds.items() if own == fold["fold"]}
    images = msgspec.json.decode(clean.sections["images"], type=list[msgspec.Raw])
    sections: dict[str, Buffer] = {
        **clean.sections,
        "images": _list([r for r, i in zip(images, clean.images, strict=True) if i in chosen]),
        "annotations": _list(
            [
                raw
                for raw, image in zip(clean.annotations, clean.image_ids.tolist(), strict=True)
                if image in chosen
            ]
        ),
    }
    data = msgspec.json.encode({name: msgspec.Raw(bytes(raw)) for name, raw in sections.items()})
    path = cache_folder() / "held-out" / f"{hashlib.sha256(data).hexdigest()[:24]}.json"
    if not path.is_file():
        write_whole(path, data)
    _log.warning(
        "%s: no clean validation labels: %d of %d images (by seed %d) are held out, and judged by "
        "their clean labels",
        labels.coco.path.name,
        len(chosen),
        len(folds),
        fold["seed"],
    )
    return Labels(parse_coco(data, path), labels.images)


def predicted_labels(
    benchmark: Benchmark, labels: Labels, run: Mapping[str, Any], work_dir: Path
) -> Labels:
    """The labels whose images a finished training did not see.

    Raises
    ------
    InputError
        The training held none out.
    """
    fold = run.get("held_out")
    if fold is None:
        raise InputError(
            f"{benchmark.path}: no clean validation labels, and none held out in {work_dir}: "
            "`split='train'` predicts the others"
        )
    return held_out_labels(benchmark, labels, fold)


def _list(records: Sequence[Buffer]) -> bytes:
    return b"[" + b",\n".join(map(bytes, records)) + b"]"
