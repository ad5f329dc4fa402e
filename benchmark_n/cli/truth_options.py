"""Options of `eval --detector` for when a mask counts as wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from benchmark_n.cli.common import Command
from benchmark_n.errors import UsageError

if TYPE_CHECKING:
    from benchmark_n.evaluators.label_errors.truth import SpatialTruth

TRUTH_OPTIONS = ("truth", "bar", "leave_out")


def truth_options(command: Command) -> Command:
    """``--truth``, ``--bar`` and ``--leave-out``."""
    for option in (
        click.option(
            "--leave-out",
            is_flag=True,
            help="Leave out masks that changed by less than the bar [default: they are right].",
        ),
        click.option(
            "--bar",
            metavar="NUMBER|small=…,medium=…,large=…",
            help="Below it a mask is wrong [default: 0.9; pair-quantile: 0.1 of the pairs].",
        ),
        click.option(
            "--truth",
            type=click.Choice(["changed", "mask-iou", "boundary-iou", "pair-quantile"]),
            help="When --detector counts a mask as wrong [default: boundary-iou].",
        ),
    ):
        command = option(command)
    return command


def spatial_truth(truth: str | None, bar: str | None, leave_out: bool) -> SpatialTruth:
    """The rule out of the options' texts."""
    from benchmark_n.evaluators.label_errors.truth import DEFAULT_TRUTH, SpatialTruth

    value = None if bar is None else _bar(bar)
    return SpatialTruth(truth or DEFAULT_TRUTH.name, value, leave_out)


def _bar(text: str) -> float | dict[str, float]:
    try:
        if "=" not in text:
            return float(text)
        parts = [part.partition("=") for part in text.split(",")]
        return {name.strip(): float(value) for name, _, value in parts}
    except ValueError:
        raise UsageError(
            f"--bar {text}: expected a number, or one for each of small, medium and large"
        ) from None
