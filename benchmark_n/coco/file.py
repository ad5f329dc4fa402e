"""What a COCO annotation file holds once it was read and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.reading import Repairs
from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import JSON_FAULTS

Buffer = msgspec.Raw | bytes


class Image(msgspec.Struct, frozen=True, gc=False):
    """The fields of an image record that this package needs; sizes in px."""

    id: int
    height: int
    width: int
    file_name: str | None = None
    neg_category_ids: tuple[int, ...] = ()
    not_exhaustive_category_ids: tuple[int, ...] = ()
    coco_url: str | None = None

    def named(self) -> Image:
        """The same with a file name: LVIS v1 gives none, but ends its URLs in FOLDER/FILE."""
        if self.file_name or not self.coco_url:
            return self
        return msgspec.structs.replace(self, file_name="/".join(self.coco_url.split("/")[-2:]))


class Category(msgspec.Struct, frozen=True):
    """A category; `supercategory` is None where the file gives none."""

    id: int
    name: str = ""
    supercategory: str | None = None


@dataclass(frozen=True)
class FilePart:
    """Which part of a larger file this is, and what it takes to put that together again.

    Parameters
    ----------
    part
        Such as ``3/100``.
    images
        Number of images of the whole file.
    places
        Of the part's images among these, ascending.
    before, after
        What stands in the file's section before the record of each, and after the last of all.
    """

    part: str
    images: int
    places: list[int]
    before: list[str]
    after: str


@dataclass(frozen=True)
class CocoFile:
    """A checked annotation file whose records stay as the bytes they came in.

    Parameters
    ----------
    path
        Where it came from; messages name it.
    sections
        Top-level key to raw JSON, in the file's own order, ``annotations`` included.
    images, categories
        By id, in the file's own order.
    annotations
        One raw JSON record each (N of them).
    annotation_ids, image_ids, category_ids
        int64 arrays of shape (N,), the records' own ids, image ids and category ids.
    crowd
        bool array of shape (N,).
    repairs
        What of it was not read as it stands; grows while masks are read.
    part
        Where it is a part of a larger file.
    """

    path: Path
    sections: Mapping[str, Buffer]
    images: Mapping[int, Image]
    categories: Mapping[int, Category]
    annotations: Sequence[Buffer]
    annotation_ids: NDArray[np.int64]
    image_ids: NDArray[np.int64]
    category_ids: NDArray[np.int64]
    crowd: NDArray[np.bool_]
    repairs: Repairs = field(default_factory=Repairs, compare=False)
    part: FilePart | None = None

    def __len__(self) -> int:
        return len(self.annotations)

    def __repr__(self) -> str:
        counts = f"{len(self)} annotations, {len(self.images)} images"
        return f"<CocoFile {self.path.name}: {counts}, {len(self.categories)} categories>"

    def take(self, rows: NDArray[np.intp]) -> CocoFile:
        """The same file with the annotations at `rows` alone, in that order."""
        columns = ("annotation_ids", "image_ids", "category_ids", "crowd")
        return replace(
            self,
            annotations=[self.annotations[i] for i in rows.tolist()],
            **{name: getattr(self, name)[rows] for name in columns},
        )

    def records(self) -> Iterator[dict[str, Any]]:
        """The annotations as plain dictionaries, decoded one by one."""
        return (self._decoded(raw, "annotations") for raw in self.annotations)

    def section(self, name: str) -> Any:
        """A top-level section as plain Python objects."""
        return self._decoded(self.sections[name], name)

    def _decoded(self, raw: Buffer, section: str) -> Any:
        try:
            return msgspec.json.decode(raw)
        except JSON_FAULTS as error:
            raise InputError(f"{self.path.name}: section '{section}': {error}") from None
