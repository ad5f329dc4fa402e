"""``benchmark-n check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark_n.cli.common import (
    emit,
    output_options,
    pixels_option,
    progress_bar,
    reading_options,
    set_logging,
    warn,
)

if TYPE_CHECKING:
    from benchmark_n.detection.structure.result import CheckResult

_FILE = click.Path(path_type=Path)


@click.command("check")
@click.argument("annotations", type=_FILE, metavar="FILE")
@click.option("--rules", metavar="RULE,…", help="Rules to run [default: all, see the table].")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="RULE.OPTION=VALUE",
    help="Set a threshold of a rule (repeatable).",
)
@click.option(
    "--fail-on",
    metavar="RULE,…",
    help="End with exit code 1 where one of these found something; errors: all of level error.",
)
@click.option("--images", type=_FILE, help="Folder of the images, for crops on the page.")
@click.option("--out", type=_FILE, help="Directory of page, findings and scores [default: none].")
@click.option("--top", default=12, show_default=True, help="Examples of each rule on the page.")
@reading_options
@pixels_option
@output_options
def command(
    annotations: Path,
    rules: str | None,
    settings: tuple[str, ...],
    fail_on: str | None,
    images: Path | None,
    out: Path | None,
    top: int,
    quiet: bool,
    verbose: int,
    as_json: bool,
    **reading: bool,
) -> None:
    """Look for structural errors in a COCO file or a benchmark: no model, no pictures needed.

    Duplicates, boxes as masks, merges, self-crossings, records that contradict their masks …

    Example: benchmark-n check my.json --images photos --out results/check --fail-on errors
    """
    set_logging(quiet, verbose)
    from benchmark_n.cli.make import parse_settings
    from benchmark_n.coco import ReadOptions
    from benchmark_n.detection.check import check, refused_rules
    from benchmark_n.report.check import REPORT, write_check

    refused = refused_rules(fail_on, rules)
    with progress_bar("annotations", quiet) as progress:
        result = check(
            annotations,
            rules,
            options=parse_settings(settings),
            reading=ReadOptions(**reading),
            progress=progress,
        )
    warn(result.warnings, quiet)
    text = _text(result)
    if out is not None:
        write_check(result, out, images=images, top=top)
        text = f"{text}\n\n{out / REPORT}"
    emit(text, result.to_dict(), as_json)
    result.refuse(refused)


def _text(result: CheckResult) -> str:
    from benchmark_n.cli.tables import left_table

    rows = [
        [
            *(rule.name, rule.level, str(result.counts[rule.name]), rule.finds),
            ", ".join(map(str, result.examples(rule.name))),
        ]
        for rule in result.rules
    ]
    return left_table(["rule", "level", "found", "what", "first ids"], rows)
