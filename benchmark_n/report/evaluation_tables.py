"""What `compare_predictions` found, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmark_n.coco.units import units_line
from benchmark_n.evaluation.result import Evaluation
from benchmark_n.report.result_table import Cell, Column, Figure, ResultTable, ResultTables

IOU_TITLES = {"bbox": "box", "segm": "mask", "boundary": "boundary"}
_DIGEST = 12


def compare_tables(evaluation: Evaluation) -> ResultTables:
    """The paper's Table 3: AP by IoU type, and the share of the first row's that is kept.

    The first row is what the others are compared with, and never marked as the best.
    """
    results = evaluation.results
    kinds = list(next(iter(results.values()))["kept"])
    columns = [Column("predictions")]
    for kind in kinds:
        columns.append(Column(f"{IOU_TITLES[kind]} AP", 2, "highest", 100))
        columns.append(
            Column("kept %" if len(kinds) == 1 else f"{IOU_TITLES[kind]} kept %", 2, scale=100)
        )
    rows = []
    for name, result in results.items():
        row: list[Cell] = [name]
        for kind in kinds:
            row += [_precision(result[kind]), Figure(result["kept"][kind])]
        rows.append(tuple(row))
    settings = next(iter(results.values()))[kinds[0]]["settings"]
    units = [units_line(settings["group_by"], settings["groups"])] if "groups" in settings else []
    table = ResultTable(evaluation.name, tuple(columns), tuple(rows), tuple(units), frozenset({0}))
    return ResultTables([table], tuple(provenance_lines(evaluation.provenance)))


def _precision(result: Mapping[str, Any]) -> Figure:
    """AP, with its interval where units were resampled."""
    spread = result["intervals"].get("AP")
    return Figure(result["statistics"]["AP"], None if spread is None else (spread[0], spread[1]))


def provenance_lines(provenance: Mapping[str, Any]) -> Iterator[str]:
    """Version, benchmark, source and files of an evaluation, a line each.

    Examples
    --------
    >>> list(provenance_lines({"benchmark-n": "1.0.0", "files": {"hard": "ab" * 32}}))
    ['Benchmark-N 1.0.0', 'hard: SHA-256 abababababab']
    """
    yield f"Benchmark-N {provenance['benchmark-n']}"
    if provenance.get("benchmark"):
        seed = provenance.get("seed")
        made = "sealed" if seed is None else f"seed {seed}"
        yield f"{provenance['benchmark']} {provenance['name']}, {made}"
    for name, digest in {
        "source": (provenance.get("source") or {}).get("sha256"),
        "ground truth": (provenance.get("ground_truth") or {}).get("sha256"),
        **provenance.get("files", {}),
    }.items():
        if digest:
            yield f"{name}: SHA-256 {digest[:_DIGEST]}"
