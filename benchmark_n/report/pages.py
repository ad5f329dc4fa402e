"""What the HTML pages have in common: the measures they show, and their templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jinja2

from benchmark_n.report.result_table import Column, Figure, interval_text

# Measure of detection, what pages call it, and its decimals; detectors are ranked by the first two.
MEASURES = (
    ("lifted_auprc", "lifted AUPRC", 3),
    ("f1_at_budget", "F1 at budget", 3),
    ("f1", "F1", 3),
    ("chance_f1", "chance F1", 3),
    ("precision", "precision", 3),
    ("recall", "recall", 3),
    ("best_f1", "best F1", 3),
    ("auprc", "AUPRC", 3),
    ("auroc", "AUROC", 3),
    ("prevalence", "π", 3),
    ("errors", "errors", 0),
    ("flagged", "flagged", 0),
)
# Of these the highest is no better than the lowest.
_NEITHER = ("chance_f1", "prevalence", "errors", "flagged")
LEGEND = (
    "Lifted AUPRC is (AUPRC - π) / (1 - π), with the prevalence π: 0 is chance, 1 perfect; ties "
    "count by their expectation. F1 at budget: of as many flags as there are errors. Chance F1: of "
    "as many flags as the detector has, at random. The floors need no detector: flag everything, "
    "chance, area alone (small masks first), category alone (rare ones first), and a model of "
    "geometry that was fitted on other data (blind). ≤ names the best floor where the paired 95 % "
    "interval of the lead over it holds 0 or less. Precision is a lower bound where nobody "
    "verified what counts as right."
)


def measure_columns() -> tuple[Column, ...]:
    """`MEASURES` as the columns of a table."""
    return tuple(
        Column(title, digits, None if name in _NEITHER else "highest")
        for name, title, digits in MEASURES
    )


def floor_name(name: str) -> str:
    """What tables call a floor."""
    return f"floor: {name.replace('_', ' ')}"


def measure_text(value: float | int | None, digits: int) -> str:
    """A measure as tables have it; a dash where it is not defined."""
    if value is None:
        return "-"
    return f"{value:.{digits}f}" if digits else str(value)


def measure_texts(
    measures: Mapping[str, float | int | None], intervals: Mapping[str, Sequence[float] | None]
) -> list[tuple[str, str]]:
    """Text and interval of each of `MEASURES`; empty without an interval, and of counts."""
    made = []
    for (name, _, digits), column in zip(MEASURES, measure_columns(), strict=True):
        value, spread = measures.get(name), intervals.get(name)
        figure = Figure(value, (spread[0], spread[1]) if spread and digits else None)
        made.append((measure_text(value, digits), interval_text(figure, column)))
    return made


def page_template(name: str) -> jinja2.Template:
    """A template of this package; everything put into it is text, which it escapes."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("benchmark_n.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(name)
