"""The card of a benchmark whose bytes are not at hand: its recipes, and what a sample shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark_n.benchmark import Benchmark
from benchmark_n.cards.citations import citations
from benchmark_n.cards.markdown import restrictions
from benchmark_n.cards.page import front_matter, header_fields, licence_link, plain, template
from benchmark_n.datasets import Dataset
from benchmark_n.noise.recipe import Recipe


@dataclass(frozen=True)
class Sample:
    """What the tiers do to a sample of the source: one row a measure, one value a tier."""

    file: str
    sha256: str
    images: int
    instances: int
    seed: int
    rows: tuple[Mapping[str, Any], ...]


def render_recipe_card(
    dataset: Dataset, recipes: Mapping[str, Recipe], sample: Sample | None = None
) -> str:
    """``README.md`` of a benchmark of `dataset`; `recipes` are by tier.

    Raises
    ------
    InputError
        The extra ``hub`` is not installed.
    """
    fields = header_fields(dataset.title, dataset.terms, [f"extended|{dataset.name}"])
    return front_matter(fields) + template("recipe.md").render(
        title=dataset.title,
        dataset=dataset,
        tiers=list(recipes),
        parameters=_parameters(recipes),
        notes=_notes(recipes),
        sample=sample,
        licence=licence_link(dataset.terms),
        citation=citations(dataset.terms),
    )


def measure_sample(tiers: Mapping[str, Benchmark]) -> Sample:
    """What benchmarks of one sample show; all have one source and seed."""
    first = next(iter(tiers.values()))
    summaries = [benchmark.summary for benchmark in tiers.values()]
    source = first.recipe["source"]
    return Sample(
        file=source["file"],
        sha256=source["sha256"],
        images=len(first.noisy().images),
        instances=first.summary["instances"],
        seed=first.recipe["seed"],
        rows=tuple(
            {"name": name, "values": [measure(summary) for summary in summaries]}
            for name, measure in _MEASURES
        ),
    )


def _share(count: str) -> Any:
    return lambda summary: f"{summary[count] / max(summary['instances'], 1):.1%}"


def _mean(overlap: str) -> Any:
    return lambda s: f"{s[overlap]['mean']:.3f}" if s[overlap]["changed"] else "-"


def _class_rate(summary: Mapping[str, Any]) -> str:
    rate = summary["effective_class_rate"]
    return "-" if rate is None else f"{rate:.1%}"


_MEASURES = (
    ("deleted, share of instances", _share("deleted")),
    ("mask changed", _share("changed_masks")),
    ("category changed, share of survivors", _class_rate),
    ("mean IoU of changed masks", _mean("iou")),
    ("mean boundary IoU of changed masks", _mean("boundary_iou")),
)


def _parameters(recipes: Mapping[str, Recipe]) -> list[dict[str, Any]]:
    """One row for each parameter of any of the recipes, in their order."""
    documents = [recipe.to_dict() for recipe in recipes.values()]
    keys = {
        (noise, name): None
        for document in documents
        for noise, values in document["noises"].items()
        for name in values
    }
    return [
        {
            "noise": plain(noise),
            "name": plain(name),
            "values": [_value(d["noises"].get(noise, {}).get(name, "-")) for d in documents],
            "provenance": _provenance(documents, f"{noise}.{name}"),
        }
        for noise, name in keys
    ]


def _value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _provenance(documents: Sequence[Mapping[str, Any]], key: str) -> str:
    named = [document["provenance"].get(key, "default") for document in documents]
    return "; ".join(dict.fromkeys(named))


def _notes(recipes: Mapping[str, Recipe]) -> list[str]:
    lines = [f"{tier}: recipe `{recipe.name}`" for tier, recipe in recipes.items()]
    for recipe in recipes.values():
        lines += [line for line in restrictions(recipe.to_dict()) if line not in lines]
    return lines
