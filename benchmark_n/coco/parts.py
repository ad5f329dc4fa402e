"""A part of a file's images, out of several that are the whole file together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.file import Buffer, CocoFile, FilePart
from benchmark_n.coco.units import image_units
from benchmark_n.errors import InputError, UsageError

_records = msgspec.json.Decoder(list[msgspec.Raw])
_FORM = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")


def part_text(part: str | tuple[int, int]) -> str:
    """A part in its one form, ``"3/100"``.

    Raises
    ------
    UsageError
        It is none, or not one from 1 to the number of parts.

    Examples
    --------
    >>> part_text((3, 100))
    '3/100'
    """
    text = part if isinstance(part, str) else "/".join(map(str, part))
    found = _FORM.fullmatch(text)
    if found is None:
        raise UsageError(f"`part` is '{text:.40}', expected two numbers such as 3/100")
    number, count = int(found[1]), int(found[2])
    if not 1 <= number <= count:
        raise UsageError(f"`part` is '{text}', expected one from 1 to {count} of {count}")
    return f"{number}/{count}"


def numbers_of(part: str) -> tuple[int, int]:
    """Number and count of a part in its form.

    >>> numbers_of("3/100")
    (3, 100)
    """
    number, count = part.split("/")
    return int(number), int(count)


def part_of(coco: CocoFile, part: str) -> tuple[CocoFile, NDArray[np.bool_]]:
    """The file with the images of a part and their annotations alone, and which these are.

    Units (patients, sequences, …; else images) are taken in the order of their first images and
    cut into blocks of equal numbers; all images of a unit go with it. Categories stay whole.

    Returns
    -------
    file, inside
        The part in the file's order, and which of the file's N annotations it has, bool (N,).

    Raises
    ------
    InputError
        There are fewer units than parts.
    """
    number, count = numbers_of(part)
    images = np.fromiter(coco.images, np.int64, len(coco.images))
    units = image_units(coco, images)
    if len(units) < count:
        raise InputError(f"{coco.path.name}: {units}, expected {count} or more for part {part}")
    places = np.flatnonzero(units.codes * count // len(units) == number - 1)
    records = raw_records(coco.sections["images"])
    before, after = _between(bytes(coco.sections["images"]), records)
    chosen = FilePart(
        part, len(images), places.tolist(), [before[place] for place in places.tolist()], after
    )
    inside = np.isin(coco.image_ids, images[places])
    section = b"[" + b",".join(bytes(records[place]) for place in places.tolist()) + b"]"
    return replace(
        coco.take(np.flatnonzero(inside)),
        sections={**coco.sections, "images": section},
        images={image: coco.images[image] for image in images[places].tolist()},
        part=chosen,
    ), inside


def _between(section: bytes, records: list[msgspec.Raw]) -> tuple[list[str], str]:
    """What stands before each record of a section, and after the last."""
    before, end = [], 0
    for record in records:
        text = bytes(record)
        start = section.index(text, end)
        before.append(section[end:start].decode())
        end = start + len(text)
    return before, section[end:].decode()


def raw_records(section: Buffer) -> list[msgspec.Raw]:
    """The records of a section as they stand."""
    return _records.decode(section)


def whole_section(records: Sequence[Buffer], before: Sequence[str], after: str) -> bytes:
    """The section of records and what stood between them; the inverse of a cut."""
    pairs = zip(before, records, strict=True)
    return b"".join(b"%s%s" % (text.encode(), bytes(raw)) for text, raw in pairs) + after.encode()
