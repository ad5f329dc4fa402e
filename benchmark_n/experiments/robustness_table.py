"""What `robustness` found, as a table: the Benchmark-N paper's Table 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmark_n.experiments.robustness import KINDS, Robustness
from benchmark_n.report.evaluation_tables import IOU_TITLES
from benchmark_n.report.result_table import Cell, Column, Figure, ResultTable, ResultTables
from benchmark_n.report.robustness import standard_deviation


def robustness_tables(result: Robustness) -> ResultTables:
    """Mean and standard deviation over seeds of AP and of the share kept, in percent, by tier.

    The first tier is what the others are compared with, and never marked as the best.
    """
    columns = [Column(result.model)]
    for kind in KINDS:
        columns.append(Column(f"{IOU_TITLES[kind]} AP", 2, "highest", 100))
        columns.append(Column(f"{IOU_TITLES[kind]} kept %", 2, scale=100))
    rows = []
    for tier in result.tiers:
        row: list[Cell] = [tier.tier]
        for kind in KINDS:
            row += [_mean(tier.ap[kind]), _mean(tier.kept[kind])]
        rows.append(tuple(row))
    title = f"{result.model} trained on tiers of {result.dataset}, judged on clean labels"
    table = ResultTable(title, tuple(columns), tuple(rows), (), frozenset({0}))
    return ResultTables([table], tuple(_provenance(result)))


def _mean(values: Sequence[float]) -> Figure:
    return Figure(sum(values) / len(values), sd=standard_deviation(values))


def _provenance(result: Robustness) -> Iterator[str]:
    known: Mapping[str, Any] = result.provenance
    seeds = ", ".join(map(str, result.tiers[0].seeds))
    if "benchmark-n" in known:
        yield f"Benchmark-N {known['benchmark-n']}"
    yield f"{result.model} on {result.dataset}; seeds of noise and training {seeds}"
    yield from (f"{key}: {value}" for key, value in known.get("environment", {}).items())
