"""A card for machines: Croissant JSON-LD with the RAI vocabulary.

References
----------
.. [1] MLCommons: Croissant Format Specification 1.1, and the Croissant RAI specification 1.0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark_n._version import RELEASED
from benchmark_n.cards.citations import citations
from benchmark_n.cards.croissant_parts import file_object, record_set
from benchmark_n.cards.facts import Artefact, Facts
from benchmark_n.cards.markdown import about, shown_value, versions
from benchmark_n.datasets import Dataset
from benchmark_n.runtime.optional_imports import import_extra

_VERSION = "http://mlcommons.org/croissant/1.1"


def render_croissant(facts: Facts, roots: Sequence[Path]) -> str:
    """``croissant.json``; the tables that it describes lie under one of `roots`.

    Raises
    ------
    InputError
        The extra ``hub`` is not installed.
    """
    mlc = import_extra("mlcroissant", "hub", "a Croissant file")
    ctx = mlc.Context(conforms_to=_VERSION)
    metadata = mlc.Metadata(
        ctx=ctx,
        name=facts.name,
        description=about(facts),
        license=[facts.terms.url or facts.terms.licence],
        version=str(facts.recipe.get("version", 1)) + ".0.0",
        date_published=RELEASED,
        cite_as=_one_line(citations(facts.terms)),
        keywords=["instance segmentation", "noisy labels", "label errors", facts.title],
        distribution=[file_object(mlc, ctx, file) for file in facts.files],
        record_sets=[
            record_set(mlc, ctx, file, roots)
            for file in facts.files
            if file.path.endswith(".parquet")
        ],
        data_collection=_collection(facts),
        data_collection_type=["Software Collection"],
        data_annotation_protocol=_protocol(facts),
        data_limitations=[
            "Errors are drawn independently for each instance; human errors depend on the image.",
            "Errors of the source's own annotations are part of what is called clean here.",
        ],
        data_biases=_biases(facts),
        data_use_cases=[
            "Testing: detection of label errors; training and comparing models under label noise.",
        ],
        data_manipulation_protocol=f"{facts.command or 'benchmark-n import'}; {versions(facts)}",
        data_release_maintenance_plan=(
            "The bytes change only with the version of the recipe or of a noise."
        ),
    )
    return _dump(metadata)


def render_recipe_croissant(title: str, dataset: Dataset, files: Sequence[Artefact]) -> str:
    """``croissant.json`` of a benchmark whose recipes, `files`, are all that is published."""
    mlc = import_extra("mlcroissant", "hub", "a Croissant file")
    ctx = mlc.Context(conforms_to=_VERSION)
    metadata = mlc.Metadata(
        ctx=ctx,
        name=title,
        description=f"Recipes of {title}: {dataset.name} with known annotation error.",
        license=[dataset.terms.url],
        version="1.0.0",
        date_published=RELEASED,
        cite_as=_one_line(citations(dataset.terms)),
        keywords=["instance segmentation", "noisy labels", "label errors", title],
        distribution=[file_object(mlc, ctx, file) for file in files],
        data_limitations=["Recipes alone: whoever has the source makes the annotations."],
    )
    return _dump(metadata)


def _dump(metadata: Any) -> str:
    return json.dumps(metadata.to_json(), indent=2, ensure_ascii=False) + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _collection(facts: Facts) -> str:
    source = facts.recipe["source"]
    return (
        f"Annotations of {facts.source} ({source['file']}, SHA-256 {source['sha256']}), "
        "changed by a seeded noise engine."
    )


def _protocol(facts: Facts) -> list[str]:
    lines = [
        f"{noise}: "
        + ", ".join(
            f"{name} {shown_value(value) if isinstance(value, Mapping) else value}"
            for name, value in parameters.items()
        )
        for noise, parameters in facts.recipe["noises"].items()
    ]
    return lines or ["No noise was added."]


def _biases(facts: Facts) -> list[str]:
    """How the known noise is spread over sizes of instances."""
    sizes = facts.summary["sizes"]
    return [
        f"{noise} was applied to "
        + ", ".join(
            f"{count / sizes[size]:.1%} of the {size}"
            for size, count in counts["by_size"].items()
            if sizes[size]
        )
        + " instances."
        for noise, counts in facts.summary["noises"].items()
    ]
