"""Fields of image and annotation records, published or withheld: for evaluations alone.

A detector sees what is published. Who divides its results by a field, or groups them, may use what
the benchmark knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from benchmark_n.benchmark import layout
from benchmark_n.benchmark.directory import Benchmark
from benchmark_n.benchmark.fields import ANNOTATION_FIELDS, put_back_in
from benchmark_n.coco import CocoFile
from benchmark_n.errors import InputError, annotation_fault
from benchmark_n.files.json_yaml import JSON_FAULTS


def with_image_fields(coco: CocoFile) -> CocoFile:
    """The file, its image records with what is withheld of them where it is a benchmark's.

    Raises
    ------
    InputError
        The benchmark's withheld fields cannot be read.
    """
    folder = coco.path.parent.parent
    if not (folder / layout.WITHHELD).is_file() or not (folder / layout.RECIPE).is_file():
        return coco
    benchmark = Benchmark(folder)
    if benchmark.annotations != coco.path:
        return coco
    section = put_back_in(coco.sections["images"], benchmark.withheld.images)
    return replace(coco, sections={**coco.sections, "images": section})


def record_field(
    benchmark: Benchmark, noisy: CocoFile, name: str
) -> tuple[str, dict[int, Any]] | None:
    """The values of a field of the image records, else of the annotation records, by id.

    Returns
    -------
    tuple or None
        ``"image_id"`` or ``"annotation_id"``, and id to value of the records that have one; None
        where none has. Deleted annotations are among them where the field is withheld.

    Raises
    ------
    InputError
        What is withheld cannot be read.
    """
    if values := _values(_image_records(benchmark, noisy), name):
        return "image_id", values
    values = _values(noisy.records(), name)
    if name not in ANNOTATION_FIELDS:
        values = {**_withheld_values(benchmark, name), **values}
    return ("annotation_id", values) if values else None


def _image_records(benchmark: Benchmark, noisy: CocoFile) -> list[dict[str, Any]]:
    section = put_back_in(noisy.sections["images"], benchmark.withheld.images)
    try:
        records: list[dict[str, Any]] = msgspec.json.decode(section)
    except JSON_FAULTS as error:
        raise InputError(f"{benchmark.path / layout.WITHHELD}: images: {error}") from None
    return records


def _values(records: Iterable[Mapping[str, Any]], name: str) -> dict[int, Any]:
    return {r["id"]: value for r in records if (value := r.get(name)) is not None}


def _withheld_values(benchmark: Benchmark, name: str) -> dict[int, Any]:
    """Annotation id to the value of a field in the manifest's two columns of JSON."""
    table = benchmark.manifest(["annotation_id", "clean_record", "withheld"])
    found = {}
    for row in table.to_pylist():
        for column in ("withheld", "clean_record"):
            try:
                fields = msgspec.json.decode(row[column] or b"{}", type=dict[str, msgspec.Raw])
                value = msgspec.json.decode(fields.get(name, b"null"))
            except JSON_FAULTS as error:
                path, identity = benchmark.path / layout.MANIFEST, row["annotation_id"]
                raise annotation_fault(path, identity, f"{column}: {error}") from None
            if value is not None:
                found[row["annotation_id"]] = value
                break
    return found
