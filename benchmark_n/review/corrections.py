"""Import decisions: the corrected annotation file, and the audit trail that it follows from."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from benchmark_n.coco import CocoFile
from benchmark_n.coco.records import join_record, split_record
from benchmark_n.coco.write import CocoStream
from benchmark_n.errors import InputError, UsageError
from benchmark_n.files.locks import file_lock
from benchmark_n.files.provenance import file_digest
from benchmark_n.review.audit import AuditEntry, append_audit, read_audit
from benchmark_n.review.carry_out import carry_out
from benchmark_n.review.casting import Ballot, cast_votes
from benchmark_n.review.corrected import (
    RETURN_FORMATS,
    check_format,
    returned_folder,
    write_returned,
)
from benchmark_n.review.items import REVIEW, Review, read_review
from benchmark_n.review.private import Private, as_shown, read_private
from benchmark_n.review.settling import settle
from benchmark_n.review.source import read_source, source_place
from benchmark_n.review.trail import sync_folder
from benchmark_n.review.votes import Vote, append_votes, latest_votes, read_votes

CORRECTED = "corrected.json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Imported:
    """What an import did: the corrected file, decisions by action, and how many items are left.

    `absent` of these were not in any file at all; `returned` is the directory of the corrections
    in the format of a tool, where one was asked for; `disputed` are undecided for want of a
    majority; `planted` decisions were on items whose answers are known, and change nothing.
    """

    corrected: Path
    actions: dict[str, int]
    undecided: int
    absent: int = 0
    returned: Path | None = None
    repeated: int = 0
    disputed: tuple[int, ...] = ()
    planted: int = 0


def import_decisions(
    folder: Path | str,
    decisions: Path | str | Sequence[Path | str],
    *,
    who: str | Sequence[str] | None = None,
    when: str | None = None,
    annotations: Path | str | None = None,
    as_format: str | None = None,
    adjudicator: str | None = None,
) -> Imported:
    """Carry out decisions: append them to ``audit.jsonl``, write ``corrected.json``.

    All but what the audit trail tells keeps its bytes. The trail is appended to first: an import
    that was interrupted is taken as not begun or, run again, is finished. What each reviewer
    decided is kept in ``votes.jsonl``, also where they disagree.

    Parameters
    ----------
    folder, decisions
        A review, as `export_review` writes it, and a filled ``decisions.csv`` or an export of
        Label Studio, CVAT or FiftyOne; of several reviewers, a file each.
    who, when
        For decisions whose file does not say: one reviewer, or one for each file; `when` (ISO 8601)
        is by default now.
    annotations
        The reviewed file, where it moved since.
    as_format
        One of `RETURN_FORMATS`: write ``corrected-FORMAT/`` too, even of a file that was imported.
    adjudicator
        The reviewer who decides alone what he or she decides; without, and for the rest, an item is
        decided by the majority of its votes, and left open without one.

    Raises
    ------
    InputError
        Anything wrong with a file, a decision on an annotation that is unknown or decided, or one
        that the format cannot hold, which leaves the decisions imported.
    UsageError
        Nobody says who decided, or an unknown format.
    """
    folder = Path(folder)
    check_format(as_format)
    review = read_review(folder)
    private = read_private(folder, review.items)
    source = source_place(folder, review, annotations)
    coco = read_source(source, review)
    with file_lock(folder / REVIEW):  # one import after the other
        entries, votes = read_audit(folder), read_votes(folder)
        shown = as_shown(coco, private)
        ballots = cast_votes(decisions, review, shown, (entries, votes), who, when)
        fresh = [vote for ballot in ballots for vote in ballot.votes]
        new, disputed = _settled([*votes, *fresh], entries, private, review, coco, adjudicator)
        append_votes(folder, fresh)
        append_audit(folder, new)
        entries += new
        changed = _write_corrected(coco, entries, folder / CORRECTED)
        _refuse_again(ballots, as_format, news=bool(new) or changed)
        returned = _return(folder / CORRECTED, as_format, source, changed=changed)
    decided = {entry.annotation_id for entry in entries}
    decided |= {vote.annotation_id for vote in (*votes, *fresh)} & private.planted_ids
    return _told(
        Imported(folder / CORRECTED, {}, len(review.items) - len(decided), returned=returned),
        ballots,
        disputed,
        private,
    )


def _told(
    done: Imported, ballots: Sequence[Ballot], disputed: tuple[int, ...], private: Private
) -> Imported:
    """With what was counted on the way; what is not as one may expect is warned of."""
    cast = [decision for ballot in ballots for decision in ballot.decisions]
    if not cast:
        name = ", ".join(ballot.path.name for ballot in ballots)
        _log.warning("%s: decides nothing: %d annotations are undecided", name, done.undecided)
    return replace(
        done,
        actions=dict(Counter(decision.action for decision in cast)),
        absent=len(frozenset.intersection(*(ballot.absent for ballot in ballots))),
        repeated=sum(ballot.repeated for ballot in ballots),
        disputed=disputed,
        planted=sum(decision.annotation_id in private.planted_ids for decision in cast),
    )


def _settled(
    votes: Sequence[Vote],
    entries: Sequence[AuditEntry],
    private: Private,
    review: Review,
    coco: CocoFile,
    adjudicator: str | None,
) -> tuple[list[AuditEntry], tuple[int, ...]]:
    """What the votes add to the audit trail, and the items without a majority.

    Planted items are no annotations of the file: nothing of them goes on the trail.
    """
    _check_adjudicator(adjudicator, votes)
    closed = {entry.annotation_id for entry in entries} | private.planted_ids
    open_votes = {i: cast for i, cast in latest_votes(votes).items() if i not in closed}
    items = {item.annotation_id: item for item in review.items}
    settled = settle(open_votes, items, coco, adjudicator)
    place = {identity: i for i, identity in enumerate(coco.annotation_ids.tolist())}
    new = []
    for number, (identity, won) in enumerate(settled.decided.items(), start=1):
        item, vote = items[identity], won[0]
        before, after = carry_out(vote.decision(), item, review, coco, place.get(identity))
        new.append(
            AuditEntry(
                ", ".join(dict.fromkeys(one.who for one in won)),
                vote.when,
                identity,
                item.image_id,
                vote.action,
                before,
                after,
                vote.why,
                review.guideline,
                vote.decisions,
                (number, len(settled.decided)),
                vote.ms,
            )
        )
    return new, settled.disputed


def _check_adjudicator(adjudicator: str | None, votes: Sequence[Vote]) -> None:
    names = sorted({vote.who for vote in votes})
    if adjudicator is not None and adjudicator not in names:
        raise UsageError(
            f"`adjudicator`: '{adjudicator}' decided nothing, expected one of {', '.join(names)}"
        )


def _refuse_again(ballots: Sequence[Ballot], as_format: str | None, *, news: bool) -> None:
    """Refuse files that were imported already, unless for a format that they were not written in."""
    if not news and as_format is None and all(ballot.imported for ballot in ballots):
        raise InputError(f"{', '.join(one.path.name for one in ballots)}: was imported already")


def _return(corrected: Path, as_format: str | None, source: Path, *, changed: bool) -> Path | None:
    """Write the format that is asked for; tell of others that are there from before."""
    for other in RETURN_FORMATS if changed else ():
        earlier = returned_folder(corrected, other)
        if other != as_format and earlier.exists():
            _log.warning(
                "%s: is without this import: write it anew with `as_format='%s'`", earlier, other
            )
    return None if as_format is None else write_returned(corrected, as_format, source)


def _write_corrected(coco: CocoFile, entries: Sequence[AuditEntry], path: Path) -> bool:
    """Write the file in one step; False where it was there and the same."""
    decided = {entry.annotation_id: entry for entry in entries}
    part = path.with_name(f".{path.name}.partial")
    try:
        with CocoStream(part, coco.sections) as stream:
            for identity, record in zip(
                coco.annotation_ids.tolist(), coco.annotations, strict=True
            ):
                entry = decided.get(identity)
                if entry is None or entry.after == {}:
                    stream.write([bytes(record)])
                elif entry.after is not None:
                    stream.write([join_record(split_record(record), entry.after)])
            added = (e.after for e in entries if e.before is None and e.after is not None)
            stream.write(msgspec.json.encode(record) for record in added)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        changed = not path.is_file() or file_digest(path) != stream.digest
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise InputError(f"{path}: writing failed: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
    return changed
