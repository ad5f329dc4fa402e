"""The audit trail: a line of JSON for each decision that was imported, only ever appended to.

The lines of one import are written at once and numbered; they count only when the last of them is
there. What an import that was killed in the middle left behind is cut off by the next one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import JSON_FAULTS

AUDIT = "audit.jsonl"


class AuditEntry(msgspec.Struct, frozen=True):
    """One decision as it was carried out.

    Parameters
    ----------
    who, when
        The reviewer, and the time of the decision (ISO 8601).
    action
        As in `benchmark_n.review.decision.ACTIONS`.
    before, after
        The fields that changed, with their old and new values; the whole record of an annotation
        that was removed or added, whose other side is null; both empty where it was kept, both null
        where a proposal was refused.
    why, guideline
        The reviewer's reason, and the guideline's version.
    decisions
        SHA-256 of the file that the decision came in.
    part
        Number of the line among those of its import, and how many these are.
    ms
        Time that the decision took, milliseconds; None where its file does not say.
    """

    who: str
    when: str
    annotation_id: int
    image_id: int
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    why: str
    guideline: str
    decisions: str
    part: tuple[int, int]
    ms: int | None = None


def read_audit(folder: Path) -> list[AuditEntry]:
    """All entries of complete imports, in their order; none where nothing was imported.

    Raises
    ------
    InputError
        A line that is no entry.
    """
    return _parse(folder / AUDIT)[0]


def append_audit(folder: Path, entries: Sequence[AuditEntry]) -> None:
    """Append the entries of one import: all, or on a crash none that count."""
    if not entries:
        return
    path = folder / AUDIT
    complete = _parse(path)[1]
    text = b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)
        with open(handle, "wb", buffering=0) as file:
            file.truncate(complete)
            file.seek(complete)
            written = 0
            while written < len(text):
                written += file.write(text[written:])
            os.fsync(file.fileno())
        sync_folder(folder)
    except OSError as error:
        raise InputError(f"{path}: cannot write the audit trail: {error.strerror}") from None


def sync_folder(folder: Path) -> None:
    """Have the names of the folder's files on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _parse(path: Path) -> tuple[list[AuditEntry], int]:
    """The entries of complete imports, and the length in bytes of their lines."""
    data = path.read_bytes() if path.is_file() else b""
    entries: list[AuditEntry] = []
    kept = end = complete = 0
    for number, line in enumerate(data.splitlines(keepends=True), start=1):
        if not line.endswith(b"\n"):
            break
        try:
            entry = msgspec.json.decode(line, type=AuditEntry)
        except JSON_FAULTS as error:
            raise InputError(f"{path}: line {number}: {error}") from None
        entries.append(entry)
        end += len(line)
        if entry.part[0] == entry.part[1]:
            kept, complete = len(entries), end
    return entries[:kept], complete
