"""Make the benchmarks of a release, and compare their bytes with what the release says."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark_n.benchmark import Benchmark, layout
from benchmark_n.cards.release import NOT_VERIFIED, Entry, Output, Release
from benchmark_n.datasets import DATASETS, Dataset, SourceOptions
from benchmark_n.datasets.open import default_root
from benchmark_n.errors import BenchmarkNError
from benchmark_n.experiments.release_checks import (
    DIFFERS,
    EQUAL,
    FAILED,
    NOT_HERE,
    BenchmarkCheck,
    SeedCheck,
)
from benchmark_n.files.provenance import file_digest
from benchmark_n.generation.choice import choose_recipe
from benchmark_n.generation.make import make
from benchmark_n.generation.options import WeakOptions
from benchmark_n.noise.recipe import Recipe
from benchmark_n.runtime.commands import command_line
from benchmark_n.runtime.execution import Execution
from benchmark_n.tables.manifest import rows_digest
from benchmark_n.weak.recipe import WeakRecipe

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """Where the data lie: a folder for all datasets, else the one that each is looked for in."""

    data: Path | None = None

    def root(self, dataset: Dataset) -> Path:
        """The dataset's own folder."""
        if self.data is None or dataset.embedded:
            return default_root(dataset)
        return self.data / dataset.name

    def file(self, name: str) -> Path:
        """A sample's file."""
        return (Path("data") if self.data is None else self.data) / name


def verify_release(
    release: Release,
    data: Path | str | None = None,
    *,
    only: Sequence[str] = (),
    execution: Execution = Execution(),
) -> Iterator[BenchmarkCheck]:
    """Make the benchmarks of a release and compare them, one after another.

    Each is made into a temporary folder that is removed again. Weak annotations by a network,
    which take hours, are made only where `only` names them.

    Parameters
    ----------
    data
        Folder that holds the datasets' folders (``coco``, ``lvis``, …) and the samples; by default
        each is looked for where `make` does.
    only
        Names of benchmarks or families; by default all.
    execution
        By which processes; its `progress` counts what was made.

    Raises
    ------
    UsageError
        A name that the release does not have.

    Examples
    --------
    >>> from benchmark_n.cards.release import read_release
    >>> for check in verify_release(read_release("1.0"), only=["scenes-n"]):  # doctest: +SKIP
    ...     print(check.entry.name, check.state)
    """
    entries = release.chosen(only)
    total, done = sum(len(entry.outputs) for entry in entries), 0
    place = Place(None if data is None else Path(data))
    for entry in entries:
        if execution.progress is not None:
            execution.progress(done, total)
        yield _check(entry, place, named=bool(only), execution=replace(execution, progress=None))
        done += len(entry.outputs)
    if execution.progress is not None:
        execution.progress(done, total)


def _check(entry: Entry, place: Place, *, named: bool, execution: Execution) -> BenchmarkCheck:
    try:
        recipe = recipe_of(entry)
    except BenchmarkNError as error:
        return BenchmarkCheck(entry, FAILED, str(error))
    if (recipe.name, recipe.version) != (entry.recipe, entry.version):
        reason = (
            f"tier {entry.tier} is recipe {recipe.name}, version {recipe.version}, "
            f"the release has {entry.recipe}, version {entry.version}"
        )
        return BenchmarkCheck(entry, DIFFERS, reason, version=recipe.version)
    by_network = isinstance(recipe, WeakRecipe) and (entry.segmenter or "").count(":") > 0
    missing = _missing(entry, place)
    if not missing and by_network and not named:
        missing = f"{entry.segmenter} takes hours: made where it is named"
    if missing:
        return BenchmarkCheck(entry, NOT_HERE, missing, version=recipe.version)
    return _made(entry, place, execution, recipe.version)


def recipe_of(entry: Entry) -> Recipe | WeakRecipe:
    """What the entry's tier means for its dataset now.

    Raises
    ------
    UsageError, InputError
        There is no such dataset or tier.
    """
    dataset: Dataset = DATASETS.load(entry.dataset)
    tier = dataset.tier_recipe(entry.tier)
    return choose_recipe(tier, None, _weak(entry), Execution()).recipe


