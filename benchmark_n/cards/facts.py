"""All that a card says of a benchmark, read from the benchmark: no number is typed."""

from __future__ import annotations

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
from benchmark_n.benchmark.stored import Environment
from benchmark_n.cards.floors import FloorRow, measure_floors
from benchmark_n.coco import CocoFile
from benchmark_n.coco.labels import category_labels
from benchmark_n.coco.units import image_units
from benchmark_n.datasets import Dataset
from benchmark_n.datasets.ownership import recorded_owner
from benchmark_n.datasets.terms import Terms
from benchmark_n.errors import InputError
from benchmark_n.files.provenance import file_digest
from benchmark_n.runtime.commands import command_line

BINS = 20
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (10**6, "100K<n<1M"))
_OPTION_FLAGS = (
    *("licence", "split", "data_seed", "num_images", "stride", "skip_bad", "group_regex", "repair"),
    *("crowds_as_instances", "part"),
)


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
    name, title
        Of the benchmark's directory; what people call the benchmark, such as ``COCO-N hard``.
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
    leakage
        What the labels alone tell, as `cards.leakage` keeps it.
    units
        What is independent, and how many there are, in words.
    floors
        What needs no detector, of each kind of error; nothing where no detector is measured.
    """

    name: str
    title: str
    dataset: Dataset | None
    terms: Terms
    recipe: Mapping[str, Any]
    summary: Mapping[str, Any]
    environment: Environment
    images: int
    categories: tuple[str, ...]
    histograms: Mapping[str, NDArray[np.int64]]
    command: str
    files: tuple[Artefact, ...]
    leakage: Mapping[str, Any]
    units: str
    floors: tuple[FloorRow, ...]

    @property
    def has_sample(self) -> bool:
        """Whether a picture of clean and noisy outlines goes with the card."""
        return bool(self.summary["instances"]) and shows_sample(self.recipe, self.terms)

    @property
    def source(self) -> str:
        """Name of the dataset that the annotations are of."""
        return self.dataset.name if self.dataset is not None else str(self.recipe["dataset"])

    @property
    def size_category(self) -> str:
        """The Hub's word for the number of annotations."""
        count = self.summary["annotations"]
        return next((word for most, word in _SIZES if count < most), "1M<n<10M")


def gather_facts(
    benchmark: Benchmark,
    coco: CocoFile,
    files: tuple[Artefact, ...],
    terms: Terms,
    leakage: Mapping[str, Any],
) -> Facts:
    """The facts of a benchmark whose annotation file is `coco`."""
    return Facts(
        name=benchmark.path.resolve().name,
        title=benchmark_title(benchmark),
        dataset=recorded_owner(benchmark.recipe),
        terms=terms,
        recipe=benchmark.recipe,
        summary=benchmark.summary,
        environment=benchmark.environment,
        images=len(coco.images),
        categories=tuple(category_labels(coco.categories).values()),
        histograms=_histograms(benchmark.path / layout.MANIFEST),
        command=rebuild_command(benchmark),
        files=files,
        leakage=leakage,
        units=str(image_units(coco, np.array(sorted(coco.images), np.int64))),
        floors=measure_floors(benchmark, coco),
    )


def shows_sample(recipe: Mapping[str, Any], terms: Terms) -> bool:
    """Whether clean outlines may be shown: the terms allow it, and the truth is no secret."""
    return terms.shareable and not recipe.get("sealed")


def benchmark_title(benchmark: Benchmark) -> str:
    """Name of the benchmark and its recipe; no dataset's name where the file is not its own."""
    recipe, owner = benchmark.recipe, recorded_owner(benchmark.recipe)
    name = recipe["benchmark"]
    if owner is not None and owner.name != recipe["dataset"]:
        name = owner.title
    return f"{name} {recipe['name']}"


def rebuild_command(benchmark: Benchmark) -> str:
    """The command that makes the benchmark's bytes again from its source; empty for imports.

    It is quoted for a shell: names of files are whatever somebody called them.
    """
    recipe = benchmark.recipe
    sealed = recipe.get("sealed", False)
    if "seed" not in recipe and not sealed:
        return ""
    source = recipe["source"]
    options: dict[str, object] = {"dataset": source.get("conventions", recipe["dataset"])}
    if "split" not in source:
        options["annotations"] = source["file"]
    options |= {key: source[key] for key in _OPTION_FLAGS if key in source}
    options |= {"recipe": layout.RECIPE}
    options |= {"seal": layout.SEAL} if sealed else {"seed": recipe["seed"]}
    for model in ("segmenter", "grounder", "prompts_from"):
        if model in recipe:
            options[model] = recipe[model]["name"]
    if recipe["masks"] != "rle":
        options["masks"] = recipe["masks"]
    if "ids" in recipe.get("leak", ()):
        options["keep_ids"] = True
    if recipe.get("keep_fields"):
        options["keep_fields"] = recipe["keep_fields"]
    return command_line("make", **options, out="rebuilt")


def artefact(root: Path, path: str, meaning: str) -> Artefact:
    """The file `path` under `root`, measured; an `InputError` where it cannot be read."""
    file = root / path
    try:
        return Artefact(path, file.stat().st_size, file_digest(file), meaning)
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None


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
