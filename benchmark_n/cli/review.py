"""``benchmark-n review``: export, import and report."""

from __future__ import annotations

from pathlib import Path

import click

from benchmark_n.cli.common import emit, output_options, pixels_option, progress_bar, set_logging
from benchmark_n.cli.tables import percent, table

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
    type=click.Choice(["page", "labelstudio", "cvat", "fiftyone", "csv"]),
    default="page",
    show_default=True,
    help="A page to decide on, or the tool that reads it.",
)
@click.option("--top", default=200, show_default=True, help="Number of suspects.")
@click.option(
    "--annotations",
    type=_FILE,
    help="A COCO file, or a tool's export (folder or ZIP), instead of a benchmark.",
)
@click.option("--images", type=_FILE, help="Folder of the images [default: the benchmark's].")
@click.option("--guideline", default="", help="Version or address of the annotation guideline.")
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
) -> None:
    """Write suspects for people to judge.

    The most suspect annotations of BENCHMARK, or of a COCO file, go into a directory with a
    picture of each and decide.html, a page to decide on that needs no network, or what a tool
    reads.

    Example: benchmark-n review export --annotations my.json --images photos --scores
    results/my/cleanlab/scores.parquet
    """
    set_logging(quiet, verbose)
    from benchmark_n.review import export_review
    from benchmark_n.review.page import FILE as PAGE_FILE

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
            progress=progress,
        )
    data = {
        "review": str(folder),
        "items": len(review.items),
        "proposals": sum(item.proposal for item in review.items),
        "crops": sum(item.crop is not None for item in review.items),
    }
    opened = folder / PAGE_FILE if to == "page" else folder
    emit(f"{opened}: {data['items']} items, {data['crops']} crops", data, as_json)


@command.command("import")
@click.argument("review", type=_FILE)
@click.option(
    "--decisions",
    type=_FILE,
    required=True,
    help="decisions.json of the page, the filled table, or the export.",
)
@click.option("--who", help="Who decided, where the file does not say.")
@click.option("--when", help="When (ISO 8601), where the file does not say [default: now].")
@click.option("--annotations", type=_FILE, help="The reviewed file, where it moved since.")
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
    decisions: Path,
    who: str | None,
    when: str | None,
    annotations: Path | None,
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
        review, decisions, who=who, when=when, annotations=annotations, as_format=as_format
    )
    counts = ", ".join(f"{count} {action}" for action, count in sorted(done.actions.items()))
    text = f"{done.corrected}: {counts or 'no decisions'}; {done.undecided} undecided"
    text += f", {done.absent} of them not in {decisions.name}" if done.absent else ""
    text += f"; {done.repeated} imported before" if done.repeated else ""
    text += (
        f"\n{done.returned}: the corrections as {as_format or 'they came'}" if done.returned else ""
    )
    data = {
        "corrected": str(done.corrected),
        "actions": done.actions,
        "undecided": done.undecided,
        "absent": done.absent,
        "repeated": done.repeated,
        "returned": None if done.returned is None else str(done.returned),
    }
    emit(text, data, as_json)


@command.command("report")
@click.argument("review", type=_FILE)
@output_options
def report_command(review: Path, quiet: bool, verbose: int, as_json: bool) -> None:
    """Tell how right the detectors were, as the people of REVIEW judged them."""
    set_logging(quiet, verbose)
    from benchmark_n.review import judge

    found = judge(review)
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
    if rows:
        text += f"\n\n{table(headers, rows)}"
    emit(text, found.to_dict(), as_json)
