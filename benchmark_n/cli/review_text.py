"""What an export and an import did, and a review's report as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark_n.cli.tables import percent, table

if TYPE_CHECKING:
    from benchmark_n.evaluators.sampling import Estimate
    from benchmark_n.review import Agreement, Imported, Judgement, Remaining, Reviewer
    from benchmark_n.review.reviewers import Rate


def exported_text(folder: Path, to: str, counts: Mapping[str, object]) -> str:
    """What to open, and what to keep from the reviewers."""
    from benchmark_n.review.page import FILE

    opened = folder / FILE if to == "page" else folder
    text = f"{opened}: {counts['items']} items, {counts['crops']} crops"
    if (folder / "private").is_dir():
        text += f"\n{folder / 'private'}: says what is mixed in; keep it from the reviewers"
    return text


def imported_text(done: Imported, decisions: Sequence[Path], as_format: str | None) -> str:
    """What became of the decisions in the files of an import."""
    counts = ", ".join(f"{count} {action}" for action, count in sorted(done.actions.items()))
    names = ", ".join(path.name for path in decisions)
    text = f"{done.corrected}: {counts or 'no decisions'}; {done.undecided} undecided"
    text += f", {done.absent} of them not in {names}" if done.absent else ""
    text += f", {len(done.disputed)} of them without a majority" if done.disputed else ""
    text += f"; {done.repeated} imported before" if done.repeated else ""
    text += f"; {done.planted} on planted items, taken out" if done.planted else ""
    if done.returned:
        text += f"\n{done.returned}: the corrections as {as_format or 'they came'}"
    return text


def judged_text(found: Judgement) -> str:
    """Decisions and precisions."""
    rows: list[list[object]] = [
        [
            f"{one.detector}, {one.kind}" + (", flagged" if one.flagged else ""),
            one.decided,
            one.right,
            percent(one.precision),
            *(percent(value) for value in one.interval or (None, None)),
        ]
        for one in found.precisions
    ]
    headers = ["precision", "decided", "right", "%", "95 % from", "to"]
    counts = ", ".join(f"{count} {kind}" for kind, count in found.corrections.items())
    text = f"{found.decided} of {found.items} decided: {found.kept} kept; corrected: {counts}"
    return f"{text}\n\n{table(headers, rows)}" if rows else text


def remaining_text(left: Remaining | None) -> str:
    """How many errors are left; nothing without an audit sample."""
    if left is None:
        return ""

    def row(name: str, found: Estimate | None, share: bool) -> list[object]:
        if found is None:
            return [name, None, None, None]
        values = (found.value, *found.interval)
        return [name, *(percent(v) if share else round(v, 1) for v in values)]

    head = (
        f"of {left.annotations} annotations, by {left.sampled_decided} of {left.sampled} "
        "in the audit sample"
    )
    rows = [
        row("wrong as it came, %", left.error_rate, True),
        row("wrong in the corrected file, %", left.error_rate_left, True),
        row("of all errors on the list, %", left.recall, True),
        row(f"errors in the next {left.next_size}", left.next_errors, False),
    ]
    return f"{head}\n\n{table(['errors', 'estimate', '95 % from', 'to'], rows)}"


def reviewers_text(people: tuple[Reviewer, ...]) -> str:
    """How good the reviewers are."""
    if not people:
        return ""
    headers = ["reviewer", "decisions", "errors seen", "%", "95 % from", "to"]
    headers += ["false alarms", "%", "95 % from", "to", "s each"]
    rows = [
        [
            *(one.name, one.decisions, *_rate(one.detection), *_rate(one.false_alarms)),
            None if one.seconds is None else round(one.seconds, 1),
        ]
        for one in people
    ]
    return table(headers, rows)


def _rate(found: Rate) -> list[object]:
    if found.share is None or found.interval is None:
        return [None] * 4
    return [f"{found.count}/{found.of}", *(percent(v) for v in (found.share, *found.interval))]


def agreement_text(agreed: tuple[Agreement, ...]) -> str:
    """How far they agree."""
    if not agreed:
        return ""
    rows: list[list[object]] = []
    for one in agreed:
        for what, kappa in (("decision", one.decision), ("wrong or not", one.wrong)):
            low, high = kappa.interval or (None, None)
            values = [None if v is None else round(v, 3) for v in (kappa.kappa, low, high)]
            names = ", ".join(one.names)
            rows.append([f"{names}: {what}", kappa.items, percent(kappa.agreed), *values])
    return table(["agreement", "items", "same, %", "kappa", "95 % from", "to"], rows)
