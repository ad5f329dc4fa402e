"""Write a benchmark's directory whole, in place of an earlier benchmark alone."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from benchmark_n.benchmark import layout
from benchmark_n.files.atomic import files_below, staged

_WRITTEN = {
    *(layout.MANIFEST, layout.RECIPE, layout.SUMMARY, layout.ENVIRONMENT, layout.CHECKSUMS),
    *(layout.LOCAL, layout.SEAL, layout.CARD_README, layout.CROISSANT),
}


def staged_benchmark(target: Path, *, overwrite: bool) -> AbstractContextManager[Path]:
    """A new directory that takes the name `target` when the block ends well.

    Parameters
    ----------
    overwrite
        Replace an earlier benchmark, if there is nothing else in its directory.
    """
    return staged(target, marker=layout.RECIPE, strangers=strangers, overwrite=overwrite)


def strangers(folder: Path) -> list[str]:
    """Files that neither `make` nor a data card wrote, by their paths in the directory.

    Without checksums it is no benchmark, and its recipe is a stranger too.
    """
    sums = folder / layout.CHECKSUMS
    if not sums.is_file():
        return [layout.RECIPE]
    lines = sums.read_text(encoding="utf-8", errors="replace").splitlines()
    listed = {line.partition("  ")[2] for line in lines if not line.startswith("#")}
    return [
        name
        for name in files_below(folder)
        if name not in _WRITTEN | listed and not name.startswith(f"{layout.CARD}/")
    ]