def _weak(entry: Entry) -> WeakOptions:
    return WeakOptions(segmenter=entry.segmenter, device=entry.device)


def _missing(entry: Entry, place: Place) -> str:
    """What of the entry's data is not on this machine, in words; empty where all is."""
    for name, there in ((entry.noisy.file, Path.is_file), (entry.images, Path.is_dir)):
        if name is not None and not there(place.file(name)):
            return f"no {name} under {place.file('')}"
    if entry.noisy.file is not None:
        return ""
    dataset: Dataset = DATASETS.load(entry.dataset)
    split, root = entry.noisy.name, place.root(dataset)
    try:
        dataset.locate(root, split)
    except BenchmarkNError:
        how = {"split": split, "root": root} if split in dataset.archives else {}
        verb = "downloads it" if how else "says how to get it"
        return (
            f"no {split} of {dataset.name} under {root}: "
            f"{command_line('fetch', dataset.name, **how)} {verb}"
        )
    return ""


def _made(entry: Entry, place: Place, execution: Execution, version: int) -> BenchmarkCheck:
    seeds: list[SeedCheck] = []
    source = clean = None
    for seed, stated in entry.outputs.items():
        try:
            with tempfile.TemporaryDirectory(prefix="benchmark-n-release-") as folder:
                benchmark = make(
                    entry.dataset,
                    entry.tier,
                    seed=seed,
                    out=Path(folder) / "made",
                    source=_source(entry, place),
                    weak=_weak(entry),
                    execution=execution,
                )
                found, source = output_of(benchmark), str(benchmark.recipe["source"]["sha256"])
                clean = _clean_of(benchmark)
        except BenchmarkNError as error:
            reason = f"seed {seed}: {error}"
            return BenchmarkCheck(entry, FAILED, reason, tuple(seeds), source, version, clean)
        seeds.append(SeedCheck(seed, found, stated if isinstance(stated, Output) else None))
        if reason := _other_files(entry, source, clean):
            return BenchmarkCheck(entry, DIFFERS, reason, tuple(seeds), source, version, clean)
        _log.info("%s, seed %d: %s", entry.name, seed, seeds[-1].state)
    state = next(s for s in (DIFFERS, NOT_VERIFIED, EQUAL) if s in {c.state for c in seeds})
    return BenchmarkCheck(entry, state, "", tuple(seeds), source, version, clean)


def _clean_of(benchmark: Benchmark) -> str | None:
    return None if benchmark.clean_val is None else file_digest(benchmark.clean_val)


def _other_files(entry: Entry, source: str, clean: str | None) -> str:
    """Which files are known to be others than the release's, in words; empty where none is."""
    found = (("the source", entry.noisy, source), ("the clean split", entry.clean, clean))
    return "; ".join(
        f"{what} has SHA-256 {sha256}, the release has {split.sha256}"
        for what, split, sha256 in found
        if split is not None and sha256 is not None and split.sha256 not in (NOT_VERIFIED, sha256)
    )


def _source(entry: Entry, place: Place) -> SourceOptions:
    if entry.noisy.file is not None:
        images = None if entry.images is None else place.file(entry.images)
        return SourceOptions(annotations=place.file(entry.noisy.file), images=images)
    dataset: Dataset = DATASETS.load(entry.dataset)
    return SourceOptions(
        root=place.root(dataset), split=entry.noisy.name, num_images=entry.num_images
    )


def output_of(benchmark: Benchmark) -> Output:
    """The digests of a benchmark, measured on its files."""
    return Output(
        annotations=file_digest(benchmark.annotations),
        rows=rows_digest(benchmark.path / layout.MANIFEST),
    )


def verifying_command(release: str | Path, entry: Entry, data: Path | None = None) -> str:
    """What to type to verify one benchmark of a release, once its data are in the folder `data`."""
    return command_line("verify", release=release, only=entry.name, data=data or "DIR")
