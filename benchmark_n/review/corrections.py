"""Import decisions: the corrected annotation file, and the audit trail that it follows from."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark_n.coco import CocoFile
from benchmark_n.errors import InputError
from benchmark_n.files.locks import file_lock
from benchmark_n.review.audit import AuditEntry, append_audit, read_audit
from benchmark_n.review.casting import Ballot, cast_votes, keep_files
from benchmark_n.review.corrected import (
    RETURN_FORMATS,
    check_format,
    own_format,
    returned_folder,
    write_returned,
)
from benchmark_n.review.corrected_file import CORRECTED, write_corrected
from benchmark_n.review.items import REVIEW, Review, read_review
from benchmark_n.review.new_entries import new_entries
from benchmark_n.review.private import Private, as_shown, read_private
from benchmark_n.review.source import read_source, source_place
from benchmark_n.review.votes import Vote, append_votes, read_votes

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Imported:
    """What an import did: the corrected file, decisions by action, and how many items are left.

    `absent` of these were not in any file at all; `returned` is the directory of the corrections
    in the format of a tool, where one was asked for; `disputed` are undecided for want of a
    majority; `planted` decisions were on items whose answers are known, and change nothing;
    `repeated` ones an earlier import had; `changed`: the corrected file is another one than before.
    """

    corrected: Path
    actions: dict[str, int]
    undecided: int
    absent: int = 0
    returned: Path | None = None
    repeated: int = 0
    disputed: tuple[int, ...] = ()
    planted: int = 0
    changed: bool = True


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

    All but what the trail tells keeps its bytes; ``votes.jsonl`` has what each reviewer decided.
    An import that was interrupted is taken as not begun or, run again, is finished.

    Parameters
    ----------
    folder, decisions
        A review; and the page's ``decisions.json``, a filled ``decisions.csv`` or a tool's export,
        one of each reviewer, of which what is new is taken.
    who, when
        Where a file does not say: one reviewer, or one for each file; and the time (ISO 8601).
    annotations, as_format
        The reviewed file, where it moved since; and one of `RETURN_FORMATS`, to be written as well,
        even of decisions that were imported, by default of what came in an archive.
    adjudicator
        Who decides alone; otherwise the majority does, or an item stays open.

    Raises
    ------
    InputError
        Anything wrong with a file, a decision on an annotation that is unknown or decided; or one
        that the format cannot hold: the decisions are imported then.
    UsageError
        Nobody says who decided, or an unknown format.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, detect, export_review, make
    >>> from benchmark_n.tables.scores import write_scores
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> write_scores(detect(benchmark.noisy(), None, "random")[0].scores, Path("random.parquet"))
    >>> review = export_review(["random.parquet"], "csv", "review", benchmark=benchmark, top=3)
    >>> wrong = review.items[0].annotation_id
    >>> _ = Path("mine.csv").write_text(f"annotation_id,decision\\n{wrong},remove\\n")
    >>> import_decisions("review", "mine.csv", who="anna").actions
    {'remove': 1}
    """
    return _import(Path(folder), decisions, (who, when), annotations, as_format, adjudicator)


def _import(
    folder: Path,
    decisions: Path | str | Sequence[Path | str],
    unsaid: tuple[str | Sequence[str] | None, str | None],
    annotations: Path | str | None,
    as_format: str | None,
    adjudicator: str | None,
) -> Imported:
    """What an import did; `unsaid` is who decided, and when, where a file does not say."""
    check_format(as_format)
    review = read_review(folder)
    private = read_private(folder, review.items)
    source = source_place(folder, review, annotations)
    coco = read_source(source, review)
    with file_lock(folder / REVIEW):  # one import after the other
        earlier = read_audit(folder), read_votes(folder)
        ballots = cast_votes(decisions, review, as_shown(coco, private), earlier, *unsaid)
        done, news = _apply(ballots, earlier, (review, private, coco), folder, adjudicator)
        if not news and as_format is None:
            raise InputError(f"{', '.join(b.path.name for b in ballots)}: was imported already")
        returned = _return(folder / CORRECTED, as_format, source, changed=done.changed)
    return _told(replace(done, returned=returned), ballots, private)


def _apply(
    ballots: Sequence[Ballot],
    earlier: tuple[list[AuditEntry], list[Vote]],
    reviewed: tuple[Review, Private, CocoFile],
    folder: Path,
    adjudicator: str | None,
) -> tuple[Imported, bool]:
    """Write what the ballots bring; and whether there was anything new to it."""
    review, private, coco = reviewed
    fresh = [vote for ballot in ballots for vote in ballot.votes]
    votes = [*earlier[1], *fresh]
    new, disputed = new_entries(votes, earlier[0], private, review, coco, adjudicator)
    keep_files(ballots, folder)
    append_votes(folder, fresh)
    append_audit(folder, new)
    entries = [*earlier[0], *new]
    changed = write_corrected(coco, review, entries, votes, folder / CORRECTED)
    decided = {vote.annotation_id for vote in votes} & private.planted_ids
    decided |= {entry.annotation_id for entry in entries}
    undecided = len(review.items) - len(decided)
    done = Imported(folder / CORRECTED, {}, undecided, disputed=disputed, changed=changed)
    return done, bool(new) or changed or not all(ballot.imported for ballot in ballots)


def _told(done: Imported, ballots: Sequence[Ballot], private: Private) -> Imported:
    """With what was counted on the way; a warning where nothing was decided, or not redrawn."""
    cast = [decision for ballot in ballots for decision in ballot.decisions]
    if not cast:
        name = ", ".join(ballot.path.name for ballot in ballots)
        _log.warning("%s: decides nothing: %d annotations are undecided", name, done.undecided)
    for ballot in ballots:
        if ballot.unchanged:
            _log.warning(
                "%s: %d annotations were to be redrawn and have the mask that they had, the first "
                "is %d: they are kept",
                ballot.path.name,
                len(ballot.unchanged),
                ballot.unchanged[0],
            )
    return replace(
        done,
        actions=dict(Counter(decision.action for decision in cast)),
        absent=len(frozenset.intersection(*(ballot.absent for ballot in ballots))),
        repeated=sum(ballot.repeated for ballot in ballots),
        planted=sum(decision.annotation_id in private.planted_ids for decision in cast),
    )


def _return(corrected: Path, as_format: str | None, source: Path, *, changed: bool) -> Path | None:
    """Write the format that is asked for; tell of others that are there from before."""
    as_format = as_format or (own_format(source) if changed else None)
    for other in RETURN_FORMATS if changed else ():
        earlier = returned_folder(corrected, other)
        if other != as_format and earlier.exists():
            _log.warning(
                "%s: is without this import: write it anew with `as_format='%s'`", earlier, other
            )
    return None if as_format is None else write_returned(corrected, as_format, source)
