"""Folders of a cache with a seal: what they were made of, and a digest of every file in them.

A folder whose seal does not hold is made again, with one warning.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.benchmark.locks import name_lock
from benchmark_n.benchmark.staging import staged
from benchmark_n.benchmark.writer import file_digest
from benchmark_n.errors import InputError
from benchmark_n.parallel import available_cores
from benchmark_n.plain_files import read_json

SEAL = "seal.json"
_log = logging.getLogger(__name__)


class _Seal(msgspec.Struct):
    """Plain values that the content depends on; and each file's SHA-256 by its path."""

    made_of: dict[str, Any]
    files: dict[str, str]


def make_sealed(
    folder: Path, made_of: Mapping[str, Any], make: Callable[[Path], None], marker: str
) -> None:
    """Have `make` fill `folder` unless it is there, whole, and made of the same.

    Of several processes that want the same folder one makes it, and the others wait.

    Parameters
    ----------
    made_of
        Plain values for JSON.
    make
        Writes into the folder that it is given.
    marker
        A file that every such folder holds, by which one without a seal is known for a folder of
        this cache; any other is not removed.

    Raises
    ------
    InputError
        It cannot be written, or something else lies there.
    """
    if _fault(folder, made_of) is None:
        return
    making = folder.with_name(f"{folder.name}.making")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _log.info("%s: is made now, or waited for while another process makes it", folder)
        with name_lock(making):
            fault = _fault(folder, made_of)  # another process may have made it meanwhile
            if fault is None:
                return
            if folder.exists():
                _log.warning("%s: %s: it is made again", folder, fault)
            known = SEAL if (folder / SEAL).is_file() else marker
            with staged(folder, overwrite=True, marker=known) as stage:
                make(stage)
                _seal(stage, made_of)
    except OSError as error:
        raise InputError(f"{folder}: cannot write there: {error.strerror or error}") from None


def file_digests(paths: Iterable[Path]) -> list[str]:
    """SHA-256 of files, in their order, read by as many threads as there are cores."""
    with ThreadPoolExecutor(available_cores()) as pool:
        return list(pool.map(file_digest, paths))


def _seal(folder: Path, made_of: Mapping[str, Any]) -> None:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    names = [path.relative_to(folder).as_posix() for path in paths]
    seal = _Seal(dict(made_of), dict(zip(names, file_digests(paths), strict=True)))
    (folder / SEAL).write_bytes(msgspec.json.encode(seal))


def _fault(folder: Path, made_of: Mapping[str, Any]) -> str | None:
    """What is wrong with a folder of the cache; None where nothing is."""
    if not (folder / SEAL).is_file():
        return f"no {SEAL}"
    try:
        seal = read_json(folder / SEAL, "seal", _Seal)
    except InputError:
        return f"a damaged {SEAL}"
    if seal.made_of != msgspec.json.decode(msgspec.json.encode(dict(made_of))):
        return "made of something else"
    paths = [folder / name for name in seal.files]
    missing = next((path for path in paths if not path.is_file()), None)
    if missing is not None:
        return f"{missing.relative_to(folder)} is missing"
    try:
        found = file_digests(paths)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    for path, digest in zip(paths, found, strict=True):
        if digest != seal.files[path.relative_to(folder).as_posix()]:
            return f"{path.relative_to(folder)} is damaged"
    return None
