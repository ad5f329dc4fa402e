"""Write a benchmark and audit it for leaks at once, while its records pass."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.benchmark import load
from benchmark_n.benchmark.writer import Part, add_to_summary, write_benchmark
from benchmark_n.coco import CocoFile
from benchmark_n.evaluators.leakage.audit import audit
from benchmark_n.evaluators.leakage.records import COLUMNS, RecordFields, audit_input

_log = logging.getLogger(__name__)


def write_audited(
    folder: Path,
    coco: CocoFile,
    parts: Iterable[Part],
    schema: Any,
    recipe: Mapping[str, Any],
    **options: Any,
) -> None:
    """`write_benchmark` with the leak audit in the summary, and a warning where there is a leak.

    The parameters are those of `write_benchmark`.
    """
    fields = RecordFields()
    sections = write_benchmark(folder, coco, parts, schema, recipe, watch=fields.add, **options)
    written = load(folder)
    records = [msgspec.json.decode(sections[name]) for name in ("images", "categories")]
    found = audit(*audit_input(written.manifest(list(COLUMNS)), fields.columns(), *records))
    add_to_summary(folder, leakage=found.to_dict())
    told = found.unmarked(written.leaks)
    if told:
        more = f" (and {len(told) - 1} tests more)" if len(told) > 1 else ""
        _log.warning("%s: %s%s: %s", written.annotations.name, told[0], more, told[0].advice)
