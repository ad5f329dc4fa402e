"""What labels alone show: category, image, box and mask of every published annotation, as numbers.

All are seen by whoever has the annotation file; none looks at a picture.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from benchmark_n.evaluators.leakage.published import Floats, Ints
from benchmark_n.masks import CropMask, Rle, rles_to_crops
from benchmark_n.masks.contours import find_contours
from benchmark_n.masks.rle import counts_to_runs

# Gradient boosting takes at most 255 values of a category; rarer ones are one value.
_MOST_CATEGORIES = 254
_MIX = 20
_TOLERANCES, _KERNELS = (1.0, 2.0), (3, 7)  # px
_SHAPE = 8 + len(_TOLERANCES) + len(_KERNELS)


def category_features(categories: Ints) -> Floats:
    """The category's rank by how common it is, rare ones together, float64 (N, 1).

    Examples
    --------
    >>> category_features(np.array([4, 9, 9])).tolist()
    [[1.0], [0.0], [0.0]]
    """
    _, codes, counts = np.unique(categories, return_inverse=True, return_counts=True)
    rank = np.empty(len(counts), np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    return np.minimum(rank, _MOST_CATEGORIES)[codes][:, None].astype(np.float64)


def image_features(images: Ints, categories: Ints) -> Floats:
    """Numbers of annotations, of one's own category and of the common ones there, (N, 3 + ...)."""
    mix, place = image_mix(images, categories)
    _, own, counts = np.unique(
        np.stack([images, categories]), axis=1, return_inverse=True, return_counts=True
    )
    same = counts[own.reshape(-1)].astype(np.float64)
    return np.column_stack([same, same / mix[place, 0], mix[place]])


def image_mix(images: Ints, categories: Ints) -> tuple[Floats, Ints]:
    """Of each image: annotations, categories, annotations of the common ones; and rows to images.

    Returns
    -------
    tuple
        float64 (I, 2 + at most 20), images by rising id, and int64 (N,).
    """
    known, place = np.unique(images, return_inverse=True)
    rank = category_features(categories)[:, 0].astype(np.int64)
    table = np.zeros((len(known), int(rank.max(initial=0)) + 1))
    np.add.at(table, (place, rank), 1)
    sums = table.sum(1), (table > 0).sum(1)
    return np.column_stack([*sums, table[:, :_MIX]]), place


def box_features(boxes: Floats, sizes: Floats) -> Floats:
    """Position, size and aspect, float64 (N, 7).

    Parameters
    ----------
    boxes
        [x, y, width, height], px, (N, 4).
    sizes
        [width, height] of the image, px, (N, 2).
    """
    x, y, w, h = boxes.T
    relative = boxes / np.column_stack([sizes, sizes])
    aspect = np.log((w + 1) / (h + 1))
    edge = (x <= 0) | (y <= 0) | (x + w >= sizes[:, 0]) | (y + h >= sizes[:, 1])
    return np.column_stack([relative, np.log1p(w * h), aspect, edge])


def mask_features(rles: Sequence[Rle]) -> Floats:
    """Area, outline, convexity, vertices, what openings take, holes, parts, runs, (N, 13)."""
    runs = [len(counts_to_runs(rle["counts"])) for rle in rles]
    shapes = [_shape(crop) for crop in rles_to_crops(rles)]
    return np.column_stack([np.array(shapes).reshape(-1, _SHAPE), runs])


def _shape(crop: CropMask) -> list[float]:
    area = float(crop.pixels.sum())
    parts = find_contours(crop)
    if not parts:
        return [0.0] * _SHAPE
    outer = [part[0] for part in parts]
    length = sum(cv2.arcLength(contour, True) for contour in outer)
    hull = cv2.contourArea(cv2.convexHull(np.concatenate(outer)))
    inside = sum(cv2.contourArea(contour) for contour in outer)
    vertices = sum(len(contour) for contour in outer)
    holes = sum(len(part) - 1 for part in parts)
    corners = [sum(len(cv2.approxPolyDP(c, t, True)) for c in outer) for t in _TOLERANCES]
    padded = np.pad(crop.pixels, max(_KERNELS) // 2)
    opened = [cv2.morphologyEx(padded, cv2.MORPH_OPEN, np.ones((k, k), np.uint8)) for k in _KERNELS]
    height, width = crop.pixels.shape
    return [
        area / (height * width),
        length / np.sqrt(area),
        inside / hull if hull > 0 else 1.0,
        vertices,
        vertices / max(length, 1.0),
        np.log1p(area),
        holes,
        len(parts),
        *(count / np.sqrt(length + 1) for count in corners),
        *(1 - float(mask.sum()) / area for mask in opened),
    ]
