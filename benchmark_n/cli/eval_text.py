"""Tables of evaluation results. AP, IoU and the like are shown in percent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark_n.cli.common import emit
from benchmark_n.cli.slice_tables import slices_table, with_interval
from benchmark_n.cli.tables import percent, table
from benchmark_n.coco.units import units_line
from benchmark_n.evaluation.result import Evaluation
from benchmark_n.report.evaluation_tables import IOU_TITLES, compare_tables
from benchmark_n.report.evaluation_writer import write_results
from benchmark_n.report.table_formats import render


def predictions_text(results: Mapping[str, Any]) -> str:
    """One row an IoU type, one column a statistic."""
    names = list(next(iter(results.values()))["statistics"])
    rows = [
        [IOU_TITLES[kind], *(percent(value) for value in result["statistics"].values())]
        for kind, result in results.items()
    ]
    tables = [table(["%", *names], rows)]
    for kind, result in results.items():
        if result["intervals"]:
            cells = [
                with_interval(result["statistics"][name], spread)
                for name, spread in result["intervals"].items()
            ]
            tables.append(
                table([f"{IOU_TITLES[kind]} %", *result["intervals"]], [["95 %", *cells]])
            )
        for by, slices in result["slices"].items():
            shown = {"AP": "AP", "AP50": "AP50"}
            tables.append(slices_table(f"{IOU_TITLES[kind]} by {by}", slices, shown))
    return "\n\n".join([*tables, *_units(next(iter(results.values()))["settings"])])


def _units(settings: Mapping[str, Any]) -> list[str]:
    """What the intervals resample, where there are any."""
    if "groups" not in settings:
        return []
    return [units_line(settings["group_by"], settings["groups"])]


def masks_text(results: Mapping[str, Any]) -> str:
    """Means over the labels, then one row a threshold, one a size, one a category."""
    counts = ("clean", "noisy", "deleted", "spurious", "other_category")
    first = table(
        ["labels", *(name.replace("_", " ") for name in counts)],
        [["", *(results[name] for name in counts)]],
    )
    means = {
        "mean_iou": "mean IoU",
        "mean_boundary_iou": "boundary IoU",
        "mean_dice": "mask F1 (Dice)",
        "dice_all_labels": "with deleted and spurious",
        "f1": "matching F1 (IoU 0.5)",
    }
    figures = {**results, "f1": results["at"][0]["f1"]}
    cells = [with_interval(figures[name], results["intervals"].get(name)) for name in means]
    first += "\n\n" + table(["%", *means.values()], [["", *cells]])
    names = ("precision", "recall", "f1", "panoptic_quality")
    rows = [
        [f"IoU {row['threshold']}", *(percent(row[name]) for name in names)]
        for row in results["at"]
    ]
    second = table(["%", "precision", "recall", "F1", "PQ"], rows)
    groups = [_groups_text(kind, results[f"by_{kind}"]) for kind in ("size", "category")]
    sliced = [
        slices_table(f"by {by}", slices, {**means, "f1": "F1"})
        for by, slices in results["slices"].items()
    ]
    surface = [_surface_text(results["surface"])] if "surface" in results else []
    units = _units(results["settings"])
    return "\n\n".join([first, second, *groups, *surface, *sliced, *units])


def _surface_text(surface: Mapping[str, Any]) -> str:
    unit = surface["unit"]
    headers = [
        *("boundaries", "labels", "no distance", f"NSD % ({surface['tolerance']:g} {unit})"),
        *(f"{name} {unit}" for name in ("HD", "HD95", "ASSD")),
    ]
    distances = (surface[name] for name in ("hausdorff", "hausdorff_95", "assd"))
    counts = (surface["labels"], surface["without_distance"], percent(surface["nsd"]))
    return table(headers, [["", *counts, *distances]])


def _groups_text(kind: str, groups: Mapping[str, Any]) -> str:
    rows = [
        [
            name,
            group["clean"],
            group["noisy"],
            *(percent(group[key]) for key in ("mean_iou", "mean_boundary_iou", "f1")),
        ]
        for name, group in groups.items()
    ]
    return table([kind, "clean", "noisy", "mean IoU %", "boundary IoU %", "F1 % (IoU 0.5)"], rows)


def ef_text(results: Mapping[str, Any]) -> str:
    """Errors of all patients and of those without poor images, then agreement of the masks."""
    subsets = {"all": results["all_patients"], "without poor": results["without_poor"]}
    columns = {
        "patients": "patients",
        "missing": "missing",
        "1 plane": "single_plane",
        "ESV>EDV": "esv_above_edv",
        "EF error": "ef_mae",
        "missing at mean": "ef_mae_missing_at_mean",
        "to info": "ef_mae_info",
        "bias": "bias",
        "lower": "lower_limit",
        "upper": "upper_limit",
    }
    lines = [
        [name, *(_ef_cell(part, key) for key in columns.values())] for name, part in subsets.items()
    ]
    errors = table(["EF points", *columns], lines)
    crossed = [
        [name, *(f"{row['up']} up, {row['down']} down" for row in part["crossings"])]
        for name, part in subsets.items()
    ]
    lines_at = [f"EF {row['line']:g} %" for row in results["all_patients"]["crossings"]]
    frames = [
        [
            f"{name} {instant}",
            *(part[instant][k] for k in ("frames", "without_distance")),
            percent(part[instant]["dice"]),
            percent(part[instant]["nsd"]),
            part[instant]["hausdorff_mm"],
            part[instant]["hausdorff_95_mm"],
            part[instant]["assd_mm"],
        ]
        for name, part in subsets.items()
        for instant in ("ED", "ES")
    ]
    tolerance = results["settings"]["tolerance_mm"]
    headers = [
        *("masks", "frames", "no distance", "Dice %", f"NSD % ({tolerance:g} mm)"),
        *("HD mm", "HD95 mm", "ASSD mm"),
    ]
    agreement = table(headers, frames)
    shown = {"ef_mae": "EF error", "ef_mae_missing_at_mean": "missing at mean"}
    sliced = [
        slices_table(f"by {by}", slices, shown, 1) for by, slices in results["slices"].items()
    ]
    units = units_line(results["settings"]["group_by"], results["all_patients"]["units"])
    crossing = table(["crossing", *lines_at], crossed)
    return "\n\n".join([errors, crossing, agreement, *sliced, units])


def _ef_cell(part: Mapping[str, Any], key: str) -> object:
    """A figure of the cohort, with its interval; missing patients with their share."""
    if key == "missing" and part["patients"]:
        return f"{part['missing']} ({100 * part['missing_share']:.1f} %)"
    return (
        with_interval(part[key], part["intervals"][key], 1)
        if key in part["intervals"]
        else part[key]
    )


_TEXTS = {
    "predictions": predictions_text,
    "masks": masks_text,
    "ef": ef_text,
}


def finish(evaluation: Evaluation, folder: Path, form: str, as_json: bool) -> None:
    """Write the results and print them; a comparison in the format that was asked for."""
    pictures = write_results(folder, evaluation)
    if evaluation.mode == "compare":
        text = render(compare_tables(evaluation), form)
    else:
        text = _TEXTS[evaluation.mode](evaluation.results)
    pages = ["\n".join(map(str, pictures))] if pictures else []
    emit("\n\n".join([text, *pages]), evaluation.to_dict(), as_json)
