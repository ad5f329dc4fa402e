"""``withheld.json``: what of the source's images, categories and sections is not published.

It lies beside the manifest, which has the withheld fields of the annotations, and is there where
there is something to hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from benchmark_n.benchmark import layout
from benchmark_n.benchmark.fields import Fields, put_back_in
from benchmark_n.coco.file import Buffer
from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import read_json


class Withheld(msgspec.Struct, omit_defaults=True):
    """Fields of image and category records, each with the record's id, and whole sections."""

    images: list[Fields] = []
    categories: list[Fields] = []
    sections: Fields = {}

    def __bool__(self) -> bool:
        return bool(self.images or self.categories or self.sections)

    def put_back(self, sections: Mapping[str, Buffer]) -> dict[str, Buffer]:
        """The sections of a published file as the source had them, the annotations left alone."""
        found = {**sections, **self.sections}
        for name, withheld in (("images", self.images), ("categories", self.categories)):
            found[name] = put_back_in(found[name], withheld)
        return found


def read_withheld(folder: Path) -> Withheld:
    """What a benchmark's directory withholds; empty where it says that there is nothing.

    Raises
    ------
    InputError
        The file is named in the checksums, but missing, or it is none.
    """
    path = folder / layout.WITHHELD
    if path.is_file():
        found = read_json(path, "list of withheld fields", Withheld)
        if any("id" not in fields for fields in (*found.images, *found.categories)):
            raise InputError(f"{path}: a record without an id, expected withheld fields by id")
        return found
    sums = (folder / layout.CHECKSUMS).read_text(encoding="utf-8", errors="replace")
    if any(line.endswith(f"  {layout.WITHHELD}") for line in sums.splitlines()):
        raise InputError(f"{path}: is missing, but named in {layout.CHECKSUMS}")
    return Withheld()


def write_withheld(withheld: Withheld, folder: Path) -> None:
    """Write ``withheld.json``."""
    text = msgspec.json.format(msgspec.json.encode(withheld), indent=1)
    (folder / layout.WITHHELD).write_bytes(text + b"\n")
