"""Whether the baseline grid ranks detectors on tiers as it does on real noise.

The ranking of a tier is by the means over its sets, that of a real pair by its own figures. Tiers
on the pictures of a real pair are compared with it by themselves. `random`, which is no detector
but chance, and the floors are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from benchmark_n.evaluators.agreement import RankingAgreement, ranking_agreement
from benchmark_n.evaluators.agreement.rankings import LEAST

REAL = "real"
KINDS = ("class", "spatial", "any")
CHANCE = "random"
Piece = Mapping[str, Any]
# Detector to its figure under each seed.
Ranking = dict[str, list[float]]


@dataclass(frozen=True)
class Comparison:
    """Two rankings by one kind of error.

    Parameters
    ----------
    first, second
        A tier, or the name of a real pair.
    real
        Whether the second is a real pair and the first a tier.
    """

    kind: str
    first: str
    second: str
    real: bool
    agreement: RankingAgreement

    @property
    def text(self) -> str:
        """``0.62 (0.31 to 0.85)``, with the number of detectors."""
        own = self.agreement
        if own.tau is None:
            return f"not defined, {len(own.detectors)} detectors"
        spread = "" if own.interval is None else " ({:.2f} to {:.2f})".format(*own.interval)
        return f"{own.tau:.2f}{spread}, {len(own.detectors)} detectors"


def compare_rankings(pieces: Sequence[Piece]) -> list[Comparison]:
    """Each two of the tiers and real pairs that rank three detectors or more in common.

    Parameters
    ----------
    pieces
        As `benchmark_n.experiments.baseline_grid.measure_piece` gives them, with ``set`` and
        ``tier``; those with ``pair``, on the pictures of a real pair, are left out.
    """
    return _compared([piece for piece in pieces if "pair" not in piece])


def compare_on_same_pictures(pieces: Sequence[Piece]) -> dict[str, list[Comparison]]:
    """Real pair to the same for it and the tiers that were drawn on its pictures.

    Parameters
    ----------
    pieces
        As for `compare_rankings`; those of tiers on its pictures name it by ``pair``.
    """
    made = {}
    for name in dict.fromkeys(piece["pair"] for piece in pieces if "pair" in piece):
        real = [piece for piece in pieces if (piece["set"], piece["tier"]) == (name, REAL)]
        drawn = [piece for piece in pieces if piece.get("pair") == name]
        made[name] = _compared([*drawn, *real])
    return made


def _compared(pieces: Sequence[Piece]) -> list[Comparison]:
    """All pairs of what the pieces rank."""
    made = []
    for kind in KINDS:
        ranked = rankings(pieces, kind)
        for (first, of_real), (second, of_other) in combinations(_named(pieces), 2):
            agreement = ranking_agreement(ranked[first], ranked[second])
            if agreement is not None:
                real = of_other and not of_real
                made.append(Comparison(kind, first, second, real, agreement))
    return made


def rankings(pieces: Sequence[Piece], kind: str) -> dict[str, Ranking]:
    """Tier or real pair to its ranking; an empty one where nothing ranks there.

    A set where fewer than three detectors have a figure, such as one without pixels, has no part in
    its tier's ranking; a detector without a figure on one of the others neither.
    """
    made = {}
    for name, real in _named(pieces):
        own = [piece for piece in pieces if name == (piece["set"] if real else piece["tier"])]
        made[name] = _mean([_values(piece, kind) for piece in own])
    return made


def _named(pieces: Sequence[Piece]) -> list[tuple[str, bool]]:
    """Tiers, then real pairs, as they come, and whether each is of the latter."""
    tiers = dict.fromkeys((p["tier"], False) for p in pieces if p["tier"] != REAL)
    pairs = dict.fromkeys((p["set"], True) for p in pieces if p["tier"] == REAL)
    return [*tiers, *pairs]


def _values(piece: Piece, kind: str) -> dict[str, dict[int, float]]:
    """Detector to drawing to its figure."""
    return {
        row["name"]: dict(zip(row.get("drawings", piece["drawings"]), row["values"], strict=True))
        for row in piece["rows"]
        if row["kind"] == kind and not row["floor"] and row["name"] != CHANCE
    }


def _mean(sets: Sequence[dict[str, dict[int, float]]]) -> Ranking:
    """Means over the sets, under the drawings that all of them have."""
    used = [one for one in sets if len(one) >= LEAST]
    if not used:
        return {}
    drawings = sorted(set.intersection(*(set(values) for one in used for values in one.values())))
    return {
        name: [float(np.mean([one[name][drawing] for one in used])) for drawing in drawings]
        for name in used[0]
        if drawings and all(name in one for one in used)
    }
