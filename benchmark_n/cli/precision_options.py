"""Options of average precision."""

from __future__ import annotations

import click

from benchmark_n.cli.common import Command

PRECISION_OPTIONS = (
    *("engine", "protocol", "max_detections", "class_agnostic"),
    *("dilation_ratio", "compat"),
)


def precision_options(command: Command) -> Command:
    """How `eval` computes average precision."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--engine",
        type=click.Choice(["auto", "pycocotools", "vernier"]),
        default="auto",
        show_default=True,
    ),
    click.option(
        "--protocol",
        type=click.Choice(["coco", "lvis"]),
        help="[default: lvis where images name their negative categories]",
    ),
    click.option("--max-detections", type=int, help="[default: 100; lvis 300]"),
    click.option("--class-agnostic", is_flag=True, help="As if all categories were one."),
    click.option("--dilation-ratio", type=float, help="[default: the benchmark's, else 0.02]"),
    click.option("--compat", type=click.Choice(["pycocotools"]), help="As the raw oracle does it."),
)
