"""Labels of tiers as detections of score 1: what a model would reach that repeated them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from benchmark_n.benchmark import Benchmark
from benchmark_n.coco import CocoFile
from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.experiments.variants import variant
from benchmark_n.files.atomic import write_whole
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
    if tier not in (benchmark.recipe["name"], *recipe_names()):
        raise InputError(f"there is no recipe '{tier}': {did_you_mean(tier, recipe_names())}")
    with variant(benchmark, tier=tier, source=source) as made:
        return made.noisy()


def _detections(labels: CocoFile) -> list[dict[str, object]]:
    """All but crowds, which no detection is of."""
    return [
        {**{key: record[key] for key in _FIELDS if key in record}, "score": 1.0}
        for record in labels.records()
        if not record.get("iscrowd")
    ]
