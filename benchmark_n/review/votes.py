"""What each reviewer decided on each item: a line of ``votes.jsonl``, whoever wins in the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.coco import CocoFile
from benchmark_n.review.audit import AuditEntry
from benchmark_n.review.carry_out import carry_out, kinds_corrected
from benchmark_n.review.decision import CHANGE, KEEP, REDRAW, REMOVE, Decision
from benchmark_n.review.items import Item, Review
from benchmark_n.review.trail import append_trail, read_trail

VOTES = "votes.jsonl"


class Vote(msgspec.Struct, frozen=True):
    """One reviewer's decision on one item.

    Parameters
    ----------
    action, category, segmentation, who, when, why, ms
        As in `benchmark_n.review.decision.Decision`.
    outcome
        What would become of the annotation, in words: votes of one outcome agree.
    kinds
        The kinds of error that it mends, as `kinds_corrected` has them.
    guideline
        The guideline's version.
    decisions
        SHA-256 of the file that it came in.
    part
        Number of the line among those of its import, and how many these are.
    """

    annotation_id: int
    who: str
    when: str
    action: str
    category: str | None
    segmentation: Any
    why: str
    ms: int | None
    outcome: str
    kinds: tuple[str, ...]
    guideline: str
    decisions: str
    part: tuple[int, int]

    def decision(self) -> Decision:
        """The decision alone."""
        return Decision(
            self.annotation_id,
            self.action,
            self.category,
            self.segmentation,
            self.who,
            self.when,
            self.why,
            self.ms,
        )


def read_votes(folder: Path) -> list[Vote]:
    """All votes of complete imports, in their order; none where nothing was imported.

    Raises
    ------
    InputError
        A line that is no vote.
    """
    return read_trail(folder / VOTES, Vote)


def append_votes(folder: Path, votes: Sequence[Vote]) -> None:
    """Append the votes of one import: all, or on a crash none that count."""
    numbered = [
        msgspec.structs.replace(vote, part=(i, len(votes))) for i, vote in enumerate(votes, start=1)
    ]
    append_trail(folder / VOTES, numbered)


def latest_votes(votes: Sequence[Vote]) -> dict[int, list[Vote]]:
    """Item to its votes, of each reviewer the latest, in the order of the imports."""
    found: dict[int, dict[str, Vote]] = {}
    for vote in votes:
        found.setdefault(vote.annotation_id, {})[vote.who] = vote
    return {identity: list(of_item.values()) for identity, of_item in found.items()}


def first_votes(votes: Sequence[Vote]) -> dict[int, dict[str, Vote]]:
    """Item to reviewer to the first vote, which is made without the others'."""
    found: dict[int, dict[str, Vote]] = {}
    for vote in votes:
        found.setdefault(vote.annotation_id, {}).setdefault(vote.who, vote)
    return found


def make_vote(
    decision: Decision, item: Item, review: Review, shown: CocoFile, index: int | None, digest: str
) -> Vote:
    """A decision as a vote.

    Parameters
    ----------
    shown
        The annotations as the reviewers saw them.
    index
        Position of the annotation in it; None for a proposal.

    Raises
    ------
    InputError
        As `carry_out`: a decision that could not be carried out is no vote.
    """
    before, after = carry_out(decision, item, review, shown, index)
    return Vote(
        decision.annotation_id,
        decision.who,
        decision.when,
        decision.action,
        decision.category,
        decision.segmentation,
        decision.why,
        decision.ms,
        _outcome(decision, item, review, after),
        tuple(sorted(kinds_corrected(decision.action, before, after))),
        review.guideline,
        digest,
        (1, 1),
    )


def _outcome(decision: Decision, item: Item, review: Review, after: dict[str, Any] | None) -> str:
    if decision.action in (KEEP, REMOVE):
        return decision.action
    parts = []
    if after is not None and "category_id" in after:
        parts.append(review.labels[after["category_id"]])
    if after is not None and "segmentation" in after:
        own = decision.action in (REDRAW, CHANGE)
        parts.append("own mask" if own else "suggested mask")
    return ("add " if item.proposal else "") + " and ".join(parts)


def known_decisions(
    votes: Sequence[Vote], entries: Sequence[AuditEntry]
) -> set[tuple[int, str, str, str]]:
    """Item, reviewer, time and action of all that was imported: a file may hold it once more."""
    cast = {(vote.annotation_id, vote.who, vote.when, vote.action) for vote in votes}
    return cast | {(one.annotation_id, one.who, one.when, one.action) for one in entries}
