"""Decisions out of any of the files that reviewers give back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmark_n.errors import InputError, UsageError
from benchmark_n.plain_files import JSON_FAULTS
from benchmark_n.review import csv_file, cvat, fiftyone, label_studio
from benchmark_n.review.decision import Decision
from benchmark_n.review.items import Review


def read_decisions(
    path: Path | str, review: Review, *, who: str | None = None, when: str | None = None
) -> list[Decision]:
    """The decisions of a CSV file, or of an export of Label Studio, CVAT or FiftyOne.

    Parameters
    ----------
    who, when
        For decisions whose file does not say; `when` (ISO 8601) is by default now.

    Raises
    ------
    InputError
        A file that cannot be read, or a decision on an annotation that is not under review or is
        decided twice.
    UsageError
        Nobody says who decided.
    """
    path = Path(path)
    try:
        found = _reader(path)(path)
    except OSError as error:
        raise InputError(f"{path}: cannot read the decisions: {error.strerror}") from None
    known = {item.annotation_id for item in review.items}
    seen: set[int] = set()
    now = datetime.now(UTC).isoformat(timespec="seconds") if when is None else when
    settled = []
    for decision in found:
        identity = decision.annotation_id
        if identity not in known:
            raise InputError(f"{path.name}: annotation {identity} is not under review")
        if identity in seen:
            raise InputError(f"{path.name}: annotation {identity} is decided twice, expected once")
        seen.add(identity)
        settled.append(replace(decision, who=decision.who or who or "", when=decision.when or now))
        _check(path, settled[-1])
    return settled


def _check(path: Path, decision: Decision) -> None:
    if not decision.who:
        raise UsageError(
            f"{path.name}: annotation {decision.annotation_id}: nobody says who decided: name the "
            "reviewer with --who"
        )
    try:
        datetime.fromisoformat(decision.when)
    except ValueError:
        raise InputError(
            f"{path.name}: annotation {decision.annotation_id}: when is '{decision.when}', "
            "expected a date and time as 2026-01-31T12:00:00+00:00"
        ) from None


def _reader(path: Path) -> Callable[[Path], list[Decision]]:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return csv_file.read
    if suffix == ".xml":
        return cvat.read
    if suffix != ".json":
        raise InputError(f"{path.name}: expected decisions as .csv, .xml (CVAT, unpacked) or .json")
    try:
        document = msgspec.json.decode(path.read_bytes())
    except JSON_FAULTS as error:
        raise InputError(f"{path.name}: not JSON: {error}") from None
    return label_studio.read if isinstance(document, list) else fiftyone.read
