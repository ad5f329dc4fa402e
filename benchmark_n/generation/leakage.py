"""The leak audit of a benchmark that has just been written, into its summary."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import load
from benchmark_n.benchmark.writer import add_to_summary
from benchmark_n.coco import CocoFile
from benchmark_n.evaluators.leakage.audit import audit
from benchmark_n.evaluators.leakage.records import COLUMNS, RecordFields, audit_input
from benchmark_n.tables.manifest import Rows

_log = logging.getLogger(__name__)

Part = tuple[list[bytes], Rows]


def watched(parts: Iterable[Part], fields: RecordFields) -> Iterator[Part]:
    """The same parts; the further fields of their records go into `fields` as they pass."""
    for records, rows in parts:
        fields.add(records)
        yield records, rows


def audit_written(stage: Path, coco: CocoFile, fields: RecordFields, target: Path) -> None:
    """Audit the benchmark in `stage`; the result goes into its summary, a leak into a warning.

    Parameters
    ----------
    coco
        Whose image and category records were published.
    target
        What the warning calls the benchmark.
    """
    written = load(stage)
    manifest: Any = written.manifest(list(COLUMNS))
    sections = coco.section("images"), coco.section("categories")
    found = audit(*audit_input(manifest, fields.columns(), *sections))
    add_to_summary(stage, leakage=found.to_dict())
    told = found.unmarked(written.leaks)
    if told:
        more = f" (and {len(told) - 1} tests more)" if len(told) > 1 else ""
        _log.warning("%s: %s%s: %s", target.name, told[0], more, told[0].advice)
