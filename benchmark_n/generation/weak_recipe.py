"""The recipe that a weak benchmark keeps: with its models, its seed and its source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import Benchmark, load
from benchmark_n.datasets.base import Dataset
from benchmark_n.datasets.request import Source
from benchmark_n.errors import UsageError
from benchmark_n.files.provenance import file_digest
from benchmark_n.noise.recipe import Recipe
from benchmark_n.weak.engine import WeakEngine
from benchmark_n.weak.recipe import WeakRecipe
from benchmark_n.weak.segmenters.base import load_segmenter
from benchmark_n.weak.segmenters.grounding import load_grounder


def resolved_recipe(
    dataset: Dataset,
    source: Source,
    recipe: WeakRecipe,
    after: Recipe,
    engine: WeakEngine,
    prompts_from: Path | str | None,
    stated: Mapping[str, Any],
) -> dict[str, Any]:
    """The recipe as the benchmark keeps it.

    Parameters
    ----------
    after
        The noises on categories that follow, resolved for the file.
    stated
        What it says of seed and ids.

    Raises
    ------
    UsageError
        The segmenter does not take the recipe's prompts.
    InputError
        A model that cannot be loaded.
    """
    noises = after.to_dict()
    return {
        "benchmark": f"{dataset.title.removesuffix('-N')}-WAN",
        "dataset": dataset.name,
        **recipe.to_dict(),
        **{key: noises[key] for key in ("noises", "noise_versions")},
        **_models(recipe, engine),
        **({} if prompts_from is None else {"prompts_from": _prompts(load(prompts_from))}),
        **stated,
        "masks": engine.masks,
        "dilation_ratio": engine.dilation_ratio,
        "detection": True,
        "source": {
            "file": engine.file_name,
            "sha256": source.sha256,
            **source.options,
        },
    }


def _models(recipe: WeakRecipe, engine: WeakEngine) -> dict[str, Any]:
    """The segmenter and, of text prompts, the grounding model, with their revisions."""
    segmenter = load_segmenter(engine.segmenter, engine.device)
    missing = set(recipe.prompt.parts) - set(segmenter.needs)
    if missing:
        raise UsageError(
            f"segmenter {segmenter.name} takes prompts of {', '.join(segmenter.needs)}, "
            f"but recipe {recipe.name} gives {', '.join(recipe.prompt.parts)}"
        )
    models: dict[str, Any] = {
        "segmenter": {
            "name": segmenter.name,
            "revision": segmenter.revision,
            "device": engine.device,
        }
    }
    if engine.grounder:
        grounder = load_grounder(engine.grounder, engine.device)
        models["grounder"] = {"name": grounder.name, "revision": grounder.revision}
    return models


def _prompts(noisy: Benchmark) -> dict[str, Any]:
    """The benchmark that prompts come from, as the recipe names it."""
    return {
        "name": noisy.recipe["name"],
        "seed": noisy.recipe.get("seed"),
        "sha256": file_digest(noisy.annotations),
    }
