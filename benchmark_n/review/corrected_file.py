"""``corrected.json``: the source with what the audit trail tells, and where it comes from.

Its last section is the lineage (`benchmark_n.review.lineage`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmark_n.coco import CocoFile
from benchmark_n.coco.records import join_record, split_record
from benchmark_n.coco.write import CocoStream
from benchmark_n.errors import InputError
from benchmark_n.files.provenance import file_digest
from benchmark_n.review.audit import AuditEntry
from benchmark_n.review.items import Review
from benchmark_n.review.lineage import END, SECTION, encoded, lineage_of
from benchmark_n.review.trail import sync_folder
from benchmark_n.review.votes import Vote

CORRECTED = "corrected.json"


def write_corrected(
    coco: CocoFile,
    review: Review,
    entries: Sequence[AuditEntry],
    votes: Sequence[Vote],
    path: Path,
) -> bool:
    """Write the file in one step; False where it was there and the same."""
    part = path.with_name(f".{path.name}.partial")
    try:
        digest = write_replayed(coco, entries, part)
        told = lineage_of(coco, review, entries, votes, digest)
        with part.open("r+b") as file:
            file.seek(-len(END), os.SEEK_END)
            file.write(encoded(told))
            file.flush()
            os.fsync(file.fileno())
        changed = not path.is_file() or file_digest(path) != file_digest(part)
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise InputError(f"{path}: writing failed: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
    return changed


def write_replayed(coco: CocoFile, entries: Sequence[AuditEntry], path: Path) -> str:
    """Write the source with the changes of an audit trail, and no lineage; its SHA-256."""
    decided = {entry.annotation_id: entry for entry in entries}
    sections = {name: value for name, value in coco.sections.items() if name != SECTION}
    with CocoStream(path, sections) as stream:
        for identity, record in zip(coco.annotation_ids.tolist(), coco.annotations, strict=True):
            entry = decided.get(identity)
            if entry is None or entry.after == {}:
                stream.write([bytes(record)])
            elif entry.after is not None:
                stream.write([join_record(split_record(record), entry.after)])
        added = (e.after for e in entries if e.before is None and e.after is not None)
        stream.write(msgspec.json.encode(record) for record in added)
    return stream.digest
