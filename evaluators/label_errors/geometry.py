"""What the given masks look like, without pictures and without truth: features of the blind floor.

All are of the noisy file alone: place and size in the image, fill and outline of the mask, how
frequent the given category is, and how usual the size is for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks import Rle
from benchmark_n.masks.rle import parse_counts

Values = NDArray[np.float64]
FEATURES = (
    *("log_area", "log_width", "log_height", "area_share", "fill", "aspect"),
    *("left", "top", "right", "bottom"),
    *("runs_per_column", "flat_steps", "mean_step", "long_steps", "straight", "mean_bend"),
    *("log_category_count", "category_rank", "size_for_category", "aspect_for_category"),
    *("neighbours",),
)
_LONG_STEP = 3  # px
_BATCH = 2048  # masks whose runs are taken apart together


def geometry_features(
    masks: Sequence[Rle], categories: NDArray[np.int64], image_ids: NDArray[np.int64]
) -> Values:
    """Features of N masks, float64 (N, len(`FEATURES`)).

    Parameters
    ----------
    masks
        N compressed RLEs, each of its whole image.
    categories, image_ids
        int64 (N,), as the noisy file gives them.

    Examples
    --------
    >>> square = {"size": [4, 4], "counts": b"52203"}  # 2 x 2 px
    >>> found = geometry_features([square], np.array([1]), np.array([1]))
    >>> float(found[0, FEATURES.index("fill")])
    1.0
    """
    parts = [_outlines(masks[start : start + _BATCH]) for start in range(0, len(masks), _BATCH)]
    shapes = np.concatenate(parts) if parts else np.zeros((0, 16))
    return np.column_stack([shapes, _of_categories(shapes, categories), _neighbours(image_ids)])


def _outlines(masks: Sequence[Rle]) -> Values:
    """The features of each mask by itself, float64 (n, 16)."""
    runs, sizes = parse_counts([mask["counts"] for mask in masks])
    height, width = np.array([mask["size"] for mask in masks], np.int64).T
    owner = np.repeat(np.arange(len(masks)), sizes)
    ends = np.cumsum(runs)
    ends -= np.repeat(np.r_[0, np.cumsum(height * width)[:-1]], sizes)
    inside = (np.arange(runs.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)) % 2 == 1
    inside &= runs > 0
    owner, ends, lengths = owner[inside], ends[inside], runs[inside]
    rows = height[owner]
    first, last = ends - lengths, ends - 1
    column, top, bottom = first // rows, first % rows, last % rows
    # A run that goes on into the next columns covers them from edge to edge.
    whole = last // rows > column
    top, bottom = np.where(whole, 0, top), np.where(whole, rows - 1, bottom)
    count = len(masks)
    area = np.bincount(owner, lengths, count)
    box = _boxes(owner, column, last // rows, top, bottom, count)
    w, h = box[2] - box[0] + 1, box[3] - box[1] + 1
    safe = np.maximum(area, 1)
    edges = _edges(owner, column, top, bottom, count)
    return np.column_stack(
        [
            *(np.log(safe), np.log(np.maximum(w, 1)), np.log(np.maximum(h, 1))),
            *(area / (height * width), area / np.maximum(w * h, 1)),
            np.log(np.maximum(w, 1) / np.maximum(h, 1)),
            *(box[0] / width, box[1] / height, 1 - (box[2] + 1) / width),
            1 - (box[3] + 1) / height,
            np.bincount(owner, minlength=count) / np.maximum(w, 1),
            *edges,
        ]
    )


def _boxes(
    owner: NDArray[np.int64],
    column: NDArray[np.int64],
    last_column: NDArray[np.int64],
    top: NDArray[np.int64],
    bottom: NDArray[np.int64],
    count: int,
) -> NDArray[np.int64]:
    """First and last column and row of each mask, int64 (4, count): left, top, right, bottom."""
    box = np.array([[1 << 40] * count, [1 << 40] * count, [-1] * count, [-1] * count])
    np.minimum.at(box[0], owner, column)
    np.minimum.at(box[1], owner, top)
    np.maximum.at(box[2], owner, last_column)
    np.maximum.at(box[3], owner, bottom)
    empty = box[2] < 0
    box[:2, empty], box[2:, empty] = 0, -1
    return box


def _edges(
    owner: NDArray[np.int64],
    column: NDArray[np.int64],
    top: NDArray[np.int64],
    bottom: NDArray[np.int64],
    count: int,
) -> list[Values]:
    """How the upper and lower edge go from column to column.

    Flat, mean and long steps, and of the steps' changes how many are 0 and how large they are.
    """
    key = owner * (1 << 32) + column
    new = np.diff(key, prepend=-1) != 0
    ending = np.r_[new[1:], True][: len(new)]
    owners, columns = owner[new], column[new]
    steps = np.zeros((3, count))
    bends = np.zeros((2, count))
    numbers = np.zeros((2, count))
    for edge in (top[new], bottom[ending]):
        joined = (np.diff(owners) == 0) & (np.diff(columns) == 1)
        step, at = np.abs(np.diff(edge))[joined], owners[1:][joined]
        for place, values in enumerate((step == 0, step, step >= _LONG_STEP)):
            steps[place] += np.bincount(at, values, count)
        numbers[0] += np.bincount(at, minlength=count)
        twice = joined[1:] & joined[:-1]
        bend, at = np.abs(np.diff(edge, 2))[twice], owners[2:][twice]
        for place, values in enumerate((bend == 0, bend)):
            bends[place] += np.bincount(at, values, count)
        numbers[1] += np.bincount(at, minlength=count)
    numbers = np.maximum(numbers, 1)
    return [*(steps / numbers[0]), *(bends / numbers[1])]


def _of_categories(shapes: Values, categories: NDArray[np.int64]) -> Values:
    """Frequency of the given category, and size and aspect against its medians, (N, 4)."""
    _, code, counts = np.unique(categories, return_inverse=True, return_counts=True)
    ranks = np.argsort(np.argsort(-counts, kind="stable"), kind="stable") / max(len(counts), 1)
    usual = np.array(
        [np.median(shapes[code == c][:, [0, 5]], axis=0) for c in range(len(counts))]
    ).reshape(-1, 2)
    away = shapes[:, [0, 5]] - usual[code]
    return np.column_stack([np.log(counts[code] / max(len(code), 1)), ranks[code], away])


def _neighbours(image_ids: NDArray[np.int64]) -> Values:
    """Logarithm of the number of annotations in the image of each."""
    _, code, counts = np.unique(image_ids, return_inverse=True, return_counts=True)
    return np.asarray(np.log(counts[code]), float)
