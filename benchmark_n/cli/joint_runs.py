"""What `detect` does where no detector is named: the joint list, and its self-test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark_n.cli.common import emit, progress_bar, tell, warn
from benchmark_n.cli.decide_page import decide_page, decide_text
from benchmark_n.cli.detector_runs import evidence_of
from benchmark_n.cli.flags import root_command, with_flags
from benchmark_n.cli.tables import left_table, table
from benchmark_n.errors import UsageError
from benchmark_n.runtime.execution import Execution

if TYPE_CHECKING:
    from benchmark_n.coco import ReadOptions
    from benchmark_n.detection.joint.parts import Part
    from benchmark_n.detection.joint.result import JointResult
    from benchmark_n.experiments.self_test import SelfTest

# Suspects that are printed; the files have all.
_SHOWN = 20


def run_jointly(
    annotations: Path,
    out: Path | None,
    asked: dict[str, Any],
    reading: ReadOptions,
    *,
    quiet: bool,
    as_json: bool,
) -> None:
    """All that fits the file, one list, one page."""
    from benchmark_n.detection.joint.run import detect_jointly
    from benchmark_n.report.joint import JOINT, REPORT, SCORES, write_joint

    _refuse_settings(asked)
    with progress_bar("evidence", quiet) as progress:
        result = detect_jointly(
            annotations,
            asked["images"],
            evidence=evidence_of(asked),
            execution=Execution(asked["workers"], progress=progress),
            reading=reading,
        )
    if asked["since"] is not None:
        from benchmark_n.review.since_joint import joint_since

        result = joint_since(result, asked["since"], guideline=asked["guideline"])
    root = out or Path("results") / annotations.stem
    folder = root / JOINT
    write_joint(result, folder, top=asked["top"])
    tell((with_flags(line, root_command()) for line in _parts_lines(result.parts)), quiet)
    warn(result.warnings, quiet)
    page = decide_page(
        root,
        [folder / SCORES],
        annotations,
        asked["images"],
        asked["top"],
        guideline=asked["guideline"],
        quiet=quiet,
    )
    data = {
        "results": str(folder),
        **result.to_dict(),
        "decide": None if page is None else str(page),
    }
    emit(f"{_text(result)}\n\n{folder / REPORT}{decide_text(page)}", data, as_json)


def run_self_test(
    annotations: Path,
    asked: dict[str, Any],
    reading: ReadOptions,
    *,
    recipe: str | None,
    seed: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Errors planted in the file, and how many of them the list finds."""
    from benchmark_n.experiments.self_test import self_test

    _refuse_settings(asked)
    with progress_bar("evidence", quiet) as progress:
        result = self_test(
            annotations,
            asked["images"],
            recipe=recipe,
            seed=seed,
            evidence=evidence_of(asked),
            execution=Execution(asked["workers"], progress=progress),
            reading=reading,
        )
    emit(_self_test_text(result), result.to_dict(), as_json)


def _refuse_settings(asked: dict[str, Any]) -> None:
    if asked["settings"]:
        raise UsageError("`options` are of detectors that are named: name them by `detectors`")


def _parts_lines(parts: tuple[Part, ...]) -> list[str]:
    """What runs and what does not, those of one reason in one line."""
    ran = [f"ran: {part.name}: {part.why}" for part in parts if part.runs]
    reasons: dict[str, list[str]] = {}
    for part in parts:
        if not part.runs:
            reasons.setdefault(part.why, []).append(part.name)
    return ran + [f"left out: {', '.join(names)}: {why}" for why, names in reasons.items()]


def _text(result: JointResult) -> str:
    from benchmark_n.coco.labels import category_labels

    labels = category_labels(result.coco.categories)
    rows = [
        [
            f"{one.probability:.2f}",
            one.kind,
            result.coco.images[one.image_id].file_name or str(one.image_id),
            "-" if one.annotation_id is None else str(one.annotation_id),
            "-" if one.category is None else labels[one.category],
            " or ".join(labels[i] for i in one.between)
            or ("-" if one.suggested_category is None else labels[one.suggested_category]),
        ]
        for one in result.suspects[:_SHOWN]
    ]
    kinds = [[kind, row["suspects"], row["expected"]] for kind, row in result.kinds.items()]
    headers = ["probability", "kind", "image", "annotation", "given", "suggested"]
    return "\n\n".join(
        [
            left_table(headers, rows),
            table(["kind", "suspects", "errors expected"], kinds),
            f"{result.expected:.0f} errors are expected among {len(result.suspects)} suspects",
        ]
    )


def _self_test_text(result: SelfTest) -> str:
    rows = [
        [
            str(one.top),
            _rate(one.precision, one.precision_interval),
            _rate(one.recall, one.recall_interval),
            *(f"{result.found[one.top][kind]} of {n}" for kind, n in result.planted.items()),
        ]
        for one in result.at
    ]
    headers = ["first", "precision %", "recall %", *(f"{kind} found" for kind in result.planted)]
    return "\n".join(
        [
            left_table(headers, rows),
            "",
            f"{sum(result.planted.values())} errors were planted by {result.recipe}, seed "
            f"{result.seed}; in brackets 95 % intervals; {result.units}",
            "precision counts planted errors alone: with the file's own errors it is higher",
        ]
    )


def _rate(value: float | None, spread: tuple[float, float] | None) -> str:
    if value is None:
        return "-"
    text = f"{100 * value:.0f}"
    return text if spread is None else f"{text} ({100 * spread[0]:.0f} to {100 * spread[1]:.0f})"
