"""Decisions out of any of the files that reviewers give back."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmark_n.errors import InputError, UsageError
from benchmark_n.files.json_yaml import JSON_FAULTS
from benchmark_n.review import csv_file, cvat, decisions_file, fiftyone, label_studio
from benchmark_n.review.decision import UNDECIDED, Decision
from benchmark_n.review.items import Review

_FIFTYONE = (
    'from FiftyOne export the field that was reviewed, whole: label_field="FIELD", extra_attrs=True'
)


@dataclass(frozen=True)
class _Format:
    """How a file is read.

    `hint` is what to do where open items are absent, of a tool whose file has to have them all.
    """

    read: Callable[[Path, Review], list[Decision]]
    hint: str = ""


_PAGE = _Format(decisions_file.read)
_CSV = _Format(lambda path, _: csv_file.read(path))
_CVAT = _Format(lambda path, _: cvat.read(path))
_COCO = _Format(lambda path, _: fiftyone.read(path), hint=f": {_FIFTYONE}")
_LABEL_STUDIO = _Format(lambda path, _: label_studio.read(path))


@dataclass(frozen=True)
class Reading:
    """The decisions of a file, and the open items that it does not have at all."""

    decisions: list[Decision]
    absent: frozenset[int]


def read_decisions(
    path: Path | str,
    review: Review,
    *,
    who: str | None = None,
    when: str | None = None,
    decided_before: Container[int] = (),
) -> Reading:
    """The decisions of the page, of a CSV file, or of an export of Label Studio, CVAT or FiftyOne.

    Parameters
    ----------
    decided_before
        Items that were decided before: they may be absent.
    who, when
        For decisions whose file does not say; `when` (ISO 8601) is by default now.

    Raises
    ------
    InputError
        A file that cannot be read, a decision on an annotation that is not under review or is
        decided twice, another category without a decision, or a file without open items: all of
        them, or of FiftyOne, which exports one field out of several, any.
    UsageError
        Nobody says who decided.
    """
    path = Path(path)
    try:
        found = _format(path)
        decisions_read = found.read(path, review)
    except OSError as error:
        raise InputError(f"{path}: cannot read the decisions: {error.strerror}") from None
    now = datetime.now(UTC).isoformat(timespec="seconds") if when is None else when
    decisions = _decided(path, review, decisions_read, who or "", now)
    _refuse_changed(path, review, decisions_read, found.hint)
    present = {decision.annotation_id for decision in decisions_read}
    absent = [i.annotation_id for i in review.items if i.annotation_id not in present]
    lost = [identity for identity in absent if identity not in decided_before]
    if lost and (found.hint or len(absent) == len(review.items)):
        raise InputError(
            f"{path.name}: {len(lost)} of {len(review.items)} annotations under review are not in "
            f"it, the first is {lost[0]}, expected {'all' if found.hint else 'some'}"
            f"{found.hint}"
        )
    return Reading(decisions, frozenset(lost))


def _decided(
    path: Path, review: Review, decisions_read: list[Decision], who: str, when: str
) -> list[Decision]:
    """What is decided, each once, with who and when."""
    known = {item.annotation_id for item in review.items}
    seen: set[int] = set()
    made = []
    for decision in decisions_read:
        if decision.action == UNDECIDED:
            continue
        identity = decision.annotation_id
        if identity not in known:
            raise InputError(f"{path.name}: annotation {identity} is not under review")
        if identity in seen:
            raise InputError(f"{path.name}: annotation {identity} is decided twice, expected once")
        seen.add(identity)
        made.append(replace(decision, who=decision.who or who, when=decision.when or when))
        _check(path, made[-1])
    return made


def _refuse_changed(path: Path, review: Review, decisions_read: list[Decision], hint: str) -> None:
    """Refuse a label that has another category than it was exported with, and no decision."""
    ids = {item.annotation_id: item for item in review.items}
    for decision in decisions_read:
        item = ids.get(decision.annotation_id)
        if item is None or decision.action != UNDECIDED or decision.category is None:
            continue
        category = item.suggested_category if item.proposal else item.given
        was = None if category is None else review.labels.get(category)
        if decision.category != was:
            raise InputError(
                f"{path.name}: annotation {item.annotation_id}: category '{decision.category}' "
                f"instead of '{was}' without a decision, expected relabel or change{hint}"
            )


def _check(path: Path, decision: Decision) -> None:
    if not decision.who:
        raise UsageError(
            f"{path.name}: annotation {decision.annotation_id}: nobody says who decided: name the "
            "reviewer with `who`"
        )
    try:
        datetime.fromisoformat(decision.when)
    except ValueError:
        raise InputError(
            f"{path.name}: annotation {decision.annotation_id}: when is '{decision.when}', "
            "expected a date and time as 2026-01-31T12:00:00+00:00"
        ) from None


def _format(path: Path) -> _Format:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return _CSV
    if suffix == ".xml":
        return _CVAT
    if suffix != ".json":
        raise InputError(f"{path.name}: expected decisions as .csv, .xml (CVAT, unpacked) or .json")
    try:
        document = msgspec.json.decode(path.read_bytes())
    except JSON_FAULTS as error:
        raise InputError(f"{path.name}: not JSON: {error}") from None
    if decisions_file.is_decisions_file(document):
        return _PAGE
    return _LABEL_STUDIO if isinstance(document, list) else _COCO
