"""What votes add to the audit trail."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark_n.coco import CocoFile
from benchmark_n.errors import UsageError
from benchmark_n.review.audit import AuditEntry
from benchmark_n.review.carry_out import carry_out
from benchmark_n.review.items import Item, Review
from benchmark_n.review.private import Private
from benchmark_n.review.settling import settle
from benchmark_n.review.votes import Vote, latest_votes


def new_entries(
    votes: Sequence[Vote],
    entries: Sequence[AuditEntry],
    private: Private,
    review: Review,
    coco: CocoFile,
    adjudicator: str | None,
) -> tuple[list[AuditEntry], tuple[int, ...]]:
    """The lines of an import, and the items that its votes leave without a majority.

    Planted items are no annotations of the file: nothing of them goes on the trail.

    Parameters
    ----------
    votes, entries
        All votes, those of earlier imports as well, and the trail so far.
    coco
        The reviewed file.

    Raises
    ------
    UsageError
        The adjudicator decided nothing at all.
    """
    _check_adjudicator(adjudicator, votes)
    closed = {entry.annotation_id for entry in entries} | private.planted_ids
    open_votes = {i: cast for i, cast in latest_votes(votes).items() if i not in closed}
    items = {item.annotation_id: item for item in review.items}
    settled = settle(open_votes, items, coco, adjudicator)
    place = {identity: i for i, identity in enumerate(coco.annotation_ids.tolist())}
    new = [
        _entry(won, items[identity], review, coco, place.get(identity), (number, len(settled)))
        for number, (identity, won) in enumerate(settled.decided.items(), start=1)
    ]
    return new, settled.disputed


def _entry(
    won: Sequence[Vote],
    item: Item,
    review: Review,
    coco: CocoFile,
    index: int | None,
    part: tuple[int, int],
) -> AuditEntry:
    """The line of an item: its first vote is carried out, and all who agree are named."""
    vote = won[0]
    before, after = carry_out(vote.decision(), item, review, coco, index)
    return AuditEntry(
        ", ".join(dict.fromkeys(one.who for one in won)),
        vote.when,
        item.annotation_id,
        item.image_id,
        vote.action,
        before,
        after,
        vote.why,
        review.guideline,
        vote.decisions,
        part,
        vote.ms,
    )


def _check_adjudicator(adjudicator: str | None, votes: Sequence[Vote]) -> None:
    names = sorted({vote.who for vote in votes})
    if adjudicator is not None and adjudicator not in names:
        raise UsageError(
            f"`adjudicator`: '{adjudicator}' decided nothing, expected one of {', '.join(names)}"
        )
