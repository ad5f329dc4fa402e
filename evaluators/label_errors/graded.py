"""Graded truth: does the score follow how wrong a mask is?

No bar is needed: the truth is 1 - IoU with the clean mask.

References
----------
.. [1] Spearman, The Proof and Measurement of Association between Two Things, 1904; Kendall, The
       Treatment of Ties in Ranking Problems, Biometrika 33 (1945): tau-b.
.. [2] Chen, Zhou, Yuille: Quality Sentinel, 2024 (MAP@k over categories).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, rankdata

from benchmark_n.evaluators.label_errors.ranking import expected_precision_sum, make_blocks

Values = NDArray[np.float64]
MAP_AT = (5, 10)


def graded_measures(scores: Values, iou: Values, categories: NDArray[np.int64]) -> dict[str, Any]:
    """Agreement of the scores of N masks with 1 - IoU.

    Parameters
    ----------
    scores, iou
        float64 (N,); masks of unknown IoU (NaN), which spurious ones have, are not counted.
    categories
        int64 (N,), the given category of each.

    Returns
    -------
    dict
        ``instances``; ``spearman`` and ``kendall`` (tau-b), None where one side is constant;
        ``map_at``: k to the mean of AP@k over ``all`` categories that have a changed mask, and
        over those of more than 2k masks (``large``), with the ``categories`` each is over.

    Examples
    --------
    >>> ranks = np.arange(4) / 4
    >>> graded_measures(ranks, 1 - ranks, np.ones(4, int))["kendall"]
    1.0
    """
    known = np.isfinite(iou)
    scores, badness, categories = scores[known], 1 - iou[known], categories[known]
    defined = scores.size > 1 and np.ptp(scores) > 0 and np.ptp(badness) > 0
    return {
        "instances": int(scores.size),
        "spearman": float(np.corrcoef(rankdata(scores), rankdata(badness))[0, 1])
        if defined
        else None,
        "kendall": float(kendalltau(scores, badness).statistic) if defined else None,
        "map_at": {str(k): _map_at(scores, badness, categories, k) for k in MAP_AT},
    }


def _map_at(
    scores: Values, badness: Values, categories: NDArray[np.int64], k: int
) -> dict[str, Any]:
    every, large = [], []
    for category in np.unique(categories):
        own = categories == category
        precision = average_precision_at(scores[own], badness[own], k)
        if precision is not None:
            every.append(precision)
            if own.sum() > 2 * k:
                large.append(precision)
    return {
        "all": float(np.mean(every)) if every else None,
        "large": float(np.mean(large)) if large else None,
        "categories": {"all": len(every), "large": len(large)},
    }


def average_precision_at(scores: Values, badness: Values, k: int) -> float | None:
    """``(1/m) sum_{r<=k} P(r) hit(r)``: hits are the k worst of the changed masks.

    m is k, or the number of changed masks where that is less, so that a perfect ranking has 1.
    Masks that tie with the k-th worst are hits too; tied scores count by their expectation over
    all orders. Unchanged masks are never hits: otherwise a category with few changed ones would
    have 1 whatever the ranking. None where no mask changed.
    """
    changed = badness > 0
    if not changed.any():
        return None
    worst = np.sort(badness[changed])[::-1]
    hits = badness >= worst[min(k, worst.size) - 1]
    blocks = make_blocks(scores)
    found = blocks.counts(hits.astype(np.int64))
    sizes = blocks.counts(np.ones(hits.size, np.int64))
    return expected_precision_sum(found, sizes, k) / min(k, int(hits.sum()))
