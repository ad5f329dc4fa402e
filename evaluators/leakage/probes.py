"""The single tests of an audit: family, name, kind of error, and the distance from chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark_n.evaluators.leakage import counts, order
from benchmark_n.evaluators.leakage.fields import Column, columns, names_category
from benchmark_n.evaluators.leakage.published import (
    AUDITED,
    Flags,
    Ints,
    PublishedAnnotations,
    Truth,
    strata,
)
from benchmark_n.evaluators.leakage.statistic import (
    RESOLUTION,
    Deviation,
    ranks_of,
    stratified_auroc,
)
from benchmark_n.evaluators.leakage.values import id_values, strangeness

CLASS, MASK, DELETION = "class error", "changed mask", "deletion"


@dataclass(frozen=True)
class Found:
    """What one test found."""

    family: str
    name: str
    target: str
    deviation: Deviation
    two_sided: bool = False
    note: str = ""


@dataclass(frozen=True)
class Sample:
    """The annotations, M of them, that tests of single annotations read."""

    rows: Ints
    ids: Ints
    images: Ints
    categories: Ints
    strata: Ints
    targets: Mapping[str, Flags]


def take_sample(published: PublishedAnnotations, truth: Truth) -> Sample:
    """The instances among the first `AUDITED` records; images and categories as codes.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> from benchmark_n.evaluators.leakage.records import published_input
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> sample = take_sample(*published_input(benchmark.manifest(), benchmark.noisy()))
    >>> {error: int(wrong.sum()) for error, wrong in sample.targets.items()}
    {'class error': 12, 'changed mask': 18}
    """
    rows = np.flatnonzero(~published.crowd[:AUDITED])
    return Sample(
        rows,
        published.ids[rows],
        ranks_of(published.image_ids[rows]),
        ranks_of(published.category_ids[rows]),
        strata(published, rows),
        {CLASS: truth.class_error[rows], MASK: truth.changed[rows]},
    )


def id_tests(sample: Sample) -> Iterator[Found]:
    """What ids tell: of classes by what is packed into them, of any change by their size."""
    for name, values in id_values(sample.ids):
        yield from _strange("ids", name, values, sample)
    for name, values in (("id", sample.ids), ("id % 10", sample.ids % 10)):
        yield from _either_way("ids", f"size of {name}", ranks_of(values), sample)


def order_tests(sample: Sample) -> Iterator[Found]:
    """What the order of the records tells."""
    wrong = sample.targets[CLASS]
    neighbours = order.neighbours(sample.images, sample.categories, wrong)
    yield Found("order", "unlike its neighbours", CLASS, neighbours)
    placed = order.displacement(sample.images, sample.categories, wrong)
    yield Found("order", "out of sorted place", CLASS, placed)
    places = np.rint(order.relative_places(sample.images) * RESOLUTION).astype(np.int64)
    yield from _either_way("order", "place in its image", places, sample)
    moved = np.abs(ranks_of(sample.ids) - np.arange(len(sample.ids)))
    yield from _either_way("order", "id out of order", moved, sample)


def hole_tests(published: PublishedAnnotations, truth: Truth) -> Iterator[Found]:
    """What holes in the ids tell of deletions."""
    deviation, guess = counts.holes(published, truth)
    note = ""
    if guess is not None:
        note = f"a hole is a deletion: precision {guess.precision:.2f}, recall {guess.recall:.2f}"
    yield Found("holes", "holes between the ids of an image", DELETION, deviation, note=note)


def count_tests(published: PublishedAnnotations, truth: Truth) -> Iterator[Found]:
    """What counts in image and category records tell."""
    for name, values in published.image_fields.items():
        numbers = {i: float(v) for i, v in values.items() if _is_number(v)}
        deviation = counts.image_counts(numbers, published, truth)
        if deviation is not None:
            yield Found("counts", f"images: {name}", DELETION, deviation)
    for name, values in published.category_counts.items():
        found = counts.category_counts(values, published, truth)
        if found is not None:
            yield Found("counts", f"categories: {name}", CLASS, found[0])
            yield Found("counts", f"categories: {name}", DELETION, found[1])


def field_tests(published: PublishedAnnotations, sample: Sample) -> Iterator[Found]:
    """What further fields of annotations and images tell of single annotations."""
    for name, values in published.fields.items():
        read = [values[i] for i in sample.rows.tolist()]
        for column in columns(name, read):
            yield from _column_tests(column, published, sample)
    image_ids = published.image_ids[sample.rows].tolist()
    for name, by_image in published.image_fields.items():
        read = [by_image.get(i) for i in image_ids]
        member = _membership(read, published.category_ids[sample.rows].tolist())
        if member is not None:
            yield from _either_way("fields", f"images: category in {name}", member, sample)
        for column in columns(f"images: {name}", read):
            yield from _naming(column, published, sample)


def _column_tests(
    column: Column, published: PublishedAnnotations, sample: Sample
) -> Iterator[Found]:
    yield from _naming(column, published, sample)
    if not _tells_the_image(column.codes, sample.images):
        yield from _strange("fields", column.name, column.codes, sample)
    if not column.present.all():
        present = column.present.astype(np.int64)
        yield from _either_way("fields", f"{column.name} is there", present, sample)
    if column.numbers is not None:
        known = np.isfinite(column.numbers)
        ranks = np.zeros(len(known), np.int64)
        ranks[known] = 1 + ranks_of(column.numbers[known])
        yield from _either_way("fields", f"size of {column.name}", ranks, sample, known)
    else:
        for code in column.common():
            text = f"{column.name} is {column.texts[code]:.40}"
            yield from _either_way("fields", text, (column.codes == code).astype(np.int64), sample)


def _naming(column: Column, published: PublishedAnnotations, sample: Sample) -> Iterator[Found]:
    named = names_category(column, published.category_ids[sample.rows], published.category_names)
    if named is not None:
        deviation = stratified_auroc(named, sample.targets[CLASS], sample.strata)
        yield Found("fields", f"{column.name} names a category", CLASS, deviation)


def _strange(family: str, name: str, values: Ints, sample: Sample) -> Iterator[Found]:
    if not sample.targets[CLASS].any():
        return
    ranks = strangeness(values, sample.categories)
    if ranks is not None:
        deviation = stratified_auroc(ranks, sample.targets[CLASS], sample.strata)
        yield Found(family, f"category rare for its {name}", CLASS, deviation)


def _either_way(
    family: str, name: str, ranks: Ints, sample: Sample, known: Flags | None = None
) -> Iterator[Found]:
    rows = slice(None) if known is None else known
    for target, positive in sample.targets.items():
        deviation = stratified_auroc(ranks[rows], positive[rows], sample.strata[rows])
        yield Found(family, name, target, deviation, two_sided=True)


def _tells_the_image(codes: Ints, images: Ints) -> bool:
    """Whether every image has one value throughout: such a field tells of the picture alone."""
    pairs = np.unique(images * (int(codes.max(initial=0)) + 1) + codes)
    return len(pairs) == int(images.max(initial=-1)) + 1


def _membership(lists: list[Any], categories: list[int]) -> Ints | None:
    """Whether an image's list of numbers has the annotation's category; None where none has."""
    if not any(isinstance(value, list) for value in lists):
        return None
    found = [isinstance(v, list) and c in v for v, c in zip(lists, categories, strict=True)]
    return np.array(found, np.int64) if any(found) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
