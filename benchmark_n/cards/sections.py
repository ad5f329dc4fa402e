"""What a card says beyond its counts: floors, realism, loading, licences, the datasheet."""

from __future__ import annotations

from typing import Any

from benchmark_n.benchmark import layout
from benchmark_n.cards.datasheet import datasheet
from benchmark_n.cards.facts import Facts
from benchmark_n.cards.floors import MEASURED, RANKED, FloorRow
from benchmark_n.cards.licences import licence_rows
from benchmark_n.cards.page import cell
from benchmark_n.cards.pictures import SAMPLE
from benchmark_n.cards.realism import realism_text
from benchmark_n.datasets import Dataset
from benchmark_n.runtime.commands import command_line


def further_sections(facts: Facts) -> dict[str, Any]:
    """Names of the template to what it shows."""
    dataset, sealed = facts.dataset, bool(facts.recipe.get("sealed"))
    embedded = dataset is not None and dataset.embedded
    return {
        "images_from": _images_from(dataset),
        "redistribution": dataset.redistribution if dataset is not None else "",
        "sample": SAMPLE if facts.has_sample else "",
        "sample_pixels": embedded,
        "floor_names": list(RANKED),
        "floors": [_floor_row(row) for row in facts.floors],
        "floor_stride": facts.floors[0].stride if facts.floors else 1,
        "floor_limit": f"{MEASURED:,}",
        "realism": realism_text(facts.recipe, layout.RECIPE) if facts.command else "",
        "annotation_file": f"{layout.ANNOTATIONS}/{facts.recipe['source']['file']}",
        "licences": [
            {name: cell(value) for name, value in row.items()}
            for row in licence_rows(facts.terms, dataset, sealed=sealed)
        ],
        "datasheet": datasheet(facts),
    }


def _floor_row(row: FloorRow) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "annotations": f"{row.annotations:,}",
        "share": f"{row.errors / row.annotations:.2f}" if row.annotations else "-",
        "f1": _figure(row.flag_everything),
        "auprc": [_figure(row.auprc[name]) for name in RANKED],
    }


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _images_from(dataset: Dataset | None) -> str:
    if dataset is None or not (dataset.homepage or dataset.embedded):
        return ""
    if dataset.embedded:
        return f"; `{command_line('make', dataset=dataset.name)}` draws them"
    return f"; they come from {dataset.homepage}"
