"""CSV: a row for each item, with columns for the reviewer to fill in."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.errors import InputError
from benchmark_n.files.formulas import guarded, restored
from benchmark_n.review.decision import FIELDS, Decision, make_decision
from benchmark_n.review.items import Review
from benchmark_n.review.shown import Shown, describe

FILE = "decisions.csv"
_TOLD = (
    *("kind", "score", "detector", "flagged", "given"),
    *("suggested_category", "category_detector", "suggests_mask", "mask_detector"),
)
COLUMNS = (
    *("annotation_id", "image", *_TOLD, "guideline", "crop"),
    *("decision", "category", "segmentation", *FIELDS[1:]),
)
_NEEDED = ("annotation_id", "decision")


def write(folder: Path, review: Review, shown: list[Shown]) -> None:
    """Write ``decisions.csv``."""
    with (folder / FILE).open("w", encoding="utf-8", newline="") as file:
        # With both in it, fields that hold either sign are quoted, by all versions of Python.
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\r\n")
        writer.writeheader()
        for one in shown:
            described = {**describe(review, one.item), "image": one.file_name}
            writer.writerow({name: guarded(value) for name, value in described.items()})


def _restored(row: dict[str, Any]) -> dict[str, Any]:
    return {k: restored(v) if isinstance(v, str) else v for k, v in row.items()}


def read(path: Path) -> list[Decision]:
    """The decisions of a filled table; more columns than needed are no fault."""
    try:
        # A byte order mark is what spreadsheets put before UTF-8.
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            lacking = [name for name in _NEEDED if name not in (rows.fieldnames or ())]
            if lacking:
                raise InputError(
                    f"{path.name}: column '{lacking[0]}' is missing, expected {', '.join(_NEEDED)}"
                )
            found = [_decision(path, _restored(row)) for row in rows]
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path.name}: not a CSV file in UTF-8: {error}") from None
    return [decision for decision in found if decision is not None]


def _decision(path: Path, row: dict[str, str]) -> Decision | None:
    if any(row[name] is None for name in _NEEDED):
        raise InputError(
            f"{path.name}: annotation {row['annotation_id']}: the row is cut off before 'decision'"
        )
    text = (row.get("segmentation") or "").strip()
    try:
        segmentation = msgspec.json.decode(text) if text else None
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(
            f"{path.name}: annotation {row['annotation_id']}: segmentation is no JSON: {error}"
        ) from None
    return make_decision(path, row, (row.get("category") or "").strip() or None, segmentation)
