"""Figures of predicted Dice coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence import Evidence
from benchmark_n.report.figures import COLOURS, data_uri, new_figure, png

Values = NDArray[np.floating]


def predicted_dice(evidence: Evidence, manifest: Any) -> str | None:
    """Predicted against true coefficients; None where one of them is not known."""
    predicted = evidence.predicted_dsc
    if manifest is None or predicted is None:
        return None
    iou = dict(zip(*(manifest[name].to_pylist() for name in ("annotation_id", "iou")), strict=True))
    overlap = np.array([iou.get(i) for i in evidence.annotation_ids.tolist()], float)
    known = np.isfinite(overlap)
    true = 2 * overlap[known] / (1 + overlap[known])
    return predicted_against_true(np.asarray(predicted)[known], true)


def predicted_against_true(predicted: Values, true: Values) -> str:
    """Predicted Dice coefficients over true ones, with the line on which they agree."""
    figure, axes = new_figure("Predicted and true DSC", "true DSC", "predicted DSC")
    axes.scatter(true, predicted, s=6, color=COLOURS[0], alpha=0.35, linewidths=0)
    axes.plot((0, 1), (0, 1), color=COLOURS[1], linewidth=1, linestyle=":")
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    if len(true) > 2 and np.ptp(true) > 0 and np.ptp(predicted) > 0:
        correlation = float(np.corrcoef(true, predicted)[0, 1])
        axes.text(0.03, 0.94, f"LCC {correlation:.3f}, {len(true)} masks", fontsize=8)
    return data_uri(figure)


def group_means(title: str, groups: Mapping[str, Values]) -> bytes:
    """The predicted coefficients of each group as a box, the mean as a point: a PNG file."""
    figure, axes = new_figure(title, "predicted DSC", "")
    names = list(groups)
    figure.set_size_inches(6.4, 1.2 + 0.32 * len(names))
    axes.boxplot([groups[name] for name in names], orientation="horizontal", showfliers=False)
    means = [float(np.mean(groups[name])) for name in names]
    places = range(1, len(names) + 1)
    axes.plot(means, places, "o", color=COLOURS[1], markersize=4)
    axes.axvline(0.8, color=COLOURS[0], linewidth=0.8, linestyle=":")
    axes.set_yticks(places, [f"{name} ({len(groups[name])})" for name in names], fontsize=8)
    return png(figure)
