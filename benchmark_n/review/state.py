"""All that is known of a review: its items, what is private of them, votes and decisions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmark_n.review.audit import AuditEntry, read_audit
from benchmark_n.review.items import Item, Review, read_review
from benchmark_n.review.private import Private, read_private
from benchmark_n.review.votes import Vote, read_votes


@dataclass(frozen=True)
class ReviewState:
    """A review and what came back of it.

    Parameters
    ----------
    entries
        Item to its line of the audit trail, where it is decided.
    votes
        What the reviewers decided, in the order of the imports.
    """

    folder: Path
    review: Review
    private: Private
    entries: dict[int, AuditEntry]
    votes: tuple[Vote, ...]

    @property
    def listed(self) -> tuple[Item, ...]:
        """The suspects: items that are neither of the audit sample nor planted."""
        return tuple(item for item in self.review.items if self.private.is_listed(item))

    @property
    def disputed(self) -> tuple[Item, ...]:
        """Items that have votes, and no decision for want of a majority."""
        open_votes = {vote.annotation_id for vote in self.votes} - set(self.entries)
        return tuple(
            item
            for item in self.review.items
            if item.annotation_id in open_votes
            and item.annotation_id not in self.private.planted_ids
        )


def read_state(folder: Path | str) -> ReviewState:
    """Read a review's folder.

    Raises
    ------
    InputError
        No review, or a damaged file of it.
    """
    folder = Path(folder)
    review = read_review(folder)
    return ReviewState(
        folder,
        review,
        read_private(folder, review.items),
        {entry.annotation_id: entry for entry in read_audit(folder)},
        tuple(read_votes(folder)),
    )
