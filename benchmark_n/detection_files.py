"""The files that a detection leaves: scores, results, annotated COCO file and page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow.compute as pc

from benchmark_n.benchmark import Benchmark
from benchmark_n.benchmark.scores import write_scores
from benchmark_n.benchmark.staging import staged
from benchmark_n.coco.records import join_record, split_record
from benchmark_n.coco.write import CocoStream
from benchmark_n.detectors.detected import Detected
from benchmark_n.errors import InputError
from benchmark_n.report.detection import TOP, write_report

RESULTS, SCORES, SUSPECTS, REPORT = (
    "results.json",
    "scores.parquet",
    "suspects.json",
    "report.html",
)


def write_detected(
    found: Detected,
    folder: Path,
    *,
    benchmark: Benchmark | None = None,
    top: int = TOP,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write ``results.json``, ``scores.parquet``, ``suspects.json`` and ``report.html``.

    An earlier result in `folder` is replaced.

    Parameters
    ----------
    more
        Names of further JSON files, and their plain values.

    Raises
    ------
    InputError
        `folder` exists and is no earlier result, or lies in a benchmark.
    """
    if any((parent / "SHA256SUMS").exists() for parent in (folder, folder.parent)):
        raise InputError(f"{folder}: lies in a benchmark: results go elsewhere (--out)")
    with staged(folder, overwrite=True, marker=RESULTS) as stage:
        told = {**(found.scores.schema.metadata or {}), "detector": found.detector}
        write_scores(found.scores.replace_schema_metadata(told), stage / SCORES)
        for name, values in {RESULTS: found.to_dict(), **more}.items():
            text = json.dumps(values, indent=2) + "\n"
            (stage / name).write_text(text, encoding="utf-8")
        _write_suspects(found, stage / SUSPECTS)
        write_report(found, stage / REPORT, benchmark=benchmark, top=top)


def _write_suspects(found: Detected, path: Path) -> None:
    """The annotations, each with ``score`` and ``attributes``, as FiftyOne and CVAT show them."""
    told = _told(found)
    coco = found.coco
    with CocoStream(path, coco.sections) as stream:
        for identity, record in zip(coco.annotation_ids.tolist(), coco.annotations, strict=True):
            if identity not in told:
                stream.write([bytes(record)])
                continue
            score, attributes = told[identity]
            changes = {"score": score, "attributes": attributes}
            stream.write([join_record(split_record(record), changes)])


def _told(found: Detected) -> dict[int, tuple[float, Mapping[str, Any]]]:
    """Annotation id to its score of any error, and what is said of each kind."""
    named = found.scores.filter(pc.is_valid(found.scores["annotation_id"]))
    told: dict[int, tuple[float, dict[str, Any]]] = {}
    for row in named.to_pylist():
        _, attributes = told.setdefault(row["annotation_id"], (0.0, {}))
        if row["kind"] == "any":
            told[row["annotation_id"]] = (row["score"], attributes)
            attributes["flagged"] = row["flagged"]
            continue
        attributes[f"{row['kind']}_score"] = row["score"]
        category = found.coco.categories.get(row["suggested_category"])
        if category is not None:
            attributes["suggested_category"] = category.name or str(category.id)
    return dict(told)
