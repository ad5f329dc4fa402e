"""Figures of an evaluation of ejection fractions (EF), in percentage points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmark_n.report.figures import COLOURS, new_figure, png

BLAND_ALTMAN, SCATTER = "bland-altman.png", "scatter.png"


def ef_figures(results: Mapping[str, Any]) -> dict[str, bytes]:
    """File name to PNG: differences against means [1]_, and EF against EF; none without patients.

    Parameters
    ----------
    results
        Plain values of an ``ef`` evaluation.

    References
    ----------
    .. [1] Bland, Altman: Statistical Methods for Assessing Agreement between Two Methods of
           Clinical Measurement, Lancet 1986.
    """
    pairs = ef_pairs(results["patients"])
    if not pairs.size:
        return {}
    return {
        BLAND_ALTMAN: bland_altman_plot(pairs, results["all_patients"]),
        SCATTER: scatter_plot(pairs, results["all_patients"]),
    }


def ef_pairs(patients: Sequence[Mapping[str, Any]]) -> Any:
    """Reference and evaluated EF of the patients that have both, float64 (P, 2)."""
    known = [p for p in patients if p["error"] is not None]
    return np.array([[p["reference"]["ef"], p["evaluated"]["ef"]] for p in known]).reshape(-1, 2)


def bland_altman_plot(pairs: Any, summary: Mapping[str, Any]) -> bytes:
    """Evaluated less reference EF over the mean of the two, with bias and limits of agreement."""
    figure, axes = new_figure("Bland-Altman", "mean of both EF, %", "evaluated - reference, points")
    axes.scatter(pairs.mean(axis=1), pairs[:, 1] - pairs[:, 0], s=10, color=COLOURS[0], alpha=0.6)
    for name, style in (("bias", "-"), ("lower_limit", "--"), ("upper_limit", "--")):
        if summary[name] is not None:
            axes.axhline(summary[name], color=COLOURS[1], linewidth=1, linestyle=style)
    axes.set_title(f"Bland-Altman{_left_out(summary)}", fontsize=10)
    return png(figure)


def scatter_plot(pairs: Any, summary: Mapping[str, Any]) -> bytes:
    """Evaluated over reference EF, with the line on which they agree."""
    figure, axes = new_figure("", "reference EF, %", "evaluated EF, %")
    axes.scatter(pairs[:, 0], pairs[:, 1], s=10, color=COLOURS[0], alpha=0.6)
    ends = float(pairs.min()), float(pairs.max())
    axes.plot(ends, ends, color=COLOURS[1], linewidth=1, linestyle=":")
    axes.set_title(f"EF{_left_out(summary)}", fontsize=10)
    return png(figure)


def _left_out(summary: Mapping[str, Any]) -> str:
    """How many patients are in the figure, and how many could not be."""
    counted, missing = summary["with_ef"], summary["missing"]
    return f": {counted} patients" + (f", {missing} missing" if missing else "")
