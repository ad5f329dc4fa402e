"""Single members out of ZIP archives that may have come from anywhere."""

from __future__ import annotations

import os
import shutil
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from benchmark_n.errors import InputError
from benchmark_n.files.limits import MAX_UNPACKED_BYTES, limit

# What zipfile raises for archives that are broken, encrypted, or packed in ways it does not know.
_FAULTS = (zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error, EOFError, OSError)


def member_names(archive: Path) -> list[str]:
    """The files of an archive by their paths in it.

    Raises
    ------
    InputError
        It is no archive that can be read.
    """
    try:
        with zipfile.ZipFile(archive) as box:
            return [info.filename for info in box.infolist() if not info.is_dir()]
    except _FAULTS as error:
        raise InputError(f"{archive}: cannot be unpacked: {error}") from None


def unpack_members(archive: Path, names: Iterable[str], folder: Path) -> None:
    """Unpack files of an archive; each appears under its name when it is complete.

    Files that are there with the size that the archive states stay as they are. Nothing is written
    outside the folder; links come out as plain files.

    Raises
    ------
    InputError
        A path that leads out of the folder, more than `limit(MAX_UNPACKED_BYTES)` in all (nothing
        is unpacked then), or a broken archive.
    """
    try:
        with zipfile.ZipFile(archive) as box:
            infos = [box.getinfo(name) for name in names]
            _check(archive, infos)
            for info in infos:
                target = folder / info.filename
                if not (target.is_file() and target.stat().st_size == info.file_size):
                    unpack_member(box, info, target)
    except _FAULTS as error:
        raise InputError(f"{archive}: cannot be unpacked: {error}") from None


def _check(archive: Path, infos: list[zipfile.ZipInfo]) -> None:
    for info in infos:
        path = PurePosixPath(info.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in info.filename:
            raise InputError(f"{archive}: '{info.filename:.80}' leads out of the archive's folder")
    # zipfile reads no more of a member than this states.
    total, most = sum(info.file_size for info in infos), limit(MAX_UNPACKED_BYTES)
    if total > most:
        raise InputError(
            f"{archive}: unpacks to {total} bytes, expected at most {most} "
            f"(the environment's {MAX_UNPACKED_BYTES} allows more)"
        )


def unpack_member(box: zipfile.ZipFile, info: zipfile.ZipInfo | str, target: Path) -> None:
    """Write a member of an open archive to `target`, which is there once it is complete."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with box.open(info) as source, part.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
