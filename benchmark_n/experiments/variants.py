"""A benchmark with another recipe or seed: one that lies beside it, else a passing one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from benchmark_n.benchmark import Benchmark, layout, load
from benchmark_n.datasets import SourceOptions
from benchmark_n.errors import BenchmarkNError, InputError, UsageError
from benchmark_n.files.provenance import file_digest
from benchmark_n.generation.make import make
from benchmark_n.generation.options import PublishOptions, RecipeOptions


@contextmanager
def variant(
    benchmark: Benchmark,
    *,
    tier: str | None = None,
    seed: int | None = None,
    source: Path | None = None,
) -> Iterator[Benchmark]:
    """The benchmark itself, or one of the same source that differs in recipe or seed alone.

    Parameters
    ----------
    tier, seed
        Name of the recipe, and seed of the noise; by default the benchmark's own.
    source
        The clean annotation file that the benchmark was made from, where that is no dataset's own.

    Raises
    ------
    UsageError
        The benchmark's seed is secret, or it has none.
    InputError
        A source that is not at hand, or another than the benchmark's.
    """
    recipe = benchmark.recipe
    own = recipe["name"], recipe.get("seed")
    name, number = tier or own[0], own[1] if seed is None else seed
    if (name, number) == own:
        yield benchmark
        return
    if own[1] is None or number is None:
        raise UsageError(f"{benchmark.path}: has no seed to make others with")
    beside = _beside(benchmark, name, number)
    if beside is not None:
        yield beside
        return
    with tempfile.TemporaryDirectory(prefix="benchmark-n-variant-") as place:
        yield _made(benchmark, tier, number, source, Path(place) / "made")


def _beside(benchmark: Benchmark, name: str, seed: int) -> Benchmark | None:
    """A benchmark in the same folder that differs in name of the recipe and in seed alone."""
    same = (
        ("source", "masks") if name != benchmark.recipe["name"] else ("source", "masks", "noises")
    )
    for path in sorted(benchmark.path.resolve().parent.glob(f"*/{layout.RECIPE}")):
        try:
            other = load(path.parent)
            recipe = other.recipe
        except BenchmarkNError:  # whatever else lies there
            continue
        if (recipe.get("name"), recipe.get("seed")) == (name, seed) and all(
            recipe.get(key) == benchmark.recipe.get(key) for key in same
        ):
            return other
    return None


def _made(
    benchmark: Benchmark, tier: str | None, seed: int, given: Path | None, out: Path
) -> Benchmark:
    recipe, source = benchmark.recipe, benchmark.recipe["source"]
    what = f"tier {tier or recipe['name']} from {source['file']} with seed {seed}"
    if "segmenter" in recipe:
        raise InputError(
            f"{benchmark.path}: no benchmark of {what} lies beside it, and a model draws its "
            "masks: make it first"
        )
    known = {field.name for field in fields(SourceOptions)}
    options = {key: value for key, value in source.items() if key in known}
    if "split" not in source:
        options["annotations"] = _named(benchmark, what, given)
    made = make(
        source.get("conventions", recipe["dataset"]),
        recipe=RecipeOptions(tier or benchmark.path / layout.RECIPE),
        seed=seed,
        out=out,
        source=SourceOptions(**{"images": benchmark.images, **options}),
        publish=PublishOptions(recipe["masks"], keep_fields=recipe.get("keep_fields", ())),
    )
    if made.recipe["source"]["sha256"] != source["sha256"]:
        raise InputError(
            f"{benchmark.path}: {source['file']} is not what it was made from: SHA-256 is "
            f"{made.recipe['source']['sha256']:.12}, expected {source['sha256']:.12}"
        )
    return made


def _named(benchmark: Benchmark, what: str, given: Path | None) -> Path:
    """The source that the user names, where it is the benchmark's."""
    source = benchmark.recipe["source"]
    if given is None:
        raise InputError(
            f"{benchmark.path}: no benchmark of {what} lies beside it: make one, or name "
            f"{source['file']} by `ground_truth`"
        )
    if file_digest(given) != source["sha256"]:
        raise InputError(
            f"{given}: SHA-256 is {file_digest(given):.12}, expected {source['sha256']:.12}: "
            f"not the file that {benchmark.path} was made from"
        )
    return given
