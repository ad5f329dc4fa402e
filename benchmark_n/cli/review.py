"""``benchmark-n review``: suspects out, decisions in; what comes of them is in `review_reports`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from benchmark_n.cli.common import emit, output_options, pixels_option, set_logging
from benchmark_n.cli.review_reports import (
    next_command,
    report_command,
    trend_command,
    verify_command,
)

_FILE = click.Path(path_type=Path)


@click.group("review", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Have people look at suspects, and take their decisions back on an audit trail."""


@command.command("export")
@click.argument("benchmark", required=False, type=_FILE)
@click.option(
    "--scores",
    type=_FILE,
    multiple=True,
    required=True,
    help="scores.parquet of a detector (repeatable).",
)
@click.option(
    "--to",
    type=click.Choice(["labelstudio", "cvat", "fiftyone", "csv"]),
    required=True,
    help="The tool that reads it.",
)
@click.option("--top", default=200, show_default=True, help="Number of suspects.")
@click.option(
    "--annotations",
    type=_FILE,
    help="A COCO file, or a tool's export (folder or ZIP), instead of a benchmark.",
)
@click.option("--images", type=_FILE, help="Folder of the images [default: the benchmark's].")
@click.option("--guideline", default="", help="Version or address of the annotation guideline.")
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
    out: Path | None,
    quiet: bool,
    verbose: int,
    as_json: bool,
    **sampling: Any,
) -> None:
    """Write suspects for people to judge.

    The most suspect annotations of BENCHMARK, or of a COCO file, go into a directory with a
    picture of each and what the tool reads.

    Example: benchmark-n review export --annotations my.json --images photos --scores
    results/my/cleanlab/scores.parquet --to cvat
    """
    set_logging(quiet, verbose)
    from benchmark_n.review import SampleOptions, export_review

    name = benchmark.resolve().name if benchmark else annotations.stem if annotations else "review"
    folder = out or Path("reviews") / f"{name}-{to}"
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
    )
    data = {
        "review": str(folder),
        "items": len(review.items),
        "proposals": sum(item.proposal for item in review.items),
        "crops": sum(item.crop is not None for item in review.items),
    }
    text = f"{folder}: {data['items']} items, {data['crops']} crops"
    if (folder / "private").is_dir():
        text += f"\n{folder / 'private'}: says what is mixed in; keep it from the reviewers"
    emit(text, data, as_json)


@command.command("import")
@click.argument("review", type=_FILE)
@click.option(
    "--decisions",
    type=_FILE,
    required=True,
    multiple=True,
    help="The filled table, or the export (repeatable: one of each reviewer).",
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
    help="Write corrected-FORMAT/ in REVIEW as well, for the tool that the file came from.",
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

    Example: benchmark-n review import reviews/my-csv --decisions decisions.csv --who Anna --as cvat
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
    counts = ", ".join(f"{count} {action}" for action, count in sorted(done.actions.items()))
    text = f"{done.corrected}: {counts or 'no decisions'}; {done.undecided} undecided"
    names = ", ".join(path.name for path in decisions)
    text += f", {done.absent} of them not in {names}" if done.absent else ""
    text += f", {len(done.disputed)} of them without a majority" if done.disputed else ""
    text += f"; {done.repeated} imported before" if done.repeated else ""
    text += f"; {done.planted} on planted items, taken out" if done.planted else ""
    text += f"\n{done.returned}: the corrections as {as_format}" if done.returned else ""
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
    emit(text, data, as_json)


command.add_command(report_command)
command.add_command(next_command)
command.add_command(trend_command)
command.add_command(verify_command)
