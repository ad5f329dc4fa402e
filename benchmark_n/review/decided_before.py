"""Decisions of a file beside those that earlier imports carried out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmark_n.errors import InputError
from benchmark_n.review.audit import AuditEntry
from benchmark_n.review.decision import Decision
from benchmark_n.review.reading import Reading


def fresh_decisions(reading: Reading, entries: Sequence[AuditEntry]) -> list[Decision]:
    """The decisions without those of a cumulative file that an earlier import carried out."""
    if not reading.cumulative:
        return reading.decisions
    held = {(entry.annotation_id, entry.action, entry.who, entry.when) for entry in entries}
    return [d for d in reading.decisions if (d.annotation_id, d.action, d.who, d.when) not in held]


def refuse_decided(
    path: Path, decisions: Sequence[Decision], entries: Sequence[AuditEntry]
) -> None:
    """Refuse another decision on what is decided.

    Raises
    ------
    InputError
        There is one.
    """
    decided = {entry.annotation_id: entry for entry in entries}
    for decision in decisions:
        entry = decided.get(decision.annotation_id)
        if entry is not None:
            raise InputError(
                f"{path.name}: annotation {entry.annotation_id} is decided already: {entry.action} "
                f"by {entry.who}, {entry.when}"
            )
