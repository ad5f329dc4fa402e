"""What the order of an image's records tells of their categories.

A category that is out of place among its neighbours is suspect in a file that is sorted by the
clean one. But a category that is rare in its image is suspect too, whatever the order, and that is
the noise's own nature. So the reference is not a half but the same file with the records of each
image in random order, for which mean and variance are known in closed form: for neighbours those of
Mantel's statistic [1]_ on a path, for the distance from the sorted place those of Hoeffding's
statistic [2]_. The weight of a record is its error less the share of errors in its published
category, so that the category alone adds nothing.

References
----------
.. [1] Mantel: The Detection of Disease Clustering and a Generalized Regression Approach, Cancer
       Research 27, 1967.
.. [2] Hoeffding: A Combinatorial Central Limit Theorem, Ann. Math. Statist. 22, 1951.
"""

from __future__ import annotations

import math

import numpy as np

from benchmark_n.evaluators.leakage.published import Flags, Floats, Ints
from benchmark_n.evaluators.leakage.statistic import NOTHING, Deviation

# Images with more records are left out of the distance from the sorted place, which takes n² steps.
_MOST = 500
# A single image is taken to be at most so many of its standard deviations away.
_SPREAD = 3.0


def neighbours(images: Ints, categories: Ints, positive: Flags) -> Deviation:
    """Whether a positive's neighbour in its image has another category.

    Parameters
    ----------
    images, categories
        Codes int64 (N,) in the order of the file.
    positive
        bool (N,).

    Returns
    -------
    Deviation
        Of the guess "the record before (or behind) is of another category", half and half; its
        chance level is moved to .5.
    """
    weights, scale = _weights(categories, positive)
    order = np.argsort(images, kind="stable")
    image, category, a = images[order], categories[order], weights[order]
    unlike = (image[1:] == image[:-1]) & (category[1:] != category[:-1])
    pairs = np.bincount(image[1:], unlike * (a[1:] + a[:-1]), int(image.max(initial=0)) + 1)
    mean, variance = _path_moments(image, category, a)
    return _deviation(pairs / 2, mean / 2, variance / 4, scale, positive)


def displacement(images: Ints, categories: Ints, positive: Flags) -> Deviation:
    """How far a positive is from where its category would be, were its image's records sorted.

    As `neighbours`; the distance is a share of the image's records, ties at their middle.
    """
    weights, scale = _weights(categories, positive)
    order = np.argsort(images, kind="stable")
    image, category, a = images[order], categories[order], weights[order]
    starts = np.flatnonzero(np.diff(image, prepend=-1))
    size = np.diff(starts, append=len(image))
    values, means, variances = np.zeros((3, len(starts)))
    for n in np.unique(size[(size > 1) & (size <= _MOST)]).tolist():
        which = np.flatnonzero(size == n)
        for part in np.array_split(which, max(1, len(which) * n * n >> 20)):
            rows = starts[part][:, None] + np.arange(n)
            values[part], means[part], variances[part] = _placed(category[rows], a[rows])
    return _deviation(values, means, variances, scale, positive)


def relative_places(images: Ints) -> Floats:
    """Place of each record among those of its image, 0 to 1, (N,).

    Examples
    --------
    >>> relative_places(np.array([5, 5, 8, 5, 5])).tolist()  # two images, of four records and one
    [0.125, 0.375, 0.5, 0.625, 0.875]
    """
    order = np.argsort(images, kind="stable")
    starts = np.flatnonzero(np.diff(images[order], prepend=-1))
    size = np.diff(starts, append=len(images))
    places = np.empty(len(images))
    places[order] = (np.arange(len(images)) - np.repeat(starts, size) + 0.5) / np.repeat(size, size)
    return places


def _weights(categories: Ints, positive: Flags) -> tuple[Floats, float]:
    """Weights (N,), and the sum over categories of positives times negatives over both."""
    n, p = np.bincount(categories), np.bincount(categories, positive)
    share = p / np.maximum(n, 1)
    return positive - share[categories], float((p * (1 - share)).sum())


def _path_moments(image: Ints, category: Ints, a: Floats) -> tuple[Floats, Floats]:
    """Mean and variance, image by image, of the sum of ``[unlike] (a_j + a_k)`` over neighbours."""
    count = int(image.max(initial=0)) + 1
    _, pair = np.unique(image * (category.max(initial=0) + 1) + category, return_inverse=True)
    n = np.bincount(image, minlength=count)[image]
    like = np.bincount(pair)[pair]
    total, squares = np.bincount(image, a, count), np.bincount(image, a**2, count)
    others = total[image] - np.bincount(pair, a)[pair]
    row = a * (n - like) + others
    square = a**2 * (n - like) + 2 * a * others + squares[image] - np.bincount(pair, a**2)[pair]
    s0, s1, s2 = (np.bincount(image, x, count) for x in (row, square, row**2))
    size = np.maximum(np.bincount(image, minlength=count), 2)
    mean = s0 / size
    second = s1 / size + (2 * (s2 - s1) + s0**2 - 4 * s2 + 2 * s1) / (size * (size - 1))
    return mean, np.maximum(second - mean**2, 0)


def _placed(category: Ints, a: Floats) -> Floats:
    """Sum of weight times distance in images of n records each, (M, n): value, mean, variance."""
    n = category.shape[1]
    less = (category[:, None, :] < category[:, :, None]).sum(2)
    same = (category[:, None, :] == category[:, :, None]).sum(2)
    right = less + (same - 1) / 2
    cost = a[:, :, None] * np.abs(right[:, :, None] - np.arange(n)) / n
    value = np.einsum("mii->m", cost)
    mean = cost.sum((1, 2)) / n
    centred = cost - cost.mean(1, keepdims=True) - cost.mean(2, keepdims=True)
    centred += cost.mean((1, 2), keepdims=True)
    return np.stack([value, mean, (centred**2).sum((1, 2)) / (n - 1)])


def _deviation(
    values: Floats, means: Floats, variances: Floats, scale: float, positive: Flags
) -> Deviation:
    """Of the sum over images; a difference of means of scores in [0, 1] is twice an AUROC's."""
    error = math.sqrt(float(variances.sum()))
    if scale <= 0 or error <= 0:
        return NOTHING
    step = _SPREAD * math.sqrt(float(variances.max())) / error
    count = int(positive.sum())
    shift = float((values - means).sum())
    return Deviation(0.5 + shift / scale / 2, error / scale / 2, step, count, len(positive) - count)
