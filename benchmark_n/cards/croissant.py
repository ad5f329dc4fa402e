"""A card for machines: Croissant JSON-LD with the RAI vocabulary.

References
----------
.. [1] MLCommons: Croissant Format Specification 1.1, and the Croissant RAI specification 1.0.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmark_n._version import RELEASED
from benchmark_n.cards.citations import citations
from benchmark_n.cards.facts import Artefact, Facts
from benchmark_n.cards.markdown import about, versions
from benchmark_n.datasets import Dataset
from benchmark_n.runtime.optional_imports import import_extra

_VERSION = "http://mlcommons.org/croissant/1.1"
_EXACT = 2**53
_ENCODINGS = {
    ".json": "application/json",
    ".parquet": "application/x-parquet",
    ".yaml": "application/yaml",
}


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
        distribution=[_file_object(mlc, ctx, file) for file in facts.files],
        record_sets=[
            _record_set(mlc, ctx, file, roots)
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
        distribution=[_file_object(mlc, ctx, file) for file in files],
        data_limitations=["Recipes alone: whoever has the source makes the annotations."],
    )
    return _dump(metadata)


def _dump(metadata: Any) -> str:
    return json.dumps(metadata.to_json(), indent=2, ensure_ascii=False) + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _file_object(mlc: Any, ctx: Any, file: Artefact) -> Any:
    return mlc.FileObject(
        ctx=ctx,
        id=file.path,
        name=file.path,
        description=file.meaning,
        content_url=file.path,
        content_size=f"{file.size} B",
        encoding_formats=[_ENCODINGS.get(Path(file.path).suffix, "text/plain")],
        sha256=file.sha256,
    )


def _record_set(mlc: Any, ctx: Any, file: Artefact, roots: Sequence[Path]) -> Any:
    name = Path(file.path).stem
    return mlc.RecordSet(
        ctx=ctx,
        id=name,
        name=name,
        description=file.meaning,
        fields=[
            mlc.Field(
                ctx=ctx,
                id=f"{name}/{field.name}",
                name=field.name,
                description=field.name.replace("_", " "),
                data_types=[_data_type(mlc, str(field.type))],
                source=mlc.Source(
                    ctx=ctx, file_object=file.path, extract=mlc.Extract(ctx=ctx, column=field.name)
                ),
            )
            for field in _fields(file.path, roots)
        ],
    )


def _fields(name: str, roots: Sequence[Path]) -> list[Any]:
    """The table's columns that Croissant's readers give back as they are.

    Left out are the original records, bytes for which there is no type, and whole numbers beyond
    2^53 with nulls among them (seeds), which those readers turn into floating point.
    """
    file = pq.ParquetFile(next(root / name for root in roots if (root / name).is_file()))
    return [
        field
        for index, field in enumerate(file.schema_arrow)
        if str(field.type) != "binary" and _survives_floats(file.metadata, index)
    ]


def _survives_floats(metadata: Any, column: int) -> bool:
    groups = [metadata.row_group(i).column(column) for i in range(metadata.num_row_groups)]
    known = [group.statistics for group in groups if group.statistics is not None]
    nulls = any(statistics.null_count for statistics in known)
    largest = [
        abs(value)
        for statistics in known
        if groups[0].physical_type == "INT64" and statistics.has_min_max
        for value in (statistics.min, statistics.max)
    ]
    return not nulls or max(largest, default=0) <= _EXACT


def _data_type(mlc: Any, arrow: str) -> Any:
    kinds = {
        "int64": mlc.DataType.INTEGER,
        "double": mlc.DataType.FLOAT,
        "bool": mlc.DataType.BOOL,
        "string": mlc.DataType.TEXT,
    }
    return kinds[arrow]


def _collection(facts: Facts) -> str:
    source = facts.recipe["source"]
    return (
        f"Annotations of {facts.source} ({source['file']}, SHA-256 {source['sha256']}), "
        "changed by a seeded noise engine."
    )


def _protocol(facts: Facts) -> list[str]:
    lines = [
        f"{noise}: " + ", ".join(f"{name} {value}" for name, value in parameters.items())
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
