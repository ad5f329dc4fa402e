"""The tables of a detector's page: measures beside their floors, and by parts."""

from __future__ import annotations

import numpy as np

from benchmark_n.detection.result import DetectionResult
from benchmark_n.evaluators.label_errors.results import LabelErrorResult
from benchmark_n.report.pages import MEASURES, floor_name, interval_text, measure_text

_MOST_PARTS = 40
# Categories by their number of annotations: from one of these to below the next.
FREQUENCIES = (1, 10, 100, 1000)
Cells = list[tuple[str, str]]


def measure_rows(
    result: LabelErrorResult | None, detector: str
) -> list[tuple[str, str, str, Cells]]:
    """(kind, row, against the best floor, measures) of the detector and of each floor.

    A measure is a text and its interval.
    """
    if result is None:
        return []
    rows = []
    for kind, found in result.kinds.items():
        against = found.against_floor.text if found.against_floor else "-"
        cells = [
            (measure_text(found.measures.get(name), digits), interval_text(spread, digits))
            for name, _, digits in MEASURES
            for spread in [found.intervals.get(name)]
        ]
        rows.append((kind, detector, against, cells))
        for floor, measures in found.floors.items():
            spread = interval_text(found.floor_intervals.get(floor), 3)
            cells = [
                (measure_text(measures.get(name), digits), spread if name == "lifted_auprc" else "")
                for name, _, digits in MEASURES
            ]
            rows.append((kind, floor_name(floor), "", cells))
    return rows


def graded_line(results: LabelErrorResult | None) -> str:
    """How the spatial scores follow 1 - IoU, in a line; empty without such scores."""
    result = results.kinds.get("spatial") if results else None
    graded = None if result is None else result.graded
    if graded is None:
        return ""
    parts = [f"{name} {measure_text(graded[name], 3)}" for name in ("spearman", "kendall")]
    for k, found in graded["map_at"].items():
        large = f"{found['categories']['large']} of more than {2 * int(k)} masks"
        parts.append(
            f"MAP@{k} {measure_text(found['all'], 3)} over {found['categories']['all']} "
            f"categories, {measure_text(found['large'], 3)} over the {large}"
        )
    return "; ".join(parts)


def frequency_rows(detection: DetectionResult) -> list[tuple[str, str, int, int, int, int]]:
    """(kind, frequency, categories, annotations, flagged, errors): are rare ones flagged too much?

    Of results that are broken down by category.
    """
    if detection.result is None:
        return []
    evidence = detection.evidence
    counts = np.bincount(evidence.labels, minlength=len(evidence.category_names)).tolist()
    rows = []
    for kind, found in detection.result.kinds.items():
        parts = found.by.get("category", {})
        for low, high in zip(FREQUENCIES, (*FREQUENCIES[1:], None), strict=True):
            own = {
                name: count
                for name, count in zip(evidence.category_names, counts, strict=True)
                if name in parts and count >= low and (high is None or count < high)
            }
            if own:
                flagged, errors = (
                    sum(int(parts[name][measure] or 0) for name in own)
                    for measure in ("flagged", "errors")
                )
                label = f"{low} or more" if high is None else f"{low} to {high - 1}"
                rows.append((kind, label, len(own), sum(own.values()), flagged, errors))
    return rows


def part_rows(result: LabelErrorResult | None) -> list[tuple[str, str, str, list[str]]]:
    """(kind, field, value, measures) of the parts, the noises first."""
    if result is None:
        return []
    rows = []
    for kind, found in result.kinds.items():
        fields = sorted(found.by, key=lambda name: (name != "noise", name))
        for field in fields:
            for value, measures in list(found.by[field].items())[:_MOST_PARTS]:
                cells = [measure_text(measures.get(name), digits) for name, _, digits in MEASURES]
                rows.append((kind, field, value, cells))
    return rows
