"""The user's cache, and what tells this user on this machine from all others."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

_KEY, _KEY_BYTES = "machine.key", 32


def cache_folder() -> Path:
    """``$BENCHMARK_N_CACHE``, else the user's cache."""
    chosen = os.environ.get("BENCHMARK_N_CACHE")
    if chosen:
        return Path(chosen)
    import pooch

    return Path(pooch.os_cache("benchmark-n"))


def machine_key(*, create: bool) -> bytes | None:
    """A secret of this user on this machine; None where there is none, or it cannot be kept.

    Parameters
    ----------
    create
        Draw one where there is none.
    """
    path = cache_folder() / _KEY
    with suppress(OSError):
        if create and not path.exists():
            _draw_key(path)
        key = path.read_bytes()
        return key if len(key) == _KEY_BYTES else None
    return None


def _draw_key(path: Path) -> None:
    """Write a new key in one step; of two processes at once, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
        with suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink(missing_ok=True)
