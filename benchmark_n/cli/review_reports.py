"""``benchmark-n review``: what the decisions say, and what comes next."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from benchmark_n.cli.common import emit, output_options, pixels_option, set_logging
from benchmark_n.cli.review_text import (
    agreement_text,
    judged_text,
    remaining_text,
    reviewers_text,
)
from benchmark_n.cli.tables import left_table, percent, table

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


tool_option = click.option(
    "--to",
    type=click.Choice(["page", "labelstudio", "cvat", "fiftyone", "csv"]),
    default="page",
    show_default=True,
    help="A page to decide on, or the tool that reads it.",
)


prefix_option = click.option(
    "--prefix",
    metavar="PATH",
    help="Path of the review below Label Studio's document root [default: the review's name].",
)


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
    texts = [
        judged_text(found),
        remaining_text(left),
        reviewers_text(people),
        agreement_text(agreed),
    ]
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
@tool_option
@click.option("--annotations", type=_FILE, help="The reviewed file, where it moved since.")
@click.option("--images", type=_FILE, help="Folder of the images.")
@prefix_option
@pixels_option
@output_options
def next_command(
    review: Path,
    to: str,
    annotations: Path | None,
    images: Path | None,
    prefix: str | None,
    quiet: bool,
    verbose: int,
    as_json: bool,
) -> None:
    """Write what the reviewers of REVIEW disagree on, for the next round.

    Its decisions are imported into REVIEW, as those of the first round.
    """
    set_logging(quiet, verbose)
    from benchmark_n.review import next_round

    folder, items = next_round(review, to, annotations=annotations, images=images, prefix=prefix)
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


@click.command("trend")
@click.argument("reviews", type=_FILE, nargs=-1, required=True)
@click.option("--by", metavar="FIELD", help="A field of the annotations or images: annotator.")
@output_options
def trend_command(
    reviews: tuple[Path, ...], by: str | None, quiet: bool, verbose: int, as_json: bool
) -> None:
    """Compare the error rates of REVIEWS, a batch each, and of the parts of each.

    Of a review with an audit sample the rate is of the whole batch, otherwise of its suspects.
    """
    set_logging(quiet, verbose)
    from benchmark_n.review import trend

    found = trend(reviews, by)
    rows: list[list[object]] = [
        [
            f"{one.batch}{', ' if one.part else ''}{one.part}",
            "all" if one.weighted else "suspects",
            one.decided,
            one.wrong,
            percent(one.share),
            *(percent(value) for value in one.interval or (None, None)),
        ]
        for one in found
    ]
    headers = ["batch", "of", "decided", "wrong", "%", "95 % from", "to"]
    emit(table(headers, rows), {"trend": [asdict(one) for one in found]}, as_json)
