"""What a dataset is to `make`: a name, its splits, and a way to a COCO file."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.registry import Registry

DATASETS = Registry(
    "dataset",
    "benchmark_n.datasets",
    {
        "coco": "benchmark_n.datasets.coco:COCO",
        "lvis": "benchmark_n.datasets.lvis:LVIS",
        "scenes": "benchmark_n.datasets.scenes:SCENES",
        "custom": "benchmark_n.datasets.custom:CUSTOM",
    },
)


@dataclass(frozen=True)
class Request:
    """What the user asked for: a root folder, a split, and the options of embedded datasets.

    `root` may not exist; `data_seed` and `num_images` are for datasets that are drawn here.
    """

    root: Path
    split: str
    data_seed: int = 0
    num_images: int | None = None


@dataclass(frozen=True)
class Source:
    """Clean annotations that were found: a COCO file and what belongs to it.

    Parameters
    ----------
    clean_val
        Annotation file of the validation split, if there is one.
    dilation_ratio
        Of the boundary, as the dataset's own evaluation has it.
    """

    annotations: Path
    images: Path | None = None
    clean_val: Path | None = None
    dilation_ratio: float = 0.02


@dataclass(frozen=True)
class Dataset:
    """A dataset and how to open it.

    Parameters
    ----------
    title
        The name of its benchmark, such as ``COCO-N``.
    splits
        Names of the splits, the default first.
    open
        Finds or makes the annotations of a request.
    embedded
        Drawn by this package: kept in the cache unless a root is named.
    """

    name: str
    title: str
    splits: tuple[str, ...]
    open: Callable[[Request], Source]
    embedded: bool = False


def open_source(
    dataset: Dataset,
    *,
    root: Path | None = None,
    split: str | None = None,
    annotations: Path | None = None,
    images: Path | None = None,
    data_seed: int = 0,
    num_images: int | None = None,
) -> Source:
    """The clean annotations of a dataset, or of a file that the user names."""
    if annotations is not None:
        return Source(annotations, images)
    split = dataset.splits[0] if split is None else split
    if split not in dataset.splits:
        raise InputError(
            f"{dataset.name} has no split '{split}': {did_you_mean(split, dataset.splits)}"
        )
    request = Request(root or default_root(dataset), split, data_seed, num_images)
    source = dataset.open(request)
    return source if images is None else replace(source, images=images)


def default_root(dataset: Dataset) -> Path:
    """``$BENCHMARK_N_DATA/<dataset>``, else ``data/<dataset>``; the cache for embedded ones."""
    if dataset.embedded:
        return cache_folder() / dataset.name
    return Path(os.environ.get("BENCHMARK_N_DATA", "data")) / dataset.name


def cache_folder() -> Path:
    """``$BENCHMARK_N_CACHE``, else the user's cache."""
    chosen = os.environ.get("BENCHMARK_N_CACHE")
    if chosen:
        return Path(chosen)
    import pooch

    return Path(pooch.os_cache("benchmark-n"))


def find_file(root: Path, names: list[str], dataset: str, advice: str) -> Path:
    """The first of `names` that exists under `root`; none is one line that says how to get it."""
    for name in names:
        if (root / name).is_file():
            return root / name
    raise InputError(
        f"{dataset}: no {names[0]} under {root}: {advice}, or name a file by "
        "--annotations or a folder by --root"
    )
