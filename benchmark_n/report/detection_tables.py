"""The tables of a detector's page: measures beside their floors, and by parts."""

from __future__ import annotations

from benchmark_n.evaluators.label_errors.results import LabelErrorResult
from benchmark_n.report.pages import MEASURES, floor_name, measure_text, measure_texts

_MOST_PARTS = 40
Cells = list[tuple[str, str]]


def measure_rows(
    result: LabelErrorResult | None, detector: str
) -> list[tuple[str, str, str, Cells]]:
    """(table, row, against the best floor, measures) of the detector and of each floor.

    A measure is a text and its interval.
    """
    if result is None:
        return []
    rows = []
    for kind, found in result.tables.items():
        against = found.against_floor.text if found.against_floor else "-"
        cells = measure_texts(found.measures, found.intervals)
        rows.append((kind, detector, against, cells))
        for floor, measures in found.floors.items():
            spread = {"lifted_auprc": found.floor_intervals.get(floor)}
            cells = measure_texts(measures, spread)
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


def frequency_rows(result: LabelErrorResult | None) -> list[tuple[str, int, int, str, str]]:
    """(annotations a category, categories, annotations, flagged %, wrong %), the rarest first."""
    found = result.kinds.get("class") if result else None
    return [
        (
            str(group.smallest)
            if group.smallest == group.largest
            else f"{group.smallest} to {group.largest}",
            group.categories,
            group.annotations,
            f"{100 * group.flagged:.1f}",
            f"{100 * group.wrong:.1f}",
        )
        for group in (found.by_frequency if found else ())
    ]


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
