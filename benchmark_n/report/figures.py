"""Figures of a report, as data URIs of PNG images."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.linalg import eigh

Values = NDArray[np.floating]
_SIZE = (4.6, 3.4)  # inches
_DPI = 110
_MOST_POINTS = 5000
COLOURS = ("#0b6e99", "#d95f02", "#6a3d9a", "#1b7837")


def new_figure(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    """An empty figure with a title and names of its axes."""
    figure = Figure(figsize=_SIZE, layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set_title(title, fontsize=10)
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)
    axes.tick_params(labelsize=8)
    return figure, axes


def png(figure: Figure) -> bytes:
    """The figure as a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    return buffer.getvalue()


def data_uri(figure: Figure) -> str:
    """The figure as a PNG inside an address."""
    return "data:image/png;base64," + base64.b64encode(png(figure)).decode()


def precision_recall(
    curves: Mapping[str, tuple[Values, Values]], prevalence: Mapping[str, float | None]
) -> str:
    """Precision against recall of each kind, with what chance would give."""
    figure, axes = new_figure("Precision and recall", "recall", "precision")
    for colour, (kind, (recall, precision)) in zip(COLOURS, curves.items(), strict=False):
        axes.plot(recall, precision, color=colour, label=kind, linewidth=1.8)
        chance = prevalence.get(kind)
        if chance is not None:
            axes.axhline(chance, color=colour, linewidth=0.8, linestyle=":")
    axes.set_xlim(0, 1.01)
    axes.set_ylim(0, 1.03)
    axes.legend(fontsize=8, loc="lower left")
    return data_uri(figure)


def embedding_map(embeddings: Values, scores: Values) -> str:
    """The two main components of the features, coloured by score."""
    kept = np.linspace(0, len(embeddings) - 1, min(len(embeddings), _MOST_POINTS)).astype(int)
    points = _two_components(np.asarray(embeddings[kept], np.float64))
    order = np.argsort(scores[kept])
    figure, axes = new_figure("Map of the crops' features", "first component", "second component")
    cloud = axes.scatter(
        points[order, 0],
        points[order, 1],
        c=scores[kept][order],
        s=7,
        cmap="viridis",
        vmin=0,
        vmax=1,
    )
    figure.colorbar(cloud, ax=axes, label="score").ax.tick_params(labelsize=8)
    return data_uri(figure)


def _two_components(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standardised rows (n, D) on their first two principal axes."""
    deviation = rows.std(axis=0)
    scaled = (rows - rows.mean(axis=0)) / np.where(deviation > 1e-9, deviation, 1.0)
    if scaled.shape[1] < 3:
        return np.pad(scaled, ((0, 0), (0, 2)))[:, :2]
    few = len(scaled) < scaled.shape[1]
    products = scaled @ scaled.T if few else scaled.T @ scaled
    last = len(products) - 1
    _, vectors = eigh(products, subset_by_index=(max(last - 1, 0), last))
    main = scaled.T @ vectors if few else vectors
    lengths = np.linalg.norm(main, axis=0)
    main = main[:, ::-1] / np.where(lengths > 1e-9, lengths, 1.0)[::-1]
    main = np.pad(main, ((0, 0), (0, 2 - main.shape[1])))
    # An axis has no direction of its own: the largest entry is taken as positive.
    signs = np.sign(main[np.abs(main).argmax(axis=0), range(2)])
    return np.asarray(scaled @ (main * signs))


def image_statistics(statistics: Mapping[str, Values], scores: Values) -> str:
    """Mean score of each image against its brightness, blur and entropy."""
    figure = Figure(figsize=(_SIZE[0] * 1.7, _SIZE[1] * 0.85), layout="tight")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(statistics), sharey=True, squeeze=False)[0]
    for axes, (name, values) in zip(panels, statistics.items(), strict=True):
        axes.scatter(values, scores, s=8, color=COLOURS[0], alpha=0.6)
        axes.set_xlabel(name, fontsize=9)
        axes.tick_params(labelsize=8)
        axes.locator_params(axis="x", nbins=4)
    panels[0].set_ylabel("mean score of the image", fontsize=9)
    return data_uri(figure)


def densities(
    title: str, edges: Values, counts: Values, curves: Sequence[tuple[str, Values, Values]]
) -> str:
    """A histogram of losses with fitted densities; `curves` are (name, x, density)."""
    figure, axes = new_figure(title, "loss, scaled to 0 to 1", "density")
    axes.stairs(counts, edges, fill=True, color="#cccccc")
    for colour, (name, x, density) in zip(COLOURS[::-1], curves, strict=False):
        axes.plot(x, density, color=colour, label=name, linewidth=1.8)
    axes.legend(fontsize=8)
    return data_uri(figure)
