"""``benchmark-n review``: suspects out, decisions in; what comes of them is in `review_reports`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from benchmark_n.cli.common import emit, output_options, pixels_option, progress_bar, set_logging
from benchmark_n.cli.review_reports import (
    next_command,
    prefix_option,
    report_command,
    tool_option,
    trend_command,
    verify_command,
)
from benchmark_n.cli.review_text import exported_text, imported_text

_FILE = click.Path(path_type=Path)


@click.group("review", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Have people look at suspects, and take their decisions back on an audit trail.

    Example: benchmark-n review import my-review decisions.json
    """


@command.command("export")
@click.argument("benchmark", required=False, type=_FILE)
@click.option(
    "--scores",
    type=_FILE,
    multiple=True,
    required=True,
    help="scores.parquet of a detector (repeatable).",
)
@tool_option
@click.option("--top", default=200, show_default=True, help="Number of suspects.")
@click.option(
    "--annotations",
    type=_FILE,
    help="A COCO file, or a tool's export (folder or ZIP), instead of a benchmark.",
)
@click.option("--images", type=_FILE, help="Folder of the images [default: the benchmark's].")
@click.option(
    "--guideline",
    default="",
    help="Version or address of the annotation guideline, or a Markdown file with its sections.",
)
@prefix_option
@click.option(
    "--audit-sample",
    type=click.IntRange(0),
    default=0,
    help="Mix in so many annotations that are no suspects: they tell how many errors are left.",
)
@click.option(
    "--plant",
    type=click.IntRange(0),
    default=0,
    help="Mix in so many known errors, and as many decoys: they tell how good the reviewers are.",
)
@click.option(
    "--recipe", default="human-lvis-crowd", show_default=True, help="Noise of the planted errors."
)
@click.option("--seed", type=int, help="Of what is drawn [default: a secret one].")
@click.option("--out", type=_FILE, help="Directory to write [default: reviews/NAME-TOOL].")
@pixels_option
@output_options
def export_command(
    benchmark: Path | None,
    scores: tuple[Path, ...],
    to: str,
    top: int,
    annotations: Path | None,
    images: Path | None,
    guideline: str,
    prefix: str | None,
    out: Path | None,
    quiet: bool,
    verbose: int,
    as_json: bool,
    **sampling: Any,
) -> None:
    """Write suspects for people to judge.

    The most suspect annotations of BENCHMARK, or of a COCO file, go into a directory with a
    picture of each and decide.html, a page to decide on that needs no network, or what a tool
    reads.

    Example: benchmark-n review export --annotations my.json --images photos --scores
    results/my/cleanlab/scores.parquet
    """
    set_logging(quiet, verbose)
    from benchmark_n.review import OutputOptions, SampleOptions, export_review

    name = benchmark.resolve().name if benchmark else annotations.stem if annotations else "review"
    folder = out or Path("reviews") / f"{name}-{to}"
    with progress_bar("pictures", quiet) as progress:
        review = export_review(
            scores,
            to,
            folder,
            benchmark=benchmark,
            annotations=annotations,
            images=images,
            top=top,
            guideline=guideline,
            sampling=SampleOptions(**sampling),
            output=OutputOptions(progress=progress, prefix=prefix),
        )
    data = {
        "review": str(folder),
        "items": len(review.items),
        "proposals": sum(item.proposal for item in review.items),
        "crops": sum(item.crop is not None for item in review.items),
    }
    emit(exported_text(folder, to, data), data, as_json)


@command.command("import")
@click.argument("review", type=_FILE)
@click.option(
    "--decisions",
    type=_FILE,
    required=True,
    multiple=True,
    help="decisions.json of the page, the filled table, or the export (repeatable: one of each "
    "reviewer).",
)
@click.option(
    "--who",
    multiple=True,
    help="Who decided, where the file does not say (repeatable: of each --decisions).",
)
@click.option("--when", help="When (ISO 8601), where the file does not say [default: now].")
@click.option("--annotations", type=_FILE, help="The reviewed file, where it moved since.")
@click.option(
    "--adjudicator",
    help="The reviewer whose decisions count alone [default: the majority decides].",
)
@click.option(
    "--as",
    "as_format",
    type=click.Choice(["coco", "cvat", "labelstudio", "yolo"]),
    help="Write corrected-FORMAT/ in REVIEW as well, for the tool that the file came from "
    "[default: of what came in an archive, coco].",
)
@output_options
def import_command(
    review: Path,
    decisions: tuple[Path, ...],
    who: tuple[str, ...],
    when: str | None,
    annotations: Path | None,
    adjudicator: str | None,
    as_format: str | None,
    quiet: bool,
    verbose: int,
    as_json: bool,
) -> None:
    """Carry out what people decided.

    The corrected annotations are written to corrected.json in REVIEW, and a line for each decision
    is appended to audit.jsonl. A file that decides nothing is no error, but warned of.

    Example: benchmark-n review import results/my/review --decisions decisions.json
    """
    set_logging(quiet, verbose)
    from benchmark_n.review import import_decisions

    done = import_decisions(
        review,
        decisions,
        who=who or None,
        when=when,
        annotations=annotations,
        as_format=as_format,
        adjudicator=adjudicator,
    )
    data = {
        "corrected": str(done.corrected),
        "actions": done.actions,
        "undecided": done.undecided,
        "absent": done.absent,
        "repeated": done.repeated,
        "disputed": list(done.disputed),
        "planted": done.planted,
        "returned": None if done.returned is None else str(done.returned),
    }
    emit(imported_text(done, decisions, as_format), data, as_json)


command.add_command(report_command)
command.add_command(next_command)
command.add_command(trend_command)
command.add_command(verify_command)
