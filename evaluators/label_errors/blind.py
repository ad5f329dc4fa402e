"""The blind floor: how wrong an annotation looks by geometry alone, to a model of other data.

Three small ensembles of trees, one a kind of error, were fitted by
``scripts/build/blind_floor.py`` to noisy benchmarks of datasets and seeds that no table reports.
A benchmark of one of these datasets is scored by models that were fitted without it. What the
blind floor reaches, a detector reaches without looking at a picture.

References
----------
.. [1] Friedman: Greedy Function Approximation: A Gradient Boosting Machine, Annals of Statistics
       29 (2001).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.lacking_masks import regions_of
from benchmark_n.evaluators.label_errors.floors import BlindScores
from benchmark_n.evaluators.label_errors.geometry import FEATURES, geometry_features

Values = NDArray[np.float64]
WEIGHTS = "blind_floor.json"
DEPTH = 3
ALL = "all"


class Trees(msgspec.Struct, frozen=True):
    """T full binary trees of depth `DEPTH`; their leaves add up to a log odds.

    Parameters
    ----------
    bias
        Where the sum starts.
    features, thresholds
        T times the 7 inner nodes, level by level: to the left where the feature is at most the
        threshold.
    leaves
        T times the 8 leaves, from the left.
    """

    bias: float
    features: list[list[int]]
    thresholds: list[list[float]]
    leaves: list[list[float]]

    def predict(self, rows: Values) -> Values:
        """Probability of an error, float64 (N,), for features (N, F)."""
        total = np.full(len(rows), self.bias)
        every = np.arange(len(rows))
        for features, thresholds, leaves in zip(
            self.features, self.thresholds, self.leaves, strict=True
        ):
            place = np.zeros(len(rows), np.intp)
            for _ in range(DEPTH):
                right = rows[every, np.take(features, place)] > np.take(thresholds, place)
                place = 2 * place + 1 + right
            total += np.take(leaves, place - (2**DEPTH - 1))
        return np.asarray(1 / (1 + np.exp(-total)))


class Fitted(msgspec.Struct, frozen=True):
    """One of the samples that the models were fitted on.

    Parameters
    ----------
    datasets
        Names of the datasets that share its photographs or its drawing.
    sources
        SHA-256 of its annotation files.
    about
        Seeds and sizes, for the reader.
    """

    datasets: list[str]
    sources: list[str]
    about: str


class BlindFloor(msgspec.Struct, frozen=True):
    """The file of weights: `models` by the sample that was left out (`ALL`: none), then by kind."""

    version: int
    features: list[str]
    fitted_on: dict[str, Fitted]
    models: dict[str, dict[str, Trees]]


@cache
def load_blind_floor() -> BlindFloor:
    """The weights that come with the package.

    Examples
    --------
    >>> floor = load_blind_floor()
    >>> left_out(floor, "my own", None) == ALL, sorted(floor.models[ALL])
    (True, ['any', 'class', 'spatial'])
    """
    text = files("benchmark_n.evaluators.label_errors").joinpath(WEIGHTS).read_bytes()
    floor = msgspec.json.decode(text, type=BlindFloor)
    assert tuple(floor.features) == FEATURES
    return floor


def left_out(floor: BlindFloor, dataset: str, source_sha256: str | None) -> str:
    """The sample that a benchmark is of, by dataset or source file, or `ALL` where it is of none.

    Parameters
    ----------
    dataset, source_sha256
        As the benchmark's recipe has them.
    """
    own = (
        name
        for name, sample in floor.fitted_on.items()
        if dataset in sample.datasets or source_sha256 in sample.sources
    )
    return next(own, ALL)


def blind_scores(noisy: CocoFile, recipe: Mapping[str, Any]) -> BlindScores:
    """Scores of all annotations of a benchmark's noisy file; boxes count as filled.

    Parameters
    ----------
    recipe
        The benchmark's; it says of which dataset it is.

    Raises
    ------
    InputError
        A segmentation that is no mask.
    """
    floor = load_blind_floor()
    source = recipe.get("source") or {}
    own = left_out(floor, str(recipe.get("dataset")), source.get("sha256"))
    rows = geometry_features(regions_of(noisy), noisy.category_ids, noisy.image_ids)
    scores = {kind: trees.predict(rows) for kind, trees in floor.models[own].items()}
    fitted = tuple(name for name in floor.fitted_on if name != own)
    return BlindScores(noisy.annotation_ids, scores, fitted)
