"""AP by tier as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_LABELS = {"bbox": "box", "segm": "mask", "boundary": "boundary"}
_COLOURS = {"bbox": "#7f7f7f", "segm": "#0b6e99", "boundary": "#d95f02"}


def draw_tiers(
    title: str, tiers: Sequence[str], ap: Mapping[str, Sequence[Sequence[float]]], path: Path
) -> None:
    """Mean AP of each tier with its standard deviation over the seeds, as PNG.

    Parameters
    ----------
    ap
        IoU type to the AP of each tier's runs, fractions.
    """
    figure = Figure(figsize=(5.2, 3.6), layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for kind, by_tier in ap.items():
        means = [100 * float(np.mean(values)) for values in by_tier]
        spread = [100 * standard_deviation(values) for values in by_tier]
        axes.errorbar(
            range(len(tiers)),
            means,
            spread,
            marker="o",
            capsize=3,
            color=_COLOURS[kind],
            label=_LABELS[kind],
        )
    axes.set_xticks(range(len(tiers)), tiers)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("AP on clean validation labels, %")
    axes.set_title(title, fontsize=10)
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def standard_deviation(values: Sequence[float]) -> float:
    """Of a sample: over n - 1; 0 for a single value."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
