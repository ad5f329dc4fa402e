"""What somebody can try who has a benchmark's published JSON and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]
# Where datasets' ids hold classes, or might.
DECODERS: dict[str, Callable[[int], int]] = {
    "id >> 16 & 0xff": lambda i: i >> 16 & 0xFF,
    "id % 2^16 // 1000": lambda i: i % 2**16 // 1000,
    **{f"id >> {k} & 0xff": lambda i, k=k: i >> k & 0xFF for k in (8, 24, 32)},  # type: ignore[misc]
    **{f"id // 10^{k} % 100": lambda i, k=k: i // 10**k % 100 for k in (2, 3, 4, 5, 6)},  # type: ignore[misc]
    **{f"id % {m}": lambda i, m=m: i % m for m in (7, 64, 100, 256, 1000)},  # type: ignore[misc]
    **{f"id // {m}": lambda i, m=m: i // m for m in (50, 1000, 2**16)},  # type: ignore[misc]
}


def suspicions(annotations: list[dict[str, Any]]) -> Iterator[tuple[str, Floats]]:
    """A score for each annotation, high where the category looks wrong, by each way to guess."""
    given = [record["category_id"] for record in annotations]
    for name, decode in DECODERS.items():
        read = [decode(record["id"]) for record in annotations]
        yield name, unlike_the_rest(read, given)
        yield f"{name} is the category", np.not_equal(read, given).astype(float)
    yield "out of order", out_of_order(annotations)
    yield "unlike its neighbours", unlike_neighbours(annotations)


def unlike_the_rest(values: list[int], given: list[int]) -> Floats:
    """1 minus the share of one's category among the others of one's value; 1/2 where none are."""
    pairs, sizes = Counter(zip(values, given, strict=True)), Counter(values)
    return np.array(
        [
            1 - (pairs[value, category] - 1) / (sizes[value] - 1) if sizes[value] > 1 else 0.5
            for value, category in zip(values, given, strict=True)
        ]
    )


def out_of_order(annotations: list[dict[str, Any]]) -> Floats:
    """How many of the image's records stand on the wrong side, were they sorted by category."""
    scores = np.zeros(len(annotations))
    for places in _by_image(annotations):
        categories = np.array([annotations[i]["category_id"] for i in places])
        for own, place in enumerate(places):
            wrong = (categories[:own] > categories[own]).sum()
            scores[place] = wrong + (categories[own + 1 :] < categories[own]).sum()
    return scores


def unlike_neighbours(annotations: list[dict[str, Any]]) -> Floats:
    """How many of the records before and after it in the image have another category."""
    scores = np.zeros(len(annotations))
    for places in _by_image(annotations):
        for i, j in pairwise(places):
            differ = annotations[i]["category_id"] != annotations[j]["category_id"]
            scores[[i, j]] += differ
    return scores


def _by_image(annotations: list[dict[str, Any]]) -> list[list[int]]:
    places: dict[int, list[int]] = {}
    for i, record in enumerate(annotations):
        places.setdefault(record["image_id"], []).append(i)
    return list(places.values())


def stratified_z(scores: Floats, wrong: NDArray[np.bool_], strata: NDArray[np.int64]) -> float:
    """Van Elteren's rank sums: standard deviations by which wrong ones score higher than chance.

    Ranks are taken within the strata, here the published categories, so that what a category
    alone tells does not count.
    """
    excess = variance = 0.0
    for stratum in np.unique(strata).tolist():
        rows = strata == stratum
        number, hits = int(rows.sum()), int(wrong[rows].sum())
        if not 0 < hits < number:
            continue
        ranks = rankdata(scores[rows])
        share = hits / number
        excess += (ranks[wrong[rows]].sum() - hits * (number + 1) / 2) / (number + 1)
        variance += (
            share * (1 - share) * number * ranks.var() * number / (number - 1) / (number + 1) ** 2
        )
    return excess / variance**0.5 if variance else 0.0


def holes(annotations: list[dict[str, Any]], widest: int = 8) -> set[int]:
    """Numbers missing between ids that are next to each other: deletions of consecutive ids."""
    ids = sorted(record["id"] for record in annotations)
    return {
        hole for low, high in pairwise(ids) if high - low <= widest for hole in range(low + 1, high)
    }
