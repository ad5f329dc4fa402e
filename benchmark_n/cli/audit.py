"""``benchmark-n audit``."""

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
)
from benchmark_n.cli.tables import table

if TYPE_CHECKING:
    from benchmark_n.detection.audit import Audit

_FILE = click.Path(path_type=Path)
_MOST_COMPARISONS = 12


@click.command("audit")
@click.option(
    "--annotations", type=_FILE, multiple=True, required=True, help="A COCO file (repeatable)."
)
@click.option(
    "--images", type=_FILE, multiple=True, required=True, help="Folder of the images, or one each."
)
@click.option(
    "--by",
    default="category",
    show_default=True,
    help="category, or an image field: sex, age, image_quality.",
)
@click.option("--weights", type=_FILE, help="[default: the package's]")
@click.option("--lowest", default=0, help="Annotations to annotate again.")
@click.option("--highest", default=0, help="Annotations to use as pseudo-labels.")
@click.option("--evidence-dir", type=_FILE, help="Where evidence is kept [default: the cache].")
@click.option("--device", default="cpu", show_default=True)
@click.option("--out", type=_FILE, help="Directory of the results [default: results/audit-BY].")
@reading_options
@pixels_option
@output_options
def command(
    annotations: tuple[Path, ...],
    images: tuple[Path, ...],
    by: str,
    weights: Path | None,
    crowds_as_instances: bool,
    lowest: int,
    highest: int,
    evidence_dir: Path | None,
    device: str,
    out: Path | None,
    repair: bool,
    strict: bool,
    quiet: bool,
    verbose: int,
    as_json: bool,
) -> None:
    """Predict how good the masks of a dataset are, and compare its groups.

    Example: benchmark-n audit --annotations my.json --images photos --by sex
    """
    set_logging(quiet, verbose)
    from benchmark_n.coco import ReadOptions
    from benchmark_n.detection.audit import audit
    from benchmark_n.report.audit import PLOT, write_audit

    with progress_bar("masks", quiet) as progress:
        audits = audit(
            annotations,
            images,
            by=by,
            weights=weights,
            evidence_dir=evidence_dir,
            device=device,
            progress=progress,
            reading=ReadOptions(repair, strict, crowds_as_instances),
        )
    folder = out or Path("results") / f"audit-{by}"
    write_audit(audits, folder, lowest=lowest, highest=highest)
    text = "\n\n".join([_means(audits), _comparisons(audits), str(folder / PLOT)])
    data = {"results": str(folder), "audits": [one.to_dict(lowest, highest) for one in audits]}
    emit(text, data, as_json)


def _means(audits: list[Audit]) -> str:
    rows: list[list[object]] = []
    for one in audits:
        told = one.to_dict()
        for name, part in [("all", told), *told["groups"].items()]:
            mean, share = part["mean"], part["share_below_0.8"]
            rows.append([one.file, name, part["annotations"], f"{mean:.3f}", f"{100 * share:.1f}"])
    return table(["file", "group", "annotations", "mean DSC", "% below 0.8"], rows)


def _comparisons(audits: list[Audit]) -> str:
    """The comparisons of smallest p."""
    rows: list[list[object]] = []
    for one in audits:
        tested = [c for c in one.comparisons if c.p_holm is not None and c.effect is not None]
        for c in sorted(tested, key=lambda c: c.p or 0.0)[:_MOST_COMPARISONS]:
            counts = f"{c.patients[0]}, {c.patients[1]}"
            values = [f"{c.difference:+.3f}", f"{c.effect:+.2f}", f"{c.p_holm:.2g}"]
            rows.append([one.file, f"{c.first} - {c.second}", c.test, counts, *values])
    headers = ["file", "groups", "test", "patients", "difference", "effect", "p (Holm)"]
    return table(headers, rows)
