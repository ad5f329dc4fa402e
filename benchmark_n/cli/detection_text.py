"""Tables of what detectors found. AUPRC, F1 and the like are shown in percent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark_n.cli.slice_tables import slices_table
from benchmark_n.cli.tables import percent, table
from benchmark_n.coco.units import units_line, units_text

if TYPE_CHECKING:
    from benchmark_n.detection.result import DetectionResult

# Measures of a slice to their headers.
_OF_SLICES = {"auprc": "AUPRC", "prevalence": "chance", "f1": "F1"}
_COUNTS = ("errors", "flagged")
_RANK = ("lifted_auprc", "f1_at_budget")


def scores_text(results: list[DetectionResult]) -> str:
    """A table for each kind of error: detectors and floors, the highest lifted AUPRC first."""
    kinds = dict.fromkeys(kind for one in results if one.result for kind in one.result.tables)
    parts = [_kind_text(kind, results) for kind in kinds]
    told = [
        f"{one.detector} was told: {', '.join(one.provenance['told'])}"
        for one in results
        if one.provenance["told"]
    ]
    lines = [*told, *dict.fromkeys(one.result.verification for one in results if one.result)]
    return "\n\n".join([*parts, *(["\n".join(lines)] if lines else [])])


def _kind_text(kind: str, results: list[DetectionResult]) -> str:
    from benchmark_n.evaluators.label_errors.floors import without_flags
    from benchmark_n.report.pages import MEASURES, floor_name

    rows: list[tuple[list[str], dict[str, float | int | None]]] = []
    floors: list[tuple[list[str], dict[str, float | int | None]]] = []
    for one in results:
        found = one.result.tables.get(kind) if one.result else None
        if found is None:
            continue
        against = found.against_floor.text if found.against_floor else "-"
        rows.append(([one.detector, one.provenance["trained_on"], against], dict(found.measures)))
        # The floors' flags are as many as a detector's: of several there is no such number.
        floors = floors or [
            (
                [floor_name(name), "", ""],
                dict(own) if len(results) == 1 else without_flags(name, own),
            )
            for name, own in found.floors.items()
        ]
    ranked = sorted([*rows, *floors], key=lambda row: _rank(row[1]))
    cells = [
        [*names, *(_cell(name, measures.get(name)) for name, _, _ in MEASURES)]
        for names, measures in ranked
    ]
    titles = [title for _, title, _ in MEASURES]
    return table([f"{kind}, %", "trained on", "best floor", *titles], cells)


def _cell(name: str, value: float | int | None) -> float | int | None:
    return value if name in _COUNTS else percent(value)


def _rank(measures: dict[str, float | int | None]) -> list[float]:
    values = (measures.get(name) for name in _RANK)
    return [float("inf") if value is None else -value for value in values]


def matched_lines(results: list[DetectionResult]) -> list[str]:
    """How further annotators' files were joined."""
    from benchmark_n.coco.joining import matched_line

    files = [
        file
        for one in results
        for source in one.evidence.provenance["sources"]
        for file in source.get("files", [])
    ]
    return [
        f"{file['file']}: {matched_line(file['matched'])}" for file in files if "matched" in file
    ]


def slice_texts(results: list[DetectionResult]) -> list[str]:
    """A table for each detector, kind of error and field that was asked for."""
    tables = []
    for one in results:
        for kind, result in one.result.kinds.items() if one.result else ():
            for name, slices in result.slices.items():
                title = f"{one.detector}, {kind.replace('_', ' ')}, by {name}"
                tables.append(slices_table(title, [part.to_dict() for part in slices], _OF_SLICES))
    return tables


def groups_text(results: list[DetectionResult]) -> str:
    """What folds and intervals went by."""
    one = results[0]
    if one.result is not None:
        settings = one.result.settings
        return units_line(settings["group_by"], settings["groups"])
    folds = [s for s in one.provenance["evidence"] if "units" in s]
    return "\n".join(f"folds: {units_text(s['grouped_by'], s['units'])}" for s in folds)


def flags_text(results: list[DetectionResult]) -> str:
    from benchmark_n.detection.result import flag_counts

    rows = [
        [one.detector, kind, one.provenance["trained_on"], len(one.evidence), count]
        for one in results
        for kind, count in flag_counts(one.scores).items()
    ]
    return table(["detector", "kind", "trained on", "annotations", "flagged"], rows)
