"""Colour and gradient across a mask's outline: does an edge of the picture run along it?"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import Pixels
from benchmark_n.detectors.quality_sentinel.self_fit.outlines import (
    MISSING,
    OFFSETS,
    Values,
    along_normals,
)

# Bands across the outline as (first, last) offset, px, from the outside inwards where negative.
_BANDS = ((-10, -6), (-5, -3), (-2, -1), (0, 0), (1, 2), (3, 4), (5, 7), (8, 10))
_PAIRS = ((3, 4), (2, 5), (1, 5), (1, 6), (0, 7), (1, 2), (5, 6), (0, 1), (6, 7))
_SCALES = (1.0, 2.0)
_NEIGHBOURS = 7  # points of the outline whose profiles are taken together
_SECTORS = 4
NAMES = (
    *(f"edge_{s:g}_{a}" for s in _SCALES for a, _ in _BANDS),
    *(f"{what}_{s:g}" for s in _SCALES for what in ("best", "away", "hit", "wide", "at", "peak")),
    *(f"away_sector_{i}" for i in range(_SECTORS)),
    *(f"colour_{a}_{b}" for a, b in _PAIRS),
    *(f"local_colour_{a}_{b}" for a, b in _PAIRS[:4]),
    *(f"others_{a}" for a, _ in _BANDS),
)


def edge_maps(pixels: Pixels) -> Values:
    """Lab colours and two strengths of edges of a picture, float32 (height, width, 5)."""
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    strengths = []
    for scale in _SCALES:
        smooth = cv2.GaussianBlur(lab, (0, 0), scale)
        dx, dy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
        strengths.append(np.sqrt((dx**2 + dy**2).sum(2)))
    return np.dstack([cv2.GaussianBlur(lab, (0, 0), 0.7), *strengths]).astype(np.float32)


def contrast_features(
    maps: Values, others: NDArray[np.uint16], points: Values, normals: Values
) -> list[float]:
    """The numbers called `NAMES` of an outline; `MISSING` where it has no points.

    Parameters
    ----------
    maps
        Of `edge_maps`.
    others
        uint16 (height, width): how many other objects cover a pixel.
    """
    if not len(points):
        return [MISSING] * len(NAMES)
    found = along_normals(maps, points, normals)
    colours, edges = found[..., :3], found[..., 3:]
    bands = [slice(a - OFFSETS[0], b - OFFSETS[0] + 1) for a, b in _BANDS]
    made: list[float] = []
    for scale in range(len(_SCALES)):
        profile = edges[..., scale].mean(0)
        level = profile.mean() + 1e-3
        made += [float(profile[band].mean() / level) for band in bands]
    best = [_best(edges[..., scale]) for scale in range(len(_SCALES))]
    for scale, found_there in enumerate(best):
        made += _alignment(edges[..., scale], *found_there)
    made += _sectors(best[1][0], points)
    made += _colours(colours, bands)
    shared = along_normals(others, points, normals) > 0
    made += [float(shared[:, band].mean()) for band in bands]
    return made


def _best(edges: Values) -> tuple[Values, Values]:
    """Offset, px, of the strongest edge near each point, and its share of all, float32 (P,)."""
    window = min(_NEIGHBOURS, len(edges))
    weights = np.ones((window, 1), np.float32) / window
    smooth = cv2.filter2D(edges, -1, weights, borderType=cv2.BORDER_REFLECT_101)
    smooth = cv2.GaussianBlur(smooth, (3, 1), 0)
    place = smooth.argmax(1)
    top = smooth[np.arange(len(smooth)), place]
    return OFFSETS[place].astype(np.float32), top / (smooth.sum(1) + 1e-3)


def _alignment(edges: Values, best: Values, peak: Values) -> list[float]:
    away = np.abs(best - 0.5)
    at = edges[:, -OFFSETS[0] : 2 - OFFSETS[0]].mean(1) / (edges.mean(1) + 1e-3)
    return [
        *(float(best.mean()), float(away.mean()), float((away < 2).mean())),
        *(float(best.std()), float(at.mean()), float(peak.mean())),
    ]


def _sectors(best: Values, points: Values) -> list[float]:
    """Mean offset of the strongest edge to the right, below, to the left and above."""
    away = points - points.mean(0)
    angle = np.arctan2(away[:, 1], away[:, 0]) + np.pi / _SECTORS
    sector = (angle // (2 * np.pi / _SECTORS)).astype(int) % _SECTORS
    return [
        float(best[sector == i].mean()) if (sector == i).any() else MISSING for i in range(_SECTORS)
    ]


def _colours(colours: NDArray[Any], bands: list[slice]) -> list[float]:
    """Distances of the bands' mean colours, of all points and point by point."""
    spread = colours.reshape(-1, 3).std(0) + 1
    means = np.stack([colours[:, band].mean(1) for band in bands], 1) / spread  # (P, B, 3)
    whole = means.mean(0)
    made = [float(np.linalg.norm(whole[a] - whole[b])) for a, b in _PAIRS]
    local = [np.linalg.norm(means[:, a] - means[:, b], axis=1).mean() for a, b in _PAIRS[:4]]
    return [*made, *map(float, local)]
