"""Open the clean annotations of a dataset, or of a file that the user names."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark_n.coco.exports import open_export
from benchmark_n.coco.images import named_folder
from benchmark_n.datasets.base import Dataset
from benchmark_n.datasets.request import Request, Source, SourceOptions
from benchmark_n.errors import InputError, UsageError, did_you_mean
from benchmark_n.files.cache import cache_folder
from benchmark_n.runtime.execution import Execution


def open_source(
    dataset: Dataset,
    options: SourceOptions = SourceOptions(),
    execution: Execution = Execution(),
) -> Source:
    """The clean annotations of a dataset, or of a file that the user names.

    Raises
    ------
    UsageError
        Options of conversions for a dataset that is not converted, or `group_regex` for one that
        is no folder of images.
    InputError
        No such split, or what the dataset finds wrong with its files.
    """
    converted = dataset.converter is not None and not options.named
    if (options.stride != 1 or options.skip_bad) and not converted:
        raise UsageError("`stride` and `skip_bad` are for datasets that are converted from frames")
    grouped = converted and dataset.converter is not None and dataset.converter.named_files
    if options.group_regex is not None and not grouped:
        raise UsageError("`group_regex` is for dataset imagefolder, whose files' names it reads")
    images = named_folder(options.images)
    if options.annotations is not None:
        export = open_export(options.annotations)
        return Source(
            export.annotations,
            export.images if images is None else images,
            dilation_ratio=dataset.dilation_ratio,
            options=_recorded(options),
            reading=options.reading,
        )
    request = make_request(dataset, options, execution)
    source = dataset.open(request)
    return replace(
        source,
        images=source.images if images is None else images,
        options={**_chosen(dataset, request), **_recorded(options)},
        reading=options.reading,
    )


def make_request(dataset: Dataset, options: SourceOptions, execution: Execution) -> Request:
    """What the dataset is asked for, with its default folder and split where none is named.

    Raises
    ------
    InputError
        No such split.
    """
    return Request(
        root=default_root(dataset) if options.root is None else Path(options.root),
        split=check_split(dataset, options.split),
        data_seed=options.data_seed,
        num_images=options.num_images,
        stride=options.stride,
        skip_bad=options.skip_bad,
        group_regex=options.group_regex,
        workers=execution.workers,
        progress=execution.progress,
    )


def _recorded(options: SourceOptions) -> dict[str, Any]:
    """How the file is read, and which part of it."""
    part = {} if options.part is None else {"part": options.part}
    return {**options.reading.recorded(), **part}


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
    if request.group_regex is not None:
        chosen["group_regex"] = request.group_regex
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
