"""A card for people: a dataset card of the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark_n.benchmark.summary import QUANTILES
from benchmark_n.cards.citations import citations
from benchmark_n.cards.facts import Facts
from benchmark_n.cards.leakage_table import leakage_rows
from benchmark_n.cards.page import (
    TASK_OF_BOXES,
    as_words,
    cell,
    cell_code,
    code,
    front_matter,
    header_fields,
    licence_link,
    template,
)
from benchmark_n.cards.pictures import CONFUSION, HISTOGRAMS
from benchmark_n.cards.reproducibility import reproducibility
from benchmark_n.cards.sections import further_sections
from benchmark_n.evaluators.leakage.audit import LEVEL


def render_markdown(facts: Facts) -> str:
    """``README.md`` of the published folder: YAML for the Hub, then the sections for people.

    Raises
    ------
    InputError
        The extra ``hub`` is not installed.
    """
    drawn = facts.dataset is not None and facts.dataset.embedded
    fields = header_fields(
        facts.title,
        facts.terms,
        ["original"] if drawn else [f"extended|{facts.source}"],
    )
    if _shape(facts.summary) == "box":
        fields["task_categories"] = [TASK_OF_BOXES]
        del fields["task_ids"]
    fields["size_categories"] = [facts.size_category]
    if configs := _configs(facts):
        fields["configs"] = configs
    return front_matter(fields) + _body(facts)


def _configs(facts: Facts) -> list[dict[str, Any]]:
    """The tables, the first of which the Hub shows."""
    tables = [file.path for file in facts.files if file.path.endswith(".parquet")]
    return [
        {
            "config_name": Path(path).stem,
            "data_files": path,
            **({"default": True} if path == tables[0] else {}),
        }
        for path in tables
    ]


def _body(facts: Facts) -> str:
    summary = facts.summary
    rate = summary["effective_class_rate"]
    return template("card.md").render(
        title=cell(facts.title),
        about=about(facts),
        made="No noise was added on purpose."
        if facts.command
        else "The noise is real: it is whatever differs between two annotation files.",
        recipe=facts.recipe,
        parameters=_parameters(facts.recipe),
        restrictions=restrictions(facts.recipe),
        kept_fields=[cell_code(name) for name in facts.recipe.get("keep_fields", ())],
        images=facts.images,
        categories=facts.categories,
        summary=summary,
        boxes=summary.get("boxes", 0),
        shape=_shape(summary),
        sizes=" / ".join(f"{count:,}" for count in summary["sizes"].values()),
        class_rate="" if rate is None else f" ({rate:.1%} of the surviving instances)",
        outcomes=_outcomes(summary),
        quantile_names=[f"{q:.0%}" for q in QUANTILES],
        quantiles=_quantiles(summary),
        leakage=leakage_rows(facts.leakage),
        leakage_needs=facts.leakage.get("needs"),
        leakage_marks=[cell(mark) for mark in facts.leakage["marked"]],
        level=LEVEL,
        histograms=HISTOGRAMS,
        confusion=CONFUSION,
        source=code(facts.recipe["source"]["file"]),
        name=cell(facts.recipe["name"]),
        description=cell(facts.recipe.get("description", "")),
        departures=[cell(line) for line in facts.recipe.get("departures", ())],
        files=[(cell_code(file.path), file) for file in facts.files],
        terms=facts.terms,
        shareable_clean=facts.terms.shareable and not facts.recipe.get("sealed"),
        licence=licence_link(facts.terms),
        **further_sections(facts),
        command=facts.command,
        versions=versions(facts),
        reproducibility=reproducibility(facts),
        citation=citations(facts.terms),
    )


def about(facts: Facts) -> str:
    """One sentence: what the benchmark is."""
    instances, boxes = facts.summary["instances"], facts.summary.get("boxes", 0)
    told = f" ({boxes:,} of them boxes without masks)" if 0 < boxes < instances else ""
    return (
        f"The {'boxes' if boxes == instances > 0 else 'annotations'} of {instances:,} "
        f"instances{told} in {facts.images:,} images of "
        f"{facts.source}, with a known amount of annotation error and a manifest that "
        "says what was done to every one of them."
    )


def _shape(summary: Mapping[str, Any]) -> str:
    """What the noise moves, in a word."""
    boxes = summary.get("boxes", 0)
    if not boxes:
        return "mask"
    return "box" if boxes == summary["instances"] else "mask or box"


def _parameters(recipe: Mapping[str, Any]) -> list[dict[str, str]]:
    """One row for each parameter: of prompts, where a model annotates, and of noises."""
    provenance = recipe.get("provenance", {})
    return [
        {
            "part": as_words(section),
            "name": as_words(name),
            "value": cell(shown_value(value)),
            "provenance": cell(provenance.get(f"{section}.{name}", "default")),
        }
        for section, parameters in parameter_sections(recipe).items()
        for name, value in parameters.items()
    ]


def shown_value(value: object) -> str:
    """A parameter's value: numbers to four digits, of a table how many rows it has."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping) and any(isinstance(row, Mapping) for row in value.values()):
        return f"a matrix of {len(value)} rows"
    return str(value)


def parameter_sections(recipe: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """A recipe's parameters by the part that they belong to: prompts and models, then noises."""
    weak = ("prompt", "segmenter", "grounder", "prompts_from")
    return {part: recipe[part] for part in weak if part in recipe} | dict(recipe["noises"])


def restrictions(recipe: Mapping[str, Any]) -> list[str]:
    """Where a recipe restricts its noises, in words."""
    return [
        f"{as_words(noise)} only where {cell(key)} is {cell(', '.join(map(str, values)))}"
        for noise, conditions in recipe.get("where", {}).items()
        for key, values in conditions.items()
    ]


def _outcomes(summary: Any) -> list[dict[str, str]]:
    return [
        {
            "noise": as_words(noise),
            "drawn": f"{counts['applied'] + sum(counts['not_applied'].values()):,}",
            "applied": f"{counts['applied']:,}",
            "rate": "-" if counts["rate"] is None else f"{counts['rate']:.1%}",
            "reasons": ", ".join(
                f"{as_words(cell(reason))} {count:,}"
                for reason, count in counts["not_applied"].items()
            )
            or "-",
        }
        for noise, counts in summary["noises"].items()
    ]


def _quantiles(summary: Any) -> list[dict[str, Any]]:
    return [
        {
            "name": name.replace("_iou", " IoU").replace("iou", "IoU"),
            "changed": f"{summary[name]['changed']:,}",
            "mean": f"{summary[name]['mean']:.3f}",
            "values": [f"{value:.3f}" for value in summary[name]["quantiles"].values()],
        }
        for name in ("iou", "boundary_iou")
        if summary[name]["changed"]
    ]


def versions(facts: Facts) -> str:
    """The libraries that the bytes may depend on, in words."""
    environment = facts.environment
    python = ".".join(environment.python.split(".")[:2])
    libraries = [f"{name} {number}" for name, number in environment.libraries.items()]
    package = f"Benchmark-N {environment.benchmark_n}"
    return ", ".join([package, f"Python {python}", *libraries]) + f" ({environment.platform})"
