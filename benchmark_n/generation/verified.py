"""Which clean annotations somebody beyond the annotator confirmed, as a list of ids says it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import JSON_FAULTS

_LEAST, _MOST = -(1 << 63), (1 << 63) - 1


@dataclass(frozen=True)
class Verified:
    """Verified annotations.

    Parameters
    ----------
    path, sha256
        The list's file, and the SHA-256 of its bytes.
    ids
        int64 (V,), ids in the source, each once.
    only
        Whether noise strikes these alone.
    """

    path: Path
    sha256: str
    ids: NDArray[np.int64]
    only: bool = True

    def among(self, coco: CocoFile) -> NDArray[np.bool_]:
        """Which of the file's N annotations are verified, bool (N,).

        Raises
        ------
        InputError
            An id that the file does not have.
        """
        strangers = np.setdiff1d(self.ids, coco.annotation_ids)
        if strangers.size:
            raise InputError(
                f"{self.path}: annotation {strangers[0]} is not in {coco.path.name} "
                f"({strangers.size} such of {self.ids.size}): expected ids of that file"
            )
        return np.isin(coco.annotation_ids, self.ids)

    def recorded(self) -> dict[str, Any]:
        """What the recipe says of it."""
        return {"ids": int(self.ids.size), "sha256": self.sha256, "only": self.only}


def verified_of(path: Path | str | None, *, noise_unverified: bool = False) -> Verified | None:
    """The list in a file: ids, one a line, or a JSON list; None without a file.

    Raises
    ------
    InputError
        A file that cannot be read or holds no id, something that is no id, or an id twice.
    """
    if path is None:
        return None
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot read the verified ids: {error.strerror}") from None
    ids = _json_ids(path, data) if data.lstrip().startswith(b"[") else _line_ids(path, data)
    if not ids:
        raise InputError(f"{path}: no id in it, expected those of verified annotations")
    wide = next((i for i in ids if not _LEAST <= i <= _MOST), None)
    if wide is not None:
        raise InputError(f"{path}: id {wide!s:.40} does not fit in 64 bits")
    unique, counts = np.unique(np.array(ids, np.int64), return_counts=True)
    if counts.max() > 1:
        raise InputError(f"{path}: id {unique[counts > 1][0]} occurs twice, expected each once")
    return Verified(path, hashlib.sha256(data).hexdigest(), unique, not noise_unverified)


def _json_ids(path: Path, data: bytes) -> list[int]:
    try:
        return msgspec.json.decode(data, type=list[int])
    except JSON_FAULTS as error:
        raise InputError(f"{path}: no list of verified ids: {error}") from None


def _line_ids(path: Path, data: bytes) -> list[int]:
    ids = []
    for number, line in enumerate(data.splitlines(), 1):
        text = line.strip()
        if not text:
            continue
        if not text.removeprefix(b"-").isdigit():
            shown = text.decode(errors="replace")
            raise InputError(f"{path}: line {number} is '{shown:.40}', expected an id")
        # Beyond 20 digits it is none of 64 bits, and `int` may refuse it.
        ids.append(int(text) if len(text) <= 20 else _MOST + 1)
    return ids
