"""Write a COCO file record by record, so that none of it has to be in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from benchmark_n.coco.file import Buffer


class CocoStream:
    """A COCO JSON file under construction: all sections but the annotations are given at once.

    The sections keep their order and their bytes. `digest` is the file's SHA-256 once closed.
    """

    def __init__(self, path: Path, sections: Mapping[str, Buffer]) -> None:
        names = list(sections)
        place = names.index("annotations")
        self._head = [(name, sections[name]) for name in names[:place]]
        self._tail = [(name, sections[name]) for name in names[place + 1 :]]
        self._path = path
        self._hash = hashlib.sha256()
        self._empty = True
        self._file: BinaryIO

    def __enter__(self) -> Self:
        self._file = self._path.open("wb")
        self._put(b"{")
        for name, value in self._head:
            self._put(_key(name), value, b",")
        self._put(b'"annotations":[')
        return self

    def write(self, records: Iterable[bytes]) -> None:
        """Append annotation records."""
        block = b",\n".join(records)
        if block:
            self._put(b"\n" if self._empty else b",\n", block)
            self._empty = False

    def add_section(self, name: str, value: Buffer) -> None:
        """Put a section, known only now, at the end of the file."""
        self._tail.append((name, value))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._put(b"\n]")
            for name, value in self._tail:
                self._put(b",", _key(name), value)
            self._put(b"}\n")
        self._file.close()

    @property
    def digest(self) -> str:
        """SHA-256 of all bytes written so far, hexadecimal."""
        return self._hash.hexdigest()

    def _put(self, *parts: Buffer) -> None:
        for part in parts:
            self._file.write(part)
            self._hash.update(part)


def _key(name: str) -> bytes:
    return msgspec.json.encode(name) + b":"
