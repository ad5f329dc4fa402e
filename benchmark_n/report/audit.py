"""Write the files of an audit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmark_n.detection.audit import Audit
from benchmark_n.files.atomic import files_beside, staged

RESULTS, PLOT = "results.json", "groups.png"
_STRANGERS = files_beside(RESULTS, PLOT)


def write_audit(
    audits: Sequence[Audit], folder: Path, *, lowest: int = 0, highest: int = 0
) -> None:
    """Write ``results.json`` and ``groups.png`` into `folder`, in place of an earlier result."""
    from benchmark_n.report.quality import group_means

    many = len(audits) > 1
    parts = {
        f"{one.file}: {name}" if many else name: part
        for one in audits
        for name, part in one.values_by_group().items()
    }
    with staged(folder, overwrite=True, marker=RESULTS, strangers=_STRANGERS) as stage:
        rows = [one.to_dict(lowest, highest) for one in audits]
        (stage / RESULTS).write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
        (stage / PLOT).write_bytes(group_means(f"Predicted DSC by {audits[0].by}", parts))
