"""Tables of evaluation results. AP, IoU and the like are shown in percent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmark_n.cli.tables import percent, table

_TITLES = {"bbox": "box", "segm": "mask", "boundary": "boundary"}


def predictions_text(results: Mapping[str, Any]) -> str:
    """One row an IoU type, one column a statistic."""
    names = list(next(iter(results.values()))["statistics"])
    rows = [
        [_TITLES[kind], *(percent(value) for value in result["statistics"].values())]
        for kind, result in results.items()
    ]
    return table(["%", *names], rows)


def compare_text(results: Mapping[str, Any]) -> str:
    """The paper's Table 3: AP by IoU type, and the share of the first row's that is kept."""
    kinds = list(next(iter(results.values()))["kept"])
    headers = [""]
    for kind in kinds:
        headers += [f"{_TITLES[kind]} AP", "kept %"]
    rows = []
    for name, result in results.items():
        row: list[object] = [name]
        for kind in kinds:
            row += [percent(result[kind]["statistics"]["AP"]), percent(result["kept"][kind])]
        rows.append(row)
    return table(headers, rows)


def masks_text(results: Mapping[str, Any]) -> str:
    """Means over the labels, then one row a threshold, one a size, one a category."""
    counts = ("clean", "noisy", "deleted", "spurious", "other_category")
    first = table(
        ["labels", *(name.replace("_", " ") for name in counts), "mean IoU %", "boundary IoU %"],
        [
            [
                "",
                *(results[name] for name in counts),
                percent(results["mean_iou"]),
                percent(results["mean_boundary_iou"]),
            ]
        ],
    )
    names = ("precision", "recall", "f1", "panoptic_quality")
    rows = [
        [f"IoU {row['threshold']}", *(percent(row[name]) for name in names)]
        for row in results["at"]
    ]
    second = table(["%", "precision", "recall", "F1", "PQ"], rows)
    groups = [_groups_text(kind, results[f"by_{kind}"]) for kind in ("size", "category")]
    return "\n\n".join([first, second, *groups])


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
        "to info": "ef_mae_info",
        "bias": "bias",
        "lower": "lower_limit",
        "upper": "upper_limit",
    }
    lines = [[name, *(part[key] for key in columns.values())] for name, part in subsets.items()]
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
            part[instant]["hausdorff_mm"],
            part[instant]["hausdorff_95_mm"],
        ]
        for name, part in subsets.items()
        for instant in ("ED", "ES")
    ]
    agreement = table(
        ["masks", "frames", "no distance", "Dice %", "Hausdorff mm", "95 % mm"], frames
    )
    return "\n\n".join([errors, table(["crossing", *lines_at], crossed), agreement])


TEXTS = {
    "predictions": predictions_text,
    "compare": compare_text,
    "masks": masks_text,
    "ef": ef_text,
}
