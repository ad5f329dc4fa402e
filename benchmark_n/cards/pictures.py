"""The pictures of a card: how far masks are from clean ones, who is taken for whom, a sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmark_n.benchmark import Benchmark
from benchmark_n.cards.facts import BINS, Facts
from benchmark_n.cards.show import draw

HISTOGRAMS, CONFUSION, SAMPLE = "card/iou.png", "card/confusion.png", "card/sample.png"
_MOST_NAMES = 40
_COLOURS = {"iou": "#0b6e99", "boundary_iou": "#d95f02"}
_LABELS = {"iou": "IoU", "boundary_iou": "boundary IoU"}


def draw_pictures(facts: Facts, root: Path) -> None:
    """Write `HISTOGRAMS` and `CONFUSION` under `root`."""
    (root / HISTOGRAMS).parent.mkdir(exist_ok=True)
    _save(_histograms(facts), root / HISTOGRAMS)
    _save(_confusion(facts), root / CONFUSION)


def draw_sample(benchmark: Benchmark, facts: Facts, root: Path) -> None:
    """Write `SAMPLE` under `root`: the image with most changes, clean and noisy.

    Pixels are shown where the images are drawn by this package; those of others are not ours to
    pass on, and outlines stand on grey.
    """
    drawn = facts.dataset is not None and facts.dataset.embedded
    figure, _ = draw([benchmark], images=benchmark.images if drawn else None)
    # A photograph's pixels: a third of the bytes in 256 colours.
    _save(figure, root / SAMPLE, colours=256)


def _save(figure: Figure, path: Path, *, colours: int | None = None) -> None:
    # Without the library's name in it, the file depends on the picture alone.
    figure.savefig(path, dpi=110, metadata={"Software": None})
    if colours is not None:
        with PIL.Image.open(path) as picture:
            small = picture.convert("RGB").quantize(colours)
        small.save(path, optimize=True)


def _histograms(facts: Facts) -> Figure:
    figure = Figure(figsize=(6.4, 3.2), layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    edges = np.linspace(0, 1, BINS + 1)
    for name, counts in facts.histograms.items():
        colour = _COLOURS[name]
        axes.stairs(counts, edges, fill=True, color=colour, alpha=0.35)
        axes.stairs(counts, edges, color=colour, label=_LABELS[name], linewidth=1.4)
    axes.set_xlabel("overlap of noisy and clean mask")
    axes.set_ylabel("changed instances")
    axes.set_xlim(0, 1)
    axes.legend(loc="upper left", fontsize=9)
    return figure


def confusion_matrix(facts: Facts) -> tuple[list[str], NDArray[np.float64]]:
    """Names and the share (n, n) of each clean category's survivors under each noisy one.

    At most `_MOST_NAMES` categories, those with most instances, in the file's order.
    """
    entries: list[dict[str, Any]] = facts.summary["class_confusion_matrix"]
    totals: dict[str, int] = {}
    for entry in entries:
        totals[entry["category"]] = totals.get(entry["category"], 0) + entry["count"]
    largest = sorted(totals, key=lambda name: -totals[name])[:_MOST_NAMES]
    names = [name for name in facts.categories if name in largest]
    index = {name: i for i, name in enumerate(names)}
    shares = np.zeros((len(names), len(names)))
    for entry in entries:
        row, column = index.get(entry["category"]), index.get(entry["noisy_category"])
        if row is not None and column is not None:
            shares[row, column] += entry["count"] / totals[entry["category"]]
    return names, shares


def _confusion(facts: Facts) -> Figure:
    names, shares = confusion_matrix(facts)
    side = 3.0 + 0.17 * len(names)
    figure = Figure(figsize=(side + 0.8, side), layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    size = 9 if len(names) <= 15 else 7
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=size)
    axes.set_yticks(range(len(names)), names, fontsize=size)
    axes.set_xlabel("noisy category")
    axes.set_ylabel("clean category")
    figure.colorbar(image, ax=axes, fraction=0.046, label="share of the clean category")
    return figure
