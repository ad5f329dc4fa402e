"""The votes in the files of one import, each checked before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark_n.coco import CocoFile
from benchmark_n.errors import InputError, UsageError
from benchmark_n.files.atomic import write_whole
from benchmark_n.files.provenance import file_digest
from benchmark_n.review.audit import AuditEntry
from benchmark_n.review.carry_out import is_unchanged
from benchmark_n.review.decision import KEEP, Decision
from benchmark_n.review.items import Review
from benchmark_n.review.reading import Reading, read_decisions
from benchmark_n.review.votes import Vote, known_decisions, make_vote

# Where the files that were imported are kept, under their SHA-256.
KEPT = "decisions"


@dataclass(frozen=True)
class Ballot:
    """What one file brings.

    Parameters
    ----------
    decisions
        Those that no other file brought before; of a file that was imported already, all.
    votes
        Of these what is not in ``votes.jsonl`` yet.
    absent
        Open items that are not in the file.
    unchanged
        Annotations whose mask was to be redrawn and is the given one: they are kept.
    repeated
        Decisions that an earlier file brought, as of a page that was gone on with.
    imported
        The very same file was imported before.
    """

    path: Path
    sha256: str
    decisions: list[Decision]
    votes: list[Vote]
    absent: frozenset[int]
    unchanged: tuple[int, ...]
    repeated: int
    imported: bool


def cast_votes(
    decisions: Path | str | Sequence[Path | str],
    review: Review,
    shown: CocoFile,
    earlier: tuple[Sequence[AuditEntry], Sequence[Vote]],
    who: str | Sequence[str] | None,
    when: str | None,
) -> list[Ballot]:
    """Read the files of an import; nothing of them is written.

    Parameters
    ----------
    shown
        The annotations as the reviewers saw them.
    earlier
        What earlier imports left: the audit trail, and the votes.
    who
        One reviewer, or one for each file.

    Raises
    ------
    InputError
        Anything wrong with a file, or a decision on what is decided.
    UsageError
        No file, or neither one reviewer nor one for each file.
    """
    paths = [Path(decisions)] if isinstance(decisions, str | Path) else [Path(p) for p in decisions]
    names = [who] * len(paths) if who is None or isinstance(who, str) else list(who)
    if not paths or len(names) not in (1, len(paths)):
        raise UsageError(f"{len(names)} reviewers (`who`) for {len(paths)} files of `decisions`")
    names *= len(paths) if len(names) == 1 else 1
    settled = {entry.annotation_id for entry in earlier[0]}
    made: list[Ballot] = []
    for path, name in zip(paths, names, strict=True):
        reading = read_decisions(path, review, who=name, when=when, decided_before=settled)
        others = {(vote.annotation_id, vote.who) for ballot in made for vote in ballot.votes}
        made.append(_ballot(path, reading, review, shown, earlier, others))
    return made


def keep_files(ballots: Sequence[Ballot], folder: Path) -> None:
    """Keep a copy of each file that votes come from: they are evidence.

    Raises
    ------
    InputError
        It cannot be written.
    """
    for ballot in ballots:
        if ballot.votes:
            kept = folder / KEPT / f"{ballot.sha256}{ballot.path.suffix.lower()}"
            write_whole(kept, ballot.path.read_bytes())


def _ballot(
    path: Path,
    reading: Reading,
    review: Review,
    shown: CocoFile,
    earlier: tuple[Sequence[AuditEntry], Sequence[Vote]],
    others: set[tuple[int, str]],
) -> Ballot:
    """The file's votes; `others` are items and reviewers of the import's files before it."""
    entries, votes = earlier
    digest = file_digest(path)
    items = {item.annotation_id: item for item in review.items}
    place = {identity: i for i, identity in enumerate(shown.annotation_ids.tolist())}
    unchanged = {
        d.annotation_id
        for d in reading.decisions
        if is_unchanged(d, items[d.annotation_id], shown, place.get(d.annotation_id))
    }
    decisions = [
        replace(d, action=KEEP, segmentation=None) if d.annotation_id in unchanged else d
        for d in reading.decisions
    ]
    told = (reading.absent, tuple(sorted(unchanged)))
    if digest in {e.decisions for e in entries} | {v.decisions for v in votes}:
        return Ballot(path, digest, decisions, [], *told, 0, imported=True)
    known = known_decisions(votes, entries)
    fresh = [d for d in decisions if (d.annotation_id, d.who, d.when, d.action) not in known]
    _refuse_decided(path, fresh, entries)
    cast = []
    for decision in fresh:
        identity = decision.annotation_id
        if (identity, decision.who) in others:
            raise InputError(
                f"{path.name}: annotation {identity} is decided by {decision.who} in another file "
                "too, expected one decision a reviewer (`who` names one for each file)"
            )
        item = items[identity]
        cast.append(make_vote(decision, item, review, shown, place.get(identity), digest))
    return Ballot(path, digest, fresh, cast, *told, len(decisions) - len(fresh), imported=False)


def _refuse_decided(
    path: Path, decisions: Sequence[Decision], entries: Sequence[AuditEntry]
) -> None:
    decided = {entry.annotation_id: entry for entry in entries}
    for decision in decisions:
        entry = decided.get(decision.annotation_id)
        if entry is not None:
            raise InputError(
                f"{path.name}: annotation {entry.annotation_id} is decided already: {entry.action} "
                f"by {entry.who}, {entry.when}"
            )
