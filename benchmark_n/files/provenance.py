"""Where a file comes from: digests, and versions of what made it."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmark_n._version import __version__

_LIBRARIES = ("numpy", "opencv-python", "pycocotools", "pyarrow", "msgspec", "joblib", "pyyaml")


def file_digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def environment(further: Sequence[str] = ()) -> dict[str, Any]:
    """Versions of what the output may depend on; not part of any checksum.

    Parameters
    ----------
    further
        Packages beyond those that every benchmark depends on.
    """
    return {
        "benchmark-n": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "libraries": {library: _library_version(library) for library in (*_LIBRARIES, *further)},
    }


def _library_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
