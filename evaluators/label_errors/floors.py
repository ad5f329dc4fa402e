"""What needs no detector: the floors that a detector has to beat, and whether it does.

None of them is fitted to, or chosen by, the truth of the benchmark at hand. ``flag_everything``
and ``chance`` rank by nothing; ``area`` ranks small masks first, ``category`` rare categories, by
their counts in the noisy file itself: both directions are fixed beforehand. ``blind`` is a model
of geometry that was fitted on other data (`benchmark_n.evaluators.label_errors.blind`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_errors import ranking
from benchmark_n.evaluators.label_errors.bootstrap import interval
from benchmark_n.evaluators.label_errors.label_blocks import label_blocks
from benchmark_n.evaluators.label_errors.measures import (
    Measured,
    ScoredItems,
    Values,
    chance_f1,
    measure,
    plain,
)

FLOORS = ("flag_everything", "chance", "area", "category", "blind")
HEADLINE = "lifted_auprc"


@dataclass(frozen=True)
class BlindScores:
    """Scores of the blind floor for M annotations of a noisy file.

    Parameters
    ----------
    annotation_ids
        int64 (M,).
    scores
        ``class``, ``spatial`` and ``any`` to float64 (M,).
    fitted_on
        The datasets that the model was fitted on; this benchmark's is none of them.
    """

    annotation_ids: NDArray[np.int64]
    scores: Mapping[str, Values]
    fitted_on: tuple[str, ...]


def floor_scores(rows: Any, kind: str, blind: BlindScores | None) -> dict[str, Values]:
    """Floor to its scores of the annotations in `rows`, float64 (N,).

    Raises
    ------
    InputError
        The blind scores lack an annotation.
    """
    category = pc.coalesce(rows["noisy_category_id"], rows["category_id"]).to_numpy()
    _, code, counts = np.unique(category, return_inverse=True, return_counts=True)
    nothing = np.zeros(len(rows))
    scores = {
        **dict.fromkeys(FLOORS[:2], nothing),
        "area": -np.asarray(rows["noisy_area"].to_numpy(), float),
        "category": -np.asarray(counts[code], float),
    }
    if blind is not None and kind in blind.scores:
        ids = rows["annotation_id"].to_numpy()
        order = np.argsort(blind.annotation_ids)
        place = np.searchsorted(blind.annotation_ids, ids, sorter=order)
        place = order[np.minimum(place, len(order) - 1)] if len(order) else place
        absent = ids[blind.annotation_ids[place] != ids] if len(order) else ids
        if absent.size:
            raise InputError(f"blind floor: annotation {absent[0]} has no score")
        scores["blind"] = blind.scores[kind][place]
    return scores


def floor_measures(items: ScoredItems, floors: Mapping[str, Values]) -> dict[str, Measured]:
    """The measures of each floor at as many flags as the detector has; all for the first.

    Ties are broken at random, and counted by their expectation.
    """
    made = {}
    for name, scores in floors.items():
        every = name == "flag_everything"
        flags = int(items.wrong.size if every else items.flagged.sum())
        counts = label_blocks(scores, items.wrong).counts(np.ones(items.wrong.size, np.int64))
        hits = ranking.hits_at(*counts, flags)
        at_flags = ranking.precision_recall_f1(hits, flags, items.wrong.sum())
        own = measure(
            ScoredItems(scores, items.wrong, items.flagged, items.groups, items.num_groups)
        )
        values = dict(zip(("precision", "recall", "f1"), map(plain, at_flags), strict=True))
        share = own["prevalence"]
        by_chance = None if share is None else chance_f1(share, flags, int(items.wrong.sum()))
        made[name] = {**own, "flagged": flags, **values, "chance_f1": by_chance}
    return made


def without_flags(
    name: str, measures: Mapping[str, float | int | None]
) -> dict[str, float | int | None]:
    """The measures of a floor beside several detectors: no flags but those of all.

    Beside one detector a floor is measured at as many flags as that one has.

    Examples
    --------
    >>> without_flags("area", {"auprc": 0.4, "precision": 0.5})
    {'auprc': 0.4, 'precision': None}
    """
    of_flags = ("f1", "chance_f1", "precision", "recall", "flagged")
    every = name == "flag_everything"
    return {key: v if every or key not in of_flags else None for key, v in measures.items()}


@dataclass(frozen=True)
class FloorComparison:
    """A detector against the best floor, by lifted AUPRC.

    Parameters
    ----------
    floor
        The one of highest lifted AUPRC here, which is the hardest to beat.
    difference, interval
        The detector's lifted AUPRC minus the floor's, and its paired 95 % bootstrap interval.
    above
        Whether the whole interval lies above 0. A detector that is not above is marked
        ``≤ floor``.
    """

    floor: str
    difference: float
    interval: tuple[float, float]
    above: bool

    @property
    def text(self) -> str:
        """``> blind`` or ``≤ blind``."""
        return f"{'>' if self.above else '≤'} {self.floor.replace('_', ' ')}"


def compare_with_floors(
    measures: Measured,
    floors: Mapping[str, Measured],
    drawn: Mapping[str, Values],
) -> FloorComparison | None:
    """The comparison with the best floor; None where lifted AUPRC is not defined.

    Parameters
    ----------
    measures, floors
        Of the detector, and of each floor.
    drawn
        Paired replicates of the detector's measures and, under its name, of each floor's lifted
        AUPRC.
    """
    known = {name: value for name, own in floors.items() if (value := own[HEADLINE]) is not None}
    own = measures[HEADLINE]
    if own is None or not known:
        return None
    best = max(known, key=lambda name: known[name])
    spread = interval(drawn[HEADLINE] - drawn[best])
    if spread is None:
        return None
    return FloorComparison(best, float(own - known[best]), spread, spread[0] > 0)
