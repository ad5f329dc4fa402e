"""Files of one line of JSON for each record, only ever appended to.

The lines of one import are written at once and numbered; they count only when the last of them is
there. What an import that was killed in the middle left behind is cut off by the next one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import JSON_FAULTS


class _Line(Protocol):
    """A record of a trail: `part` is its number among those of its import, and how many."""

    @property
    def part(self) -> tuple[int, int]: ...


Line = TypeVar("Line", bound=_Line)


def read_trail(path: Path, kind: type[Line]) -> list[Line]:
    """All records of complete imports, in their order; none where there is no file.

    Raises
    ------
    InputError
        A line that is no such record.
    """
    return _parse(path, kind)[0]


def append_trail(path: Path, lines: Sequence[Line]) -> None:
    """Append the records of one import: all, or on a crash none that count."""
    if not lines:
        return
    complete = _parse(path, type(lines[0]))[1]
    text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)
        with open(handle, "wb", buffering=0) as file:
            file.truncate(complete)
            file.seek(complete)
            written = 0
            while written < len(text):
                written += file.write(text[written:])
            os.fsync(file.fileno())
        sync_folder(path.parent)
    except OSError as error:
        raise InputError(f"{path}: cannot write the audit trail: {error.strerror}") from None


def sync_folder(folder: Path) -> None:
    """Have the names of the folder's files on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _parse(path: Path, kind: type[Line]) -> tuple[list[Line], int]:
    """The records of complete imports, and the length in bytes of their lines."""
    data = path.read_bytes() if path.is_file() else b""
    lines: list[Line] = []
    kept = end = complete = 0
    for number, text in enumerate(data.splitlines(keepends=True), start=1):
        if not text.endswith(b"\n"):
            break
        try:
            line = msgspec.json.decode(text, type=kind)
        except JSON_FAULTS as error:
            raise InputError(f"{path}: line {number}: {error}") from None
        lines.append(line)
        end += len(text)
        if line.part[0] == line.part[1]:
            kept, complete = len(lines), end
    return lines[:kept], complete
