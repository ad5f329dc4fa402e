"""Find a dataset's files under its root."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmark_n.errors import InputError

if TYPE_CHECKING:
    pass


def find_file(root: Path, names: list[str], dataset: str, advice: str) -> Path:
    """The first of `names` that exists under `root`; none is one line that says how to get it."""
    for name in names:
        if (root / name).is_file():
            return root / name
    raise InputError(
        f"{dataset}: no {names[0]} under {root}: {advice}, or name a file by "
        "`annotations` or a folder by `root`"
    )


def find_folder(root: Path, names: list[str], dataset: str, what: str) -> Path:
    """The first of `names` that is a folder under `root`; none is one line that says what to do."""
    for name in names:
        if (root / name).is_dir():
            return root / name
    raise InputError(
        f"{dataset}: no folder {names[0]} under {root}, expected {what} "
        f"(benchmark-n fetch {dataset} says how to get it; `root` names another place)"
    )
