"""The card of a benchmark whose bytes are not at hand: its recipes, and what a sample shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark_n.benchmark import Benchmark
from benchmark_n.cards.citations import citations
from benchmark_n.cards.datasheet import recipe_datasheet
from benchmark_n.cards.licences import licence_rows
from benchmark_n.cards.markdown import parameter_sections, restrictions, shown_value
from benchmark_n.cards.page import (
    as_words,
    cell,
    front_matter,
    header_fields,
    licence_link,
    template,
)
from benchmark_n.cards.realism import realism_text
from benchmark_n.datasets import Dataset
from benchmark_n.runtime.commands import command_line

Document = Mapping[str, Any]


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
    title: str,
    dataset: Dataset,
    recipes: Mapping[str, Document],
    sample: Sample | None = None,
    options: Mapping[str, object] | None = None,
) -> str:
    """``README.md`` of the benchmark `title` of `dataset`.

    Parameters
    ----------
    recipes
        Tier to its recipe in plain values.
    options
        Further parameters of `make` that make a tier.

    Raises
    ------
    InputError
        The extra ``hub`` is not installed.
    """
    fields = header_fields(title, dataset.terms, [f"extended|{dataset.name}"])
    return front_matter(fields) + template("recipe.md").render(
        title=title,
        dataset=dataset,
        tiers=list(recipes),
        commands=[
            command_line("make", dataset=dataset.name, tier=tier, seed=1, **(options or {}))
            for tier in recipes
        ],
        parameters=_parameters(recipes),
        notes=_notes(recipes),
        sample=sample,
        reason="no sample of the source was at hand"
        if not dataset.terms.shareable
        else "no run of these recipes was made for this card",
        realism=[(tier, realism_text(recipe, f"{tier}.yaml")) for tier, recipe in recipes.items()],
        licences=[
            {name: cell(value) for name, value in row.items()}
            for row in licence_rows(dataset.terms, dataset)
        ],
        datasheet=recipe_datasheet(
            title, dataset, weak=any("prompt" in recipe for recipe in recipes.values())
        ),
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


def _parameters(recipes: Mapping[str, Document]) -> list[dict[str, Any]]:
    """One row for each parameter of any of the recipes, in their order."""
    documents = list(recipes.values())
    sections = [parameter_sections(document) for document in documents]
    keys = {
        (part, name): None for one in sections for part, values in one.items() for name in values
    }
    return [
        {
            "part": as_words(part),
            "name": as_words(name),
            "values": [shown_value(one.get(part, {}).get(name, "-")) for one in sections],
            "provenance": _provenance(documents, f"{part}.{name}"),
        }
        for part, name in keys
    ]


def _provenance(documents: Sequence[Document], key: str) -> str:
    named = [document["provenance"].get(key, "default") for document in documents]
    return "; ".join(dict.fromkeys(named))


def _notes(recipes: Mapping[str, Document]) -> list[str]:
    lines = [f"{tier}: recipe `{recipe['name']}`" for tier, recipe in recipes.items()]
    for recipe in recipes.values():
        lines += [line for line in restrictions(recipe) if line not in lines]
    return lines
