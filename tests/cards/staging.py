"""What would be published, laid out in a folder."""

from __future__ import annotations

from pathlib import Path

from benchmark_n.cards.publish import Plan


def stage_files(plan: Plan, folder: Path) -> None:
    """Lay the plan's files out under `folder`, as links."""
    for path, file in plan.files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(file.resolve())
