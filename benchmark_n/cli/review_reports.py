"""``benchmark-n review``: what the decisions say, and what comes next."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark_n.cli.common import emit, output_options, pixels_option, set_logging
from benchmark_n.cli.tables import left_table, percent, table

if TYPE_CHECKING:
    from benchmark_n.evaluators.sampling import Estimate
    from benchmark_n.review import Agreement, Judgement, Remaining, Reviewer
    from benchmark_n.review.reviewers import Rate

_FILE = click.Path(path_type=Path)


class Share(click.ParamType[float]):
    """A share from 0 to 1, or in percent: ``2%``, ``0.02``."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The share as a number."""
        if isinstance(value, float):
            return value
        text = str(value).strip()
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            self.fail(f"'{value}' is no share, expected as 2% or 0.02", param, ctx)
        return share


@click.command("report")
@click.argument("review", type=_FILE)
@click.option(
    "--max-error",
    type=Share(),
    metavar="SHARE",
    help="Exit 1 where more of the corrected annotations may be wrong, as 2% (audit sample).",
)
@output_options
def report_command(
    review: Path, max_error: float | None, quiet: bool, verbose: int, as_json: bool
) -> None:
    """Tell how right the detectors were, as the people of REVIEW judged them.

    With an audit sample: how many errors are left. Of several reviewers: how far they agree. With
    planted errors: how good the reviewers are.
    """
    set_logging(quiet, verbose)
    from benchmark_n.errors import InputError
    from benchmark_n.review import agreements, exceeds, judge, read_state, remaining, reviewers

    found, left, state = judge(review), remaining(review), read_state(review)
    people, agreed = reviewers(state), agreements(state)
    texts = [_judged(found), _left(left), _people(people), _agreed(agreed)]
    data = {
        **found.to_dict(),
        "remaining": None if left is None else asdict(left),
        "reviewers": [asdict(one) for one in people],
        "agreement": [asdict(one) for one in agreed],
        "disputed": [item.annotation_id for item in state.disputed],
    }
    emit("\n\n".join(text for text in texts if text), data, as_json)
    fault = None if max_error is None else exceeds(left, review, max_error)
    if fault is not None:
        raise InputError(fault)


@click.command("next")
@click.argument("review", type=_FILE)
@click.option(
    "--to",
    type=click.Choice(["labelstudio", "cvat", "fiftyone", "csv"]),
    required=True,
    help="The tool that reads it.",
)
@click.option("--annotations", type=_FILE, help="The reviewed file, where it moved since.")
@click.option("--images", type=_FILE, help="Folder of the images.")
@pixels_option
@output_options
def next_command(
    review: Path,
    to: str,
    annotations: Path | None,
    images: Path | None,
    quiet: bool,
    verbose: int,
    as_json: bool,
) -> None:
    """Write what the reviewers of REVIEW disagree on, for the next round.

    Its decisions are imported into REVIEW, as those of the first round.
    """
    set_logging(quiet, verbose)
    from benchmark_n.review import next_round

    folder, items = next_round(review, to, annotations=annotations, images=images)
    data = {"round": str(folder), "items": [item.annotation_id for item in items]}
    emit(f"{folder}: {len(items)} items without a majority", data, as_json)


@click.command("verify")
@click.argument("review", type=_FILE)
@click.option("--annotations", type=_FILE, help="The reviewed file, where it moved since.")
@output_options
def verify_command(
    review: Path, annotations: Path | None, quiet: bool, verbose: int, as_json: bool
) -> None:
    """Follow corrected.json of REVIEW back to its decisions, its run and its source.

    Exit 1 where a link is broken.
    """
    set_logging(quiet, verbose)
    from benchmark_n.errors import InputError
    from benchmark_n.review import verify

    links = verify(review, annotations=annotations)
    rows = [[one.what, one.sha256[:12], one.fault or "holds"] for one in links]
    data = {"links": [{**asdict(one), "holds": one.holds} for one in links]}
    emit(left_table(["link", "SHA-256", ""], rows), data, as_json)
    broken = [one for one in links if not one.holds]
    if broken:
        raise InputError(
            f"{review}: {len(broken)} of {len(links)} links are broken, the first is "
            f"{broken[0].what}: {broken[0].fault}"
        )


def _judged(found: Judgement) -> str:
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


def _left(left: Remaining | None) -> str:
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


def _people(people: tuple[Reviewer, ...]) -> str:
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


def _agreed(agreed: tuple[Agreement, ...]) -> str:
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
