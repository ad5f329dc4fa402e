"""Import decisions: the corrected annotation file, and the audit trail that it follows from."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmark_n.coco import CocoFile
from benchmark_n.coco.records import join_record, split_record
from benchmark_n.coco.write import CocoStream
from benchmark_n.errors import InputError
from benchmark_n.files.locks import file_lock
from benchmark_n.files.provenance import file_digest
from benchmark_n.review.audit import AuditEntry, append_audit, read_audit, sync_folder
from benchmark_n.review.carry_out import carry_out
from benchmark_n.review.corrected import (
    RETURN_FORMATS,
    check_format,
    own_format,
    returned_folder,
    write_returned,
)
from benchmark_n.review.decided_before import fresh_decisions, refuse_decided
from benchmark_n.review.decision import Decision
from benchmark_n.review.items import REVIEW, Review, read_review
from benchmark_n.review.reading import read_decisions
from benchmark_n.review.source import read_source, source_place

CORRECTED = "corrected.json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Imported:
    """What an import did: the corrected file, decisions by action, and how many items are left.

    `absent` of these were not in the file at all; `repeated` decisions of it were imported before;
    `returned` is the directory of the corrections in the format of a tool, where one was asked for.
    """

    corrected: Path
    actions: dict[str, int]
    undecided: int
    absent: int = 0
    returned: Path | None = None
    repeated: int = 0


def import_decisions(
    folder: Path | str,
    decisions: Path | str,
    *,
    who: str | None = None,
    when: str | None = None,
    annotations: Path | str | None = None,
    as_format: str | None = None,
) -> Imported:
    """Carry out decisions: append them to ``audit.jsonl``, write ``corrected.json``.

    All else keeps its bytes. An interrupted import is as not begun or, run again, is finished.

    Parameters
    ----------
    folder, decisions
        A review, as `export_review` writes it, and the page's ``decisions.json``, of which only
        what is new is taken, a filled ``decisions.csv``, or an export of a tool.
    who, when
        For decisions whose file does not say; `when` (ISO 8601) is by default now.
    annotations, as_format
        The reviewed file, where it moved since; one of `RETURN_FORMATS`, to be written as well, by
        default of what came in an archive.

    Raises
    ------
    InputError
        Anything wrong with a file, an annotation that is unknown or decided, or one that the format
        cannot hold, which leaves the decisions imported.
    UsageError
        Nobody says who decided, or an unknown format.
    """
    folder, path = Path(folder), Path(decisions)
    check_format(as_format)
    review = read_review(folder)
    source = source_place(folder, review, annotations)
    coco = read_source(source, review)
    with file_lock(folder / REVIEW):  # one import after the other
        entries = read_audit(folder)
        before = {entry.annotation_id for entry in entries}
        reading = read_decisions(path, review, who=who, when=when, decided_before=before)
        fresh = fresh_decisions(reading, entries)
        new, changed = _apply(path, fresh, entries, review, coco, folder)
        _refuse_again(path, as_format, news=new or changed)
        returned = _return(folder / CORRECTED, as_format, source, changed=changed)
    undecided = len(review.items) - len({entry.annotation_id for entry in entries})
    if not reading.decisions:
        _log.warning("%s: decides nothing: %d annotations are undecided", path.name, undecided)
    counts = undecided, reading.absent, returned, len(reading.decisions) - len(fresh)
    return Imported(folder / CORRECTED, dict(Counter(d.action for d in fresh)), *counts)


def _apply(
    path: Path,
    decisions_read: Sequence[Decision],
    entries: list[AuditEntry],
    review: Review,
    coco: CocoFile,
    folder: Path,
) -> tuple[bool, bool]:
    """Append to the trail and write the corrected file: was the first new, is the second other."""
    new = _new_entries(path, decisions_read, entries, review, coco)
    if new is not None:
        append_audit(folder, new)
        entries += new
    return new is not None, _write_corrected(coco, entries, folder / CORRECTED)


def _refuse_again(path: Path, as_format: str | None, *, news: bool) -> None:
    """Refuse a file that was imported already, unless for a format that it was not written in."""
    if not news and as_format is None:
        raise InputError(f"{path.name}: was imported already")


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


def _new_entries(
    path: Path,
    decisions_read: Sequence[Decision],
    entries: Sequence[AuditEntry],
    review: Review,
    coco: CocoFile,
) -> list[AuditEntry] | None:
    """What the decisions of a file add to the audit trail; None where it holds them already."""
    digest = file_digest(path)
    if any(entry.decisions == digest for entry in entries):
        return None
    refuse_decided(path, decisions_read, entries)
    return _entries(decisions_read, review, coco, digest)


def _entries(
    decisions_read: Sequence[Decision], review: Review, coco: CocoFile, digest: str
) -> list[AuditEntry]:
    items = {item.annotation_id: item for item in review.items}
    place = {identity: i for i, identity in enumerate(coco.annotation_ids.tolist())}
    entries = []
    for number, decision in enumerate(decisions_read, start=1):
        item = items[decision.annotation_id]
        index = place.get(item.annotation_id)
        before, after = carry_out(decision, item, review, coco, index)
        entries.append(
            AuditEntry(
                decision.who,
                decision.when,
                item.annotation_id,
                item.image_id,
                decision.action,
                before,
                after,
                decision.why,
                review.guideline,
                digest,
                (number, len(decisions_read)),
                decision.ms,
            )
        )
    return entries


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
