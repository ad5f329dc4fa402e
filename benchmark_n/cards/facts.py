"""All that a card says of a benchmark, read from the benchmark: no number is typed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmark_n.benchmark import Benchmark, layout
from benchmark_n.benchmark.writer import file_digest
from benchmark_n.coco import CocoFile
from benchmark_n.datasets import DATASETS, Dataset
from benchmark_n.datasets.terms import LICENCES, Terms
from benchmark_n.errors import InputError, did_you_mean

BINS = 20
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (10**6, "100K<n<1M"))
_OPTION_FLAGS = ("split", "data_seed", "num_images", "stride", "skip_bad")


@dataclass(frozen=True)
class Artefact:
    """A file of the published folder: its path there, bytes, SHA-256 and what it is."""

    path: str
    size: int
    sha256: str
    meaning: str


@dataclass(frozen=True)
class Facts:
    """What a card is made of.

    Parameters
    ----------
    name
        Of the benchmark's directory.
    dataset, terms
        The source, and what its publisher allows.
    recipe, summary, environment
        As the benchmark has them.
    images, categories
        Images in the annotation file; names of its categories in its order.
    histograms
        ``iou`` and ``boundary_iou`` to counts int64 (`BINS`,) over 0 to 1, of changed masks.
    command
        What makes the same bytes again.
    files
        All files that are published with the card, the card itself left out.
    """

    name: str
    dataset: Dataset | None
    terms: Terms
    recipe: Mapping[str, Any]
    summary: Mapping[str, Any]
    environment: Mapping[str, Any]
    images: int
    categories: tuple[str, ...]
    histograms: Mapping[str, NDArray[np.int64]]
    command: str
    files: tuple[Artefact, ...]

    @property
    def size_category(self) -> str:
        """The Hub's word for the number of annotations."""
        count = self.summary["annotations"]
        return next((word for most, word in _SIZES if count < most), "1M<n<10M")


def gather_facts(
    benchmark: Benchmark, coco: CocoFile, files: tuple[Artefact, ...], terms: Terms
) -> Facts:
    """The facts of a benchmark whose annotation file is `coco`."""
    return Facts(
        name=benchmark.path.resolve().name,
        dataset=source_of(benchmark),
        terms=terms,
        recipe=benchmark.recipe,
        summary=benchmark.summary,
        environment=json.loads((benchmark.path / layout.ENVIRONMENT).read_bytes()),
        images=len(coco.images),
        categories=tuple(category.name for category in coco.categories.values()),
        histograms=_histograms(benchmark.path / layout.MANIFEST),
        command=rebuild_command(benchmark),
        files=files,
    )


def source_of(benchmark: Benchmark) -> Dataset | None:
    """The dataset that the benchmark was made from; None where it is not known here."""
    name = benchmark.recipe["dataset"]
    return DATASETS.load(name) if name in DATASETS.names() else None


def settle_terms(dataset: Dataset | None, licence: str | None) -> Terms:
    """The dataset's terms, or those of a user's own data under `licence`.

    Raises
    ------
    InputError
        A `licence` that is not known, or one for a dataset that has terms of its own.
    """
    terms = dataset.terms if dataset is not None else Terms()
    if licence is None:
        return terms
    if terms.licence != "unknown":
        raise InputError(
            f"licence '{licence}': this benchmark's source has terms of its own ({terms.licence})"
        )
    if licence not in LICENCES:
        raise InputError(f"unknown licence '{licence}': {did_you_mean(licence, LICENCES)}")
    return Terms(licence, shareable=True)


def rebuild_command(benchmark: Benchmark) -> str:
    """The command that makes the benchmark's bytes again from its source; empty for imports."""
    recipe = benchmark.recipe
    if "seed" not in recipe:
        return ""
    source = recipe["source"]
    words = ["benchmark-n make", f"--dataset {recipe['dataset']}"]
    if "split" not in source:
        words.append(f"--annotations {source['file']}")
    for key in (key for key in _OPTION_FLAGS if key in source):
        flag = f"--{key.replace('_', '-')}"
        words.append(flag if source[key] is True else f"{flag} {source[key]}")
    words += [f"--recipe {layout.RECIPE}", f"--seed {recipe['seed']}"]
    for model in ("segmenter", "grounder"):
        if model in recipe:
            words.append(f"--{model} {recipe[model]['name']}")
    if "prompts_from" in recipe:
        words.append(f"--prompts-from {recipe['prompts_from']['name']}")
    if recipe["masks"] != "rle":
        words.append(f"--masks {recipe['masks']}")
    return " ".join([*words, "--out rebuilt"])


def artefact(root: Path, path: str, meaning: str) -> Artefact:
    """The file `path` under `root`, measured."""
    file = root / path
    return Artefact(path, file.stat().st_size, file_digest(file), meaning)


def _histograms(manifest: Path) -> dict[str, NDArray[np.int64]]:
    edges = np.linspace(0, 1, BINS + 1)
    counts = {name: np.zeros(BINS, np.int64) for name in ("iou", "boundary_iou")}
    file = pq.ParquetFile(manifest)
    for batch in file.iter_batches(columns=["iou", "boundary_iou"]):
        table = pa.Table.from_batches([batch])
        changed = table.filter(pc.less(table["iou"], 1.0))
        for name, count in counts.items():
            values = changed[name].drop_null().to_numpy()
            count += np.histogram(values, edges)[0]
    return counts
