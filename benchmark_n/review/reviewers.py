"""How good reviewers are: planted errors that they see, right annotations that they spoil, time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from statistics import median

from benchmark_n.evaluators.agreement import Kappa, cohen_kappa, fleiss_kappa
from benchmark_n.evaluators.sampling import wilson
from benchmark_n.review.decision import ACCEPT, KEEP
from benchmark_n.review.private import Planted
from benchmark_n.review.state import ReviewState
from benchmark_n.review.votes import Vote, first_votes


@dataclass(frozen=True)
class Rate:
    """A share of counted decisions, with its 95 % Wilson interval; None of none."""

    count: int
    of: int
    share: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Reviewer:
    """One reviewer, by the first decision on each item.

    Parameters
    ----------
    detection
        Planted errors that were seen: something of their kind was corrected, or the annotation
        removed; of a planted proposal, that it was added.
    false_alarms
        Decoys whose wrong suggestion was taken.
    seconds
        The median time of a decision, and None where the files say none; `timed` is of how many.
    """

    name: str
    decisions: int
    detection: Rate
    false_alarms: Rate
    seconds: float | None
    timed: int


@dataclass(frozen=True)
class Agreement:
    """Of two reviewers, or of all (`names`), on the items that all of them decided.

    Parameters
    ----------
    decision
        On what becomes of the annotation: the category, whose mask, or that it goes.
    wrong
        On whether anything is wrong with it.
    """

    names: tuple[str, ...]
    decision: Kappa
    wrong: Kappa


def reviewers(state: ReviewState) -> tuple[Reviewer, ...]:
    """Each reviewer of a review, by name."""
    planted = {one.annotation_id: one for one in state.private.planted}
    labels = state.review.labels
    found = []
    for name, votes in sorted(_by_reviewer(state).items()):
        known = [(planted[v.annotation_id], v) for v in votes if v.annotation_id in planted]
        seen = [_detected(one, vote) for one, vote in known if not one.decoy]
        spoilt = [_taken_in(one, vote, labels) for one, vote in known if one.decoy]
        times = [vote.ms / 1000 for vote in votes if vote.ms is not None]
        found.append(
            Reviewer(
                name,
                len(votes),
                rate(sum(seen), len(seen)),
                rate(sum(spoilt), len(spoilt)),
                median(times) if times else None,
                len(times),
            )
        )
    return tuple(found)


def agreements(state: ReviewState) -> tuple[Agreement, ...]:
    """Cohen's kappa of each two reviewers, and of three or more Fleiss' of all."""
    of_item = first_votes(state.votes)
    names = sorted(_by_reviewer(state))
    groups: list[tuple[str, ...]] = [*combinations(names, 2)]
    if len(names) > 2:
        groups.append(tuple(names))
    found = []
    for group in groups:
        shared = [cast for cast in of_item.values() if all(name in cast for name in group)]
        labels = [[cast[name].outcome for name in group] for cast in shared]
        wrong = [[label != KEEP for label in row] for row in labels]
        found.append(Agreement(group, _kappa(labels, group), _kappa(wrong, group)))
    return tuple(found)


def rate(count: int, of: int) -> Rate:
    """A share with its interval.

    >>> rate(3, 4).share
    0.75
    """
    if not of:
        return Rate(0, 0, None, None)
    return Rate(count, of, count / of, wilson(count, of))


def _kappa(labels: list[list[str]] | list[list[bool]], group: tuple[str, ...]) -> Kappa:
    if len(group) == 2:
        return cohen_kappa([row[0] for row in labels], [row[1] for row in labels])
    if not labels:
        return Kappa(0, len(group), None, None, None)
    return fleiss_kappa(labels)


def _by_reviewer(state: ReviewState) -> dict[str, list[Vote]]:
    """Reviewer to the first votes on each item."""
    found: dict[str, list[Vote]] = {}
    for cast in first_votes(state.votes).values():
        for name, vote in cast.items():
            found.setdefault(name, []).append(vote)
    return found


def _detected(planted: Planted, vote: Vote) -> bool:
    return bool(set(vote.kinds) & {*planted.kinds, "spurious"})


def _taken_in(planted: Planted, vote: Vote, labels: dict[int, str]) -> bool:
    """Whether the wrong suggestion of a decoy was taken."""
    wrong = None if planted.category_id is None else labels[planted.category_id]
    return vote.action == ACCEPT or (vote.category is not None and vote.category == wrong)
