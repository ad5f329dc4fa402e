"""What a benchmark tells of its errors, for its card: measured once, kept, and checked again.

The figures are in ``card/leakage.json``. A card is written from that file, so that its bytes do not
depend on what is installed when it is checked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import Benchmark
from benchmark_n.coco import CocoFile
from benchmark_n.coco.units import image_units
from benchmark_n.evaluators.leakage.audit import Audit, audit
from benchmark_n.evaluators.leakage.labels_alone import labels_alone
from benchmark_n.evaluators.leakage.records import COLUMNS, published_input
from benchmark_n.files.json_yaml import read_json

LEAKAGE = "card/leakage.json"
# Figures of gradient boosting may differ so much between versions of its library.
TOLERANCE = 0.03
_NEEDS = "pip install '.[detect]'"


def write_leakage(benchmark: Benchmark, coco: CocoFile, folder: Path) -> Path:
    """Measure what the published file tells, into `LEAKAGE` under `folder`."""
    found, labels = _audited(benchmark, coco), _labels(benchmark, coco)
    told = {
        "marked": list(benchmark.leaks),
        "audit": found.to_dict(),
        "labels": labels,
        "needs": _NEEDS if labels is None else None,
    }
    path = folder / LEAKAGE
    path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def read_leakage(folder: Path) -> dict[str, Any]:
    """What `write_leakage` wrote."""
    return read_json(folder / LEAKAGE, "leak audit", dict[str, Any])


def leakage_faults(benchmark: Benchmark, coco: CocoFile, folder: Path) -> list[str]:
    """Leaks that the benchmark is not marked for, and figures that are not what they would be now.

    Figures of gradient boosting are measured again where the extra ``detect`` is there.
    """
    if not (folder / LEAKAGE).is_file():
        return [f"{LEAKAGE}: missing: write the card again"]
    kept, found = read_leakage(folder), _audited(benchmark, coco)
    name = benchmark.annotations.name
    faults = [f"{name}: {test}: {test.advice}" for test in found.unmarked(benchmark.leaks)]
    marked, failed = kept.get("marked"), found.to_dict()["failed"]
    if marked != list(benchmark.leaks) or _names(kept.get("audit")) != _names({"failed": failed}):
        faults.append(f"{LEAKAGE}: not what the audit of this benchmark finds")
    if kept.get("labels") is not None and (now := _labels(benchmark, coco)) is not None:
        faults += _other_figures(kept["labels"], now)
    return faults


def _audited(benchmark: Benchmark, coco: CocoFile) -> Audit:
    return audit(*published_input(benchmark.manifest(list(COLUMNS)), coco))


def _labels(benchmark: Benchmark, coco: CocoFile) -> list[dict[str, Any]] | None:
    """What labels alone tell; None without the extra ``detect``."""
    try:
        import sklearn  # noqa: F401
    except ModuleNotFoundError:
        return None
    published, truth = published_input(benchmark.manifest(list(COLUMNS)), coco)
    told = labels_alone(coco, published, truth, lambda ids: image_units(coco, ids).codes)
    return [one.to_dict() for one in told]


def _names(told: Any) -> list[tuple[str, str, str]]:
    try:
        return sorted((t["family"], t["name"], t["target"]) for t in told["failed"])
    except (KeyError, TypeError):
        return [("", "", "")]


def _other_figures(kept: Any, now: Sequence[Mapping[str, Any]]) -> list[str]:
    try:
        before = {(row["target"], row["features"]): row for row in kept}
        return [
            f"{LEAKAGE}: {row['target']} by {row['features']}: {name} "
            f"{before[row['target'], row['features']][name]}, measured now {row[name]}"
            for row in now
            for name in ("items", "share", "auroc", "auprc")
            if not _close(before[row["target"], row["features"]][name], row[name])
        ]
    except (KeyError, TypeError):
        return [f"{LEAKAGE}: not the figures of a leak audit"]


def _close(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    return abs(float(a) - float(b)) <= TOLERANCE
