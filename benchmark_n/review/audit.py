"""The audit trail: a line for each decision that was carried out (`benchmark_n.review.trail`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.review.trail import append_trail, read_trail

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
    return read_trail(folder / AUDIT, AuditEntry)


def append_audit(folder: Path, entries: Sequence[AuditEntry]) -> None:
    """Append the entries of one import: all, or on a crash none that count."""
    append_trail(folder / AUDIT, entries)
