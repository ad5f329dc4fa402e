"""The nearest annotations by the cosine of their features: of all, or of those in cells near by.

To compare all pairs takes time that grows with the square of their number. Of many annotations,
each is compared with those of the cells whose centres are nearest to it [1]_. Cells have about the
same size whatever the number of annotations, unless many are alike: equal ones are of one cell.

References
----------
.. [1] Jégou, Douze, Schmid: Product quantization for nearest neighbor search, IEEE TPAMI 33
       (2011), section IV (inverted file).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmark_n.errors import InputError
from benchmark_n.evidence.crops.linear_heads import centre_and_scale
from benchmark_n.evidence.crops.many_rows import MANY, moments, standardised
from benchmark_n.evidence.evidence import Floats

# Annotations a cell on average, and cells in which the neighbours of one are looked for.
CELL, PROBES = 400, 12
# Annotations that centres are found from, and how often these are moved.
_SAMPLED, _ROUNDS = 16_384, 5
_AT_ONCE = 512
Places: TypeAlias = NDArray[np.intp]
Unit: TypeAlias = NDArray[np.float32]


def cosine_neighbours(features: Floats, most: int) -> tuple[Places, NDArray[Any]]:
    """The nearest others of each annotation, by the cosine of the standardised features.

    Parameters
    ----------
    features
        (N, D), standardised here. From `MANY` rows on the cells near by are looked at alone, and
        the rows may be mapped from a file.
    most
        Number of neighbours, below N.

    Returns
    -------
    places, similarity
        (N, most): the nearest first, of equal ones the first (in cells: the first of the cell that
        is looked into first); and the cosines. Where the cells hold fewer others, the rest is of
        similarity minus infinity.

    Raises
    ------
    InputError
        Features that are no numbers.
    """
    count = len(features)
    if not np.isfinite(features.sum(dtype=np.float64)):
        raise InputError("embeddings hold NaN or infinity, expected numbers")
    if count >= MANY:
        return _in_cells(features, most)
    values = np.asarray(features, np.float64)
    mean, deviation = centre_and_scale(values)
    values = _unit((values - mean) / deviation)
    places, similarity = np.empty((count, most), np.intp), np.empty((count, most))
    for start in range(0, count, _AT_ONCE):
        rows = np.arange(start, min(start + _AT_ONCE, count))
        compared = values[rows] @ values.T
        compared[np.arange(len(rows)), rows] = -np.inf
        places[rows] = nearest(compared, most)
        similarity[rows] = np.take_along_axis(compared, places[rows], axis=1)
    return places, similarity


def nearest(similarity: NDArray[Any], most: int) -> Places:
    """Places (n, most) of the largest values of each row, in their order; of equal ones the first.

    >>> nearest(np.array([[0.1, 0.9, 0.5, 0.9]]), 2).tolist()
    [[1, 3]]
    """
    limits = np.partition(similarity, -most, axis=1)[:, -most]
    found = np.empty((len(similarity), most), np.intp)
    for number, (row, limit) in enumerate(zip(similarity, limits, strict=True)):
        places = np.flatnonzero(row >= limit)
        found[number] = places[np.argsort(-row[places], kind="stable")[:most]]
    return found


def _unit(rows: NDArray[Any]) -> NDArray[Any]:
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return rows


def _in_cells(features: Floats, most: int) -> tuple[Places, Unit]:
    """As `cosine_neighbours`, of the `PROBES` cells that are nearest to each annotation."""
    every = np.arange(len(features))
    mean, deviation = moments(features, every)

    def unit(places: Places) -> Unit:
        return _unit(standardised(features, places, mean, deviation))

    centres = _centres(unit(_spread(len(every), _SAMPLED)), len(every) // CELL)
    probed = min(PROBES, len(centres))
    cells = np.concatenate([nearest(unit(part) @ centres.T, probed) for part in _parts(every)])
    # By cell: who is in it, and who looks into it.
    members = _by_cell(cells[:, 0], len(centres))
    asking = [places // probed for places in _by_cell(cells.ravel(), len(centres))]
    places = np.zeros((len(every), most), np.intp)
    similarity = np.full((len(every), most), -np.inf, np.float32)
    for own, rows in zip(members, asking, strict=True):
        known = unit(own)
        for part in _parts(rows) if own.size else ():
            # Rounded, so that equal ones are equal whatever the order that their sums went in.
            compared = np.round(unit(part) @ known.T, 6)
            compared[part[:, None] == own] = -np.inf
            kept = nearest(compared, min(most, len(own)))
            joined = np.concatenate(
                [similarity[part], np.take_along_axis(compared, kept, axis=1)], axis=1
            )
            candidates = np.concatenate([places[part], own[kept]], axis=1)
            order = np.argsort(-joined, axis=1, kind="stable")[:, :most]
            similarity[part] = np.take_along_axis(joined, order, axis=1)
            places[part] = np.take_along_axis(candidates, order, axis=1)
    return places, similarity


def _spread(count: int, most: int) -> Places:
    """At most so many places among `count`, evenly spread."""
    return np.linspace(0, count - 1, min(most, count)).astype(np.intp)


def _parts(rows: Places) -> Iterator[Places]:
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]


def _by_cell(cells: NDArray[np.intp], count: int) -> list[Places]:
    """Places of each cell's entries, ascending."""
    ends = np.bincount(cells, minlength=count).cumsum()
    return np.split(np.argsort(cells, kind="stable"), ends[:-1])


def _centres(sample: Unit, count: int) -> Unit:
    """Centres (C, D) of unit rows by spherical k-means, from evenly spread rows on."""
    centres = sample[_spread(len(sample), count)]
    for _ in range(_ROUNDS):
        closest = (sample @ centres.T).argmax(axis=1)
        kept, places = np.unique(closest, return_inverse=True)
        order = np.argsort(places, kind="stable")
        starts = np.searchsorted(places[order], np.arange(len(kept)))
        centres = _unit(np.add.reduceat(sample[order], starts, axis=0))
    return centres
