"""Suspects of the joint list: what each detector and rule says, brought together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc

from benchmark_n.coco import CocoFile
from benchmark_n.detection.structure.result import CheckResult
from benchmark_n.detection.structure.result import Suspect as StructureSuspect
from benchmark_n.tables.scores import OPINIONS, Opinion

# Suspects of a lower probability are not listed.
LEAST = 0.02
# Nor are reasons of a lower one said on pages.
SAID = 0.05
AMBIGUOUS = "ambiguous"
# What part of the errors that a kind claims were found to be errors, where its share of errors is
# overstated (chosen on coco_mini's train split with errors made by hand, seeds 1 to 3).
CREDIT = {"misplaced": 0.3, "unsupported": 0.7}
# What a detector's reason is in words; of `posterior` its opinions say it.
MEANING = {
    "unannotated": "detectors find it, and it is not annotated",
    "unsupported": "no detector finds such a thing here",
    "misplaced": "detectors put its box elsewhere",
}
# Rules of which not each finding is an error: wrong and named in photographs as published
# (docs/check.md). The other rules named nothing there.
MEASURED = {
    "merged": (2, 6),
    "two_categories": (1, 1),
    "holds_several": (1, 1),
    "parts_apart": (1, 3),
    "sliver": (0, 6),
    "crumbs": (0, 16),
    "unlike_size": (1, 18),
}


@dataclass(frozen=True)
class Reason:
    """What one detector or rule says: its name, the kind of error, its probability, and why."""

    source: str
    kind: str
    probability: float
    what: str = ""


@dataclass(frozen=True)
class Suspect:
    """An annotation that may need a change, or an object that may have been forgotten.

    Parameters
    ----------
    probability
        That it needs a change, 0 to 1: that not every reason is wrong.
    kind
        That of the most probable reason: ``class``, ``ambiguous``, ``spatial``, ``spurious`` or
        ``missing``.
    annotation_id
        None for a missing one.
    category
        The given category's id; None for a missing one.
    suggested_category, suggested_segmentation
        As in scores tables, of reasons at least half as probable as the first; None without.
    between
        Of an ambiguous one the ids of both categories.
    opinions
        What each model takes it for, as in scores tables.
    reasons
        The most probable first.
    """

    probability: float
    kind: str
    image_id: int
    annotation_id: int | None
    category: int | None
    suggested_category: int | None
    suggested_segmentation: str | None
    between: tuple[int, ...]
    reasons: tuple[Reason, ...]
    opinions: tuple[Opinion, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class _Claim:
    """A reason, what it is about, and what it suggests."""

    reason: Reason
    image_id: int
    annotation_id: int | None
    category: int | None = None
    segmentation: str | None = None
    opinions: tuple[Opinion, ...] = ()


def rank_suspects(
    coco: CocoFile,
    scores: Mapping[str, Any],
    structure: CheckResult,
    ambiguous: Mapping[int, tuple[int, int]],
) -> tuple[Suspect, ...]:
    """The suspects, the most probable first; ties in the order of annotation ids, missing last.

    Parameters
    ----------
    scores
        Detector to its scores table, whose scores are probabilities.
    ambiguous
        Annotation id to the two categories' ids that its evidence is split between.
    """
    claims: dict[Any, list[_Claim]] = {}
    for name, table in scores.items():
        for number, claim in enumerate(_claims(name, table)):
            key = claim.annotation_id
            claims.setdefault((name, number) if key is None else key, []).append(claim)
    for claim in _structural(structure):
        claims.setdefault(claim.annotation_id, []).append(claim)
    given = dict(zip(coco.annotation_ids.tolist(), coco.category_ids.tolist(), strict=True))
    made = [_suspect(own, given, ambiguous) for own in claims.values()]
    made = [one for one in made if one.probability >= LEAST]
    last = float("inf")
    return tuple(
        sorted(
            made,
            key=lambda one: (
                -one.probability,
                last if one.annotation_id is None else one.annotation_id,
                one.image_id,
            ),
        )
    )


def _claims(name: str, table: Any) -> Iterable[_Claim]:
    rows = table.filter(pc.not_equal(table["kind"], "any"))
    rows = rows.filter(pc.greater(rows["score"], 0))
    credit = CREDIT.get(name, 1.0)
    for row in rows.to_pylist():
        yield _Claim(
            Reason(name, row["kind"], credit * row["score"], MEANING.get(name, "")),
            row["image_id"],
            row["annotation_id"],
            row["suggested_category"],
            row["suggested_segmentation"],
            tuple(row.get(OPINIONS) or ()),
        )


def _structural(structure: CheckResult) -> Iterable[_Claim]:
    """Of each annotation the surest finding of each kind; findings on records alone are no errors.

    Two annotations that are the same are one error: the later one is suspected.
    """
    seen = set()
    for one in structure.suspects:
        key = (one.annotation_ids[:1], one.kind)
        if one.kind is None or not one.annotation_ids or key in seen:
            continue
        seen.add(key)
        assert one.image_id is not None
        reason = Reason(one.rule, one.kind, measured_probability(one), one.what)
        yield _Claim(reason, one.image_id, one.annotation_ids[0])


def measured_probability(suspect: StructureSuspect) -> float:
    """The finding's own probability, at most its rule's precision on files as published.

    The precision is (wrong + 1) / (named + 2), as one expects it before and after few findings.
    """
    if suspect.rule not in MEASURED:
        return suspect.probability
    wrong, named = MEASURED[suspect.rule]
    return min(suspect.probability, (wrong + 1) / (named + 2))


def _suspect(
    claims: list[_Claim], given: Mapping[int, int], ambiguous: Mapping[int, tuple[int, int]]
) -> Suspect:
    claims = sorted(claims, key=lambda claim: -claim.reason.probability)
    first = claims[0]
    identity = first.annotation_id
    between = () if identity is None else ambiguous.get(identity, ())
    # Where the evidence is split between two categories, nobody is called wrong.
    reasons = tuple(
        Reason(c.reason.source, AMBIGUOUS, c.reason.probability, c.reason.what)
        if between and c.reason.kind == "class"
        else c.reason
        for c in claims
    )
    right = float(np.prod([1 - reason.probability for reason in reasons]))
    likely = [c for c in claims if c.reason.probability >= first.reason.probability / 2]
    named = [c.category for c in likely if c.category is not None and not between]
    return Suspect(
        probability=round(1 - right, 4),
        kind=reasons[0].kind,
        image_id=first.image_id,
        annotation_id=identity,
        category=None if identity is None else given[identity],
        suggested_category=next(iter(named), None),
        suggested_segmentation=next((c.segmentation for c in likely if c.segmentation), None),
        between=between,
        reasons=reasons,
        opinions=next((c.opinions for c in claims if c.opinions), ()),
    )
