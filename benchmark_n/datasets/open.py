"""Open the clean annotations of a dataset, or of a file that the user names."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark_n.datasets.base import Dataset
from benchmark_n.datasets.request import Request, Source
from benchmark_n.errors import InputError, UsageError, did_you_mean
from benchmark_n.files.cache import cache_folder
from benchmark_n.runtime.progress import Progress

if TYPE_CHECKING:
    pass


def open_source(
    dataset: Dataset,
    *,
    root: Path | None = None,
    split: str | None = None,
    annotations: Path | None = None,
    images: Path | None = None,
    data_seed: int = 0,
    num_images: int | None = None,
    stride: int = 1,
    skip_bad: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Source:
    """The clean annotations of a dataset, or of a file that the user names."""
    if (stride != 1 or skip_bad) and (dataset.converter is None or annotations is not None):
        raise UsageError("`stride` and `skip_bad` are for datasets that are converted from frames")
    if annotations is not None:
        return Source(annotations, images, dilation_ratio=dataset.dilation_ratio)
    request = Request(
        root or default_root(dataset),
        check_split(dataset, split),
        data_seed,
        num_images,
        stride,
        skip_bad,
        workers,
        progress,
    )
    source = dataset.open(request)
    return replace(
        source,
        images=source.images if images is None else images,
        options=_chosen(dataset, request),
    )


def _chosen(dataset: Dataset, request: Request) -> dict[str, Any]:
    """The split, and how the request departs from the whole of it."""
    chosen: dict[str, Any] = {"split": request.split}
    if dataset.embedded:
        chosen["data_seed"] = request.data_seed
    if request.num_images is not None:
        chosen["num_images"] = request.num_images
    if request.stride != 1:
        chosen["stride"] = request.stride
    if request.skip_bad:
        chosen["skip_bad"] = True
    return chosen


def check_split(dataset: Dataset, split: str | None) -> str:
    """The split, or the default one for None; an unknown one is an `InputError`."""
    chosen = dataset.splits[0] if split is None else split
    if chosen not in dataset.splits:
        raise InputError(
            f"{dataset.name} has no split '{chosen}': {did_you_mean(chosen, dataset.splits)}"
        )
    return chosen


def default_root(dataset: Dataset) -> Path:
    """``$BENCHMARK_N_DATA/<dataset>``, else ``data/<dataset>``; the cache for embedded ones."""
    if dataset.embedded:
        return cache_folder() / dataset.name
    return Path(os.environ.get("BENCHMARK_N_DATA", "data")) / dataset.name
