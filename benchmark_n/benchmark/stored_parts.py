"""``part.json``: which part of a benchmark a directory holds."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import msgspec

from benchmark_n.benchmark import layout
from benchmark_n.coco.file import FilePart
from benchmark_n.coco.reading import Repairs
from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import read_json


class StoredPart(msgspec.Struct):
    """`FilePart`, and the records that were not read as they stand, by kind."""

    part: str
    images: int
    places: list[int]
    before: list[str]
    after: str
    repairs: dict[str, list[int | str]] = {}


def write_part(folder: Path, part: FilePart, repairs: Repairs) -> None:
    """Write ``part.json``."""
    ids = {kind: list(found) for kind, found in repairs.ids.items()}
    (folder / layout.PART).write_bytes(msgspec.json.encode({**asdict(part), "repairs": ids}))


def read_part(folder: Path) -> StoredPart:
    """What a directory's ``part.json`` says.

    Raises
    ------
    InputError
        There is none, or it is none: a whole benchmark, say.
    """
    path = folder / layout.PART
    if not path.is_file():
        raise InputError(f"{folder}: not a part of a benchmark: {layout.PART} is missing")
    return read_json(path, "part of a benchmark", StoredPart)
