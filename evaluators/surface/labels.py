"""Distances between the boundaries of clean and noisy labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmark_n.evaluators.surface.distances import surface_distances
from benchmark_n.masks import CropMask

PIXELS = (1.0, 1.0)
FIGURES = ("hausdorff", "hausdorff_95", "assd")
Pair = tuple[CropMask | None, CropMask | None, tuple[float, float]]


def surface_agreement(pairs: Iterable[Pair], tolerance: float, unit: str) -> dict[str, Any]:
    """Means over labels.

    Parameters
    ----------
    pairs
        Clean and noisy mask (None where there is no such label) and the pixel's width and height.
    tolerance
        Of the normalised surface Dice (NSD), in `unit`.
    unit
        ``mm`` or ``px``.

    Returns
    -------
    dict
        ``labels``, ``without_distance`` (a mask on one side alone); ``hausdorff``,
        ``hausdorff_95`` and ``assd`` over the others; ``nsd`` over all, 0 without a counterpart.
    """
    found: list[tuple[float, float, float]] = []
    nsd: list[float] = []
    for clean, noisy, spacing in pairs:
        distances = None
        if clean is not None and noisy is not None:
            distances = surface_distances(clean, noisy, spacing)
        if distances is None:
            nsd.append(0.0)
            continue
        nsd.append(distances.within(tolerance))
        found.append((distances.hausdorff, distances.hausdorff_95, distances.average))
    means: Sequence[float | None] = np.mean(found, axis=0).tolist() if found else [None] * 3
    return {
        "unit": unit,
        "tolerance": tolerance,
        "labels": len(nsd),
        "without_distance": len(nsd) - len(found),
        "nsd": float(np.mean(nsd)) if nsd else None,
        **dict(zip(FIGURES, means, strict=True)),
    }


def pixel_sizes(records: Iterable[Mapping[str, Any]]) -> dict[int, tuple[float, float]] | None:
    """Image id to width and height of a pixel in mm; None unless all images tell their spacing.

    Examples
    --------
    >>> pixel_sizes([{"id": 3, "spacing": [0.5, 0.5]}])
    {3: (0.5, 0.5)}
    >>> pixel_sizes([{"id": 3, "spacing": [0.5, 0.5]}, {"id": 4}]) is None
    True
    """
    sizes = {}
    for record in records:
        spacing = record.get("spacing")
        if not _is_spacing(spacing):
            return None
        sizes[record["id"]] = (float(spacing[0]), float(spacing[1]))  # type: ignore[index]
    return sizes


def _is_spacing(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(one, int | float) and one > 0 for one in value)
    )
