"""The files that a detection leaves: scores, results, annotated COCO file and page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow.compute as pc

from benchmark_n.benchmark import Benchmark
from benchmark_n.coco.labels import category_labels
from benchmark_n.coco.records import join_record, split_record
from benchmark_n.coco.write import CocoStream
from benchmark_n.detection.result import DetectionResult
from benchmark_n.errors import InputError
from benchmark_n.files.atomic import files_beside, staged
from benchmark_n.report.detection import TOP, write_report
from benchmark_n.tables.scores import write_scores

RESULTS, SCORES, SUSPECTS, REPORT = (
    "results.json",
    "scores.parquet",
    "suspects.json",
    "report.html",
)
ABLATION = "ablation.json"
_STRANGERS = files_beside(RESULTS, SCORES, SUSPECTS, REPORT, ABLATION)


def write_detected(
    detection: DetectionResult,
    out: Path,
    *,
    benchmark: Benchmark | None = None,
    top: int = TOP,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write ``results.json``, ``scores.parquet``, ``suspects.json`` and ``report.html``.

    An earlier result in `out` is replaced.

    Parameters
    ----------
    more
        Names of further JSON files, and their plain values.

    Raises
    ------
    InputError
        `out` exists and is no earlier result, or lies in a benchmark.
    """
    if any((parent / "SHA256SUMS").exists() for parent in (out, out.parent)):
        raise InputError(f"{out}: lies in a benchmark: results go elsewhere (`out`)")
    with staged(out, overwrite=True, marker=RESULTS, strangers=_STRANGERS) as stage:
        quality = {**(detection.scores.schema.metadata or {}), "detector": detection.detector}
        write_scores(detection.scores.replace_schema_metadata(quality), stage / SCORES)
        for name, values in {RESULTS: detection.to_dict(), **more}.items():
            text = json.dumps(values, indent=2) + "\n"
            (stage / name).write_text(text, encoding="utf-8")
        _write_suspects(detection, stage / SUSPECTS)
        write_report(detection, stage / REPORT, benchmark=benchmark, top=top)


def _write_suspects(detection: DetectionResult, path: Path) -> None:
    """The annotations, each with ``score`` and ``attributes``, as FiftyOne and CVAT show them."""
    quality = _quality_of(detection)
    coco = detection.coco
    with CocoStream(path, coco.sections) as stream:
        for identity, record in zip(coco.annotation_ids.tolist(), coco.annotations, strict=True):
            if identity not in quality:
                stream.write([bytes(record)])
                continue
            score, attributes = quality[identity]
            changes = {"score": score, "attributes": attributes}
            stream.write([join_record(split_record(record), changes)])


def _quality_of(detection: DetectionResult) -> dict[int, tuple[float, Mapping[str, Any]]]:
    """Annotation id to its score of any error, and what is said of each kind."""
    named = detection.scores.filter(pc.is_valid(detection.scores["annotation_id"]))
    quality: dict[int, tuple[float, dict[str, Any]]] = {}
    labels = category_labels(detection.coco.categories)
    for row in named.to_pylist():
        _, attributes = quality.setdefault(row["annotation_id"], (0.0, {}))
        if row["kind"] == "any":
            quality[row["annotation_id"]] = (row["score"], attributes)
            attributes["flagged"] = row["flagged"]
            continue
        attributes[f"{row['kind']}_score"] = row["score"]
        category = labels.get(row["suggested_category"])
        if category is not None:
            attributes["suggested_category"] = category
    return dict(quality)
