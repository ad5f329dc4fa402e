"""Labels of tiers as detections of score 1: what a model would reach that repeated them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

import msgspec

from benchmark_n.benchmark import Benchmark, layout, load
from benchmark_n.coco import CocoFile
from benchmark_n.datasets import SourceOptions
from benchmark_n.errors import BenchmarkNError, InputError, UsageError, did_you_mean
from benchmark_n.files.atomic import write_whole
from benchmark_n.files.provenance import file_digest
from benchmark_n.generation.make import make
from benchmark_n.generation.options import RecipeOptions
from benchmark_n.noise.recipe import recipe_names

CLEAN = "clean"
_STRENGTHS = ("low", "easy", "mid", "hard", "high")
_FIELDS = ("image_id", "category_id", "segmentation", "bbox")


def tier_family(name: str) -> list[str]:
    """``clean`` and the recipes that differ from this one in strength alone, the mildest first.

    Examples
    --------
    >>> tier_family("paper-hard"), tier_family("sym-20")
    (['clean', 'paper-easy', 'paper-mid', 'paper-hard'], ['clean', 'sym-20'])
    """
    known = recipe_names()
    parts = re.fullmatch(rf"(.*?)({'|'.join(_STRENGTHS)})(-v\d+)?", name)
    if parts is None:
        return [CLEAN, name]
    before, _, after = parts.groups(default="")
    family = (f"{before}{strength}{after}" for strength in _STRENGTHS)
    return [CLEAN, *(one for one in family if one in known or one == name)]


def write_tier_labels(
    benchmark: Benchmark, tiers: Iterable[str], folder: Path, source: Path | None = None
) -> dict[str, Path]:
    """Write a COCO results file of each tier's labels on the benchmark's images.

    A benchmark of the tier, of the same source and seed, is taken where it lies beside this one;
    else it is made for the time being.

    Parameters
    ----------
    tiers
        Names of recipes; ``clean`` is the clean labels.
    folder
        Where the files go; earlier ones of these names are replaced.
    source
        The clean annotation file that the benchmark was made from, where that is no dataset's own.

    Returns
    -------
    dict
        Tier to its file.

    Raises
    ------
    UsageError
        The benchmark's seed is secret, or it has none.
    InputError
        An unknown recipe, or a source that is not at hand.
    """
    made = {}
    for tier in tiers:
        labels = _labels(benchmark, tier, source)
        made[tier] = folder / f"{tier}.json"
        write_whole(made[tier], msgspec.json.encode(_detections(labels)))
    return made


def _labels(benchmark: Benchmark, tier: str, source: Path | None) -> CocoFile:
    if tier == CLEAN:
        return benchmark.clean()
    if tier == benchmark.recipe["name"]:
        return benchmark.noisy()
    if tier not in recipe_names():
        raise InputError(f"there is no recipe '{tier}': {did_you_mean(tier, recipe_names())}")
    if "seed" not in benchmark.recipe:
        raise UsageError(f"{benchmark.path}: has no seed to make {tier} with: name a file")
    beside = _beside(benchmark, tier)
    return beside.noisy() if beside else _made(benchmark, tier, source)


def _beside(benchmark: Benchmark, tier: str) -> Benchmark | None:
    """A benchmark in the same folder that differs in its recipe alone."""
    for path in sorted(benchmark.path.resolve().parent.glob(f"*/{layout.RECIPE}")):
        try:
            other = load(path.parent)
            recipe = other.recipe
        except BenchmarkNError:  # whatever else lies there
            continue
        same = all(recipe.get(key) == benchmark.recipe[key] for key in ("source", "seed", "masks"))
        if recipe.get("name") == tier and same:
            return other
    return None


def _made(benchmark: Benchmark, tier: str, given: Path | None) -> CocoFile:
    recipe, source = benchmark.recipe, benchmark.recipe["source"]
    known = {field.name for field in fields(SourceOptions)}
    options = {key: value for key, value in source.items() if key in known}
    if "split" not in source:
        if given is None:
            raise InputError(
                f"{benchmark.path}: no benchmark of tier {tier} from {source['file']} with seed "
                f"{recipe['seed']} lies beside it: make one, or name {source['file']} by "
                "`ground_truth`"
            )
        if file_digest(given) != source["sha256"]:
            raise InputError(
                f"{given}: SHA-256 is {file_digest(given):.12}, expected {source['sha256']:.12}: "
                f"not the file that {benchmark.path} was made from"
            )
        options["annotations"] = given
    with tempfile.TemporaryDirectory(prefix="benchmark-n-tier-") as place:
        made = make(
            source.get("conventions", recipe["dataset"]),
            recipe=RecipeOptions(tier),
            seed=recipe["seed"],
            out=Path(place) / "made",
            source=SourceOptions(**options),
        )
        if made.recipe["source"]["sha256"] != source["sha256"]:
            raise InputError(
                f"{benchmark.path}: {source['file']} is not what it was made from: SHA-256 is "
                f"{made.recipe['source']['sha256']:.12}, expected {source['sha256']:.12}"
            )
        return made.noisy()


def _detections(labels: CocoFile) -> list[dict[str, object]]:
    """All but crowds, which no detection is of."""
    return [
        {**{key: record[key] for key in _FIELDS if key in record}, "score": 1.0}
        for record in labels.records()
        if not record.get("iscrowd")
    ]
