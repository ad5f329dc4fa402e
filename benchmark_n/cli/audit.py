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
    warn,
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
@click.option("--bins", default=3, show_default=True, help="Of a field of many numbers.")
@click.option(
    "--group-by",
    metavar="FIELD",
    help="Image field that names what is independent [default: patient_id, volume_id, …].",
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
    bins: int,
    group_by: str | None,
    weights: Path | None,
    lowest: int,
    highest: int,
    evidence_dir: Path | None,
    device: str,
    out: Path | None,
    quiet: bool,
    verbose: int,
    as_json: bool,
    **reading: bool,
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
            bins=bins,
            group_by=group_by,
            weights=weights,
            evidence_dir=evidence_dir,
            device=device,
            progress=progress,
            reading=ReadOptions(**reading),
        )
    folder = out or Path("results") / f"audit-{by}"
    write_audit(audits, folder, lowest=lowest, highest=highest)
    warn((line for one in audits for line in one.units.warnings), quiet)
    parts = [_means(audits), _comparisons(audits), _trends(audits), _notes(audits)]
    text = "\n\n".join([*(part for part in parts if part), str(folder / PLOT)])
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
        for c in sorted(one.comparisons, key=lambda c: c.p)[:_MOST_COMPARISONS]:
            counts = f"{c.units[0]} + {c.units[1]}" + (f" ({c.crossing})" if c.crossing else "")
            values = [
                _with_interval(c.difference, c.difference_interval, 3),
                _with_interval(c.effect, c.effect_interval, 2),
                f"{c.p:.2g}",
                "-" if c.p_holm is None else f"{c.p_holm:.2g}",
            ]
            rows.append([one.file, f"{c.first} - {c.second}", counts, *values])
    if not rows:
        return ""
    headers = ["file", "groups", "units (in both)", "difference", "Hedges g", "p", "p (Holm)"]
    return table(headers, rows)


def _trends(audits: list[Audit]) -> str:
    rows: list[list[object]] = []
    for one in audits:
        if one.trend is not None:
            trend = one.trend
            told = _with_interval(trend.correlation, trend.correlation_interval, 2)
            p = "-" if trend.p is None else f"{trend.p:.2g}"
            rows.append([one.file, one.by, trend.units, told, p])
    return table(["file", "field", "units", "Spearman", "p"], rows) if rows else ""


def _notes(audits: list[Audit]) -> str:
    """What the tests went by, and where they could find nothing."""
    from benchmark_n.coco.units import units_line

    lines = []
    for one in audits:
        lines.append(f"{one.file}: {units_line(one.units.field, len(one.units))}")
        own = [comparison.power_note for comparison in one.comparisons]
        own += [] if one.trend is None else [one.trend.power_note]
        told = dict.fromkeys(note for note in own if note)
        lines += [f"{one.file}: {note}" for note in told]
    return "\n".join(lines)


def _with_interval(value: float | None, between: tuple[float, float] | None, digits: int) -> str:
    if value is None:
        return "-"
    own = f"{value:+.{digits}f}"
    if between is None:
        return own
    return f"{own} [{between[0]:+.{digits}f}, {between[1]:+.{digits}f}]"
