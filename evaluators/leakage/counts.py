"""Holes in ids, and counts that were taken before the noise: what tells of deletions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmark_n.evaluators.leakage.published import (
    Floats,
    Ints,
    PublishedAnnotations,
    Truth,
)
from benchmark_n.evaluators.leakage.statistic import (
    NOTHING,
    Deviation,
    ranks_of,
    stratified_auroc,
)

# Ids further apart are not consecutive: nobody would take what lies between for deletions.
_GAP = 64


@dataclass(frozen=True)
class HoleGuess:
    """The guess that every missing id is a deletion: its share of hits, and of deletions found."""

    precision: float
    recall: float


def holes(published: PublishedAnnotations, truth: Truth) -> tuple[Deviation, HoleGuess | None]:
    """Whether two annotations of an image with ids missing between them have lost one there.

    The annotations are paired in the order of their ids, where both are of one image; positives
    are pairs with a deleted annotation of that image between them. The guess is None where ids are
    no runs: more than `_GAP` times as many as annotations between the first and the last.

    Examples
    --------
    >>> ids, images = np.array([1, 2, 4, 5]), np.ones(4, np.int64)  # 3 is not there
    >>> published = PublishedAnnotations(ids, images, images, images == 0)
    >>> nothing = np.zeros(4, bool)
    >>> truth = Truth(nothing, nothing, np.array([3]), np.array([1]), np.array([1]))
    >>> holes(published, truth)[1]
    HoleGuess(precision=1.0, recall=1.0)
    """
    order = np.argsort(published.ids, kind="stable")
    ids, images = published.ids[order], published.image_ids[order]
    if len(ids) < 2 or not len(truth.deleted_ids):
        return NOTHING, None
    gaps = np.diff(ids.astype(np.uint64)) - np.uint64(1)  # as unsigned: ids may span all of 64 bits
    missing = np.where(gaps <= _GAP, gaps, 0).astype(np.int64)
    above = np.searchsorted(ids, truth.deleted_ids)
    inside = (above > 0) & (above < len(ids))
    below = above[inside] - 1
    hit = np.zeros(len(gaps), np.bool_)
    hit[below[images[below] == truth.deleted_image_ids[inside]]] = True
    same = images[1:] == images[:-1]
    found = stratified_auroc(missing[same], hit[same], np.zeros(int(same.sum()), np.int64))
    total = int(ids[-1]) - int(ids[0]) + 1 - len(ids)
    if not 0 < total <= _GAP * len(ids):
        return found, None
    hits = int(inside.sum())
    return found, HoleGuess(hits / total, hits / len(truth.deleted_ids))


def image_counts(
    values: Mapping[int, float], published: PublishedAnnotations, truth: Truth
) -> Deviation | None:
    """Whether a number of an image, less its published annotations, tells of deletions.

    None where the number is no count of annotations: outside 0 to twice the published one (and 3)
    above it in one of a hundred images or more.
    """
    images = np.array(sorted(values), np.int64)
    given = np.array([values[i] for i in images.tolist()], np.float64)
    number = _count(images, published.image_ids)
    excess = given - number
    if not len(images) or not _is_count(excess, number):
        return None
    lost = np.isin(images, truth.deleted_image_ids)
    return stratified_auroc(ranks_of(excess), lost, _strata(number))


def category_counts(
    values: Mapping[int, float], published: PublishedAnnotations, truth: Truth
) -> tuple[Deviation, Deviation] | None:
    """Whether a category's number, against its published annotations, tells of errors.

    Categories with more of a kind of error than the file has on average are the positives: of
    class errors, where fewer are counted than published; of deletions, where more are.

    Returns
    -------
    tuple or None
        For class errors and for deletions; None where the number is no count of annotations, nor
        of images that have one: in all less than half of theirs or more than twice.
    """
    categories = np.array(sorted(values), np.int64)
    given = np.array([values[i] for i in categories.tolist()], np.float64)
    pairs = np.unique(np.stack([published.image_ids, published.category_ids]), axis=1)
    counted = [_count(categories, published.category_ids), _count(categories, pairs[1])]
    compared = min(counted, key=lambda number: float(np.abs(given - number).sum()))
    if not compared.sum() / 2 <= given.sum() <= 2 * compared.sum() or not compared.any():
        return None
    number = counted[0]
    wrong = _count(categories, published.category_ids[truth.class_error])
    gone = _count(categories, truth.deleted_category_ids)
    relative = (given - compared) / np.maximum(np.maximum(given, compared), 1)
    some = number > 0
    share = wrong[some] / number[some]
    of_class = stratified_auroc(
        ranks_of(-relative[some]), share > wrong.sum() / max(number.sum(), 1), _strata(number[some])
    )
    lost = gone > gone.sum() / max((gone + number).sum(), 1) * (gone + number)
    return of_class, stratified_auroc(ranks_of(relative), lost, _strata(number))


def _is_count(excess: Floats, number: Ints) -> bool:
    near = (excess >= 0) & (excess <= number + 3) & (excess == np.rint(excess))
    return bool(near.mean() > 0.99)


def _strata(counts: Ints) -> Ints:
    """Powers of two that numbers of annotations reach."""
    return np.ceil(np.log2(counts + 1)).astype(np.int64)


def _count(wanted: Ints, values: Ints) -> Ints:
    known, counts = np.unique(values, return_counts=True)
    number = np.zeros(len(wanted), np.int64)
    _, at, there = np.intersect1d(wanted, known, return_indices=True)
    number[at] = counts[there]
    return number
