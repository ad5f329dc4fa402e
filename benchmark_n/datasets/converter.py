"""What an adapter tells of a dataset that ships label maps: its units, and how to read one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from benchmark_n.coco.annotation_masks import measure
from benchmark_n.errors import InputError
from benchmark_n.masks import Rle

if TYPE_CHECKING:
    from benchmark_n.datasets.request import Request

# Field of an image record that says which files belong together.
CASE = "case_id"
_CASE_BITS = 40
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Unit:
    """What is read at once, and skipped at once when bad: a frame, or all frames of a patient.

    `files` are the files it is read from, under `root`; some may be missing. `headers` are those of
    them of which no more is read than the picture's size.
    """

    name: str
    root: Path
    files: tuple[Path, ...]
    headers: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Frame:
    """An image record, its annotation records as JSON, and its PNG where the image is rewritten."""

    image: dict[str, Any]
    annotations: list[bytes]
    picture: bytes | None = None


@dataclass(frozen=True)
class Converter:
    """How a dataset's own files become COCO records.

    Parameters
    ----------
    name, version
        Of the dataset, and of this conversion: it changes when the output's bytes do.
    categories
        COCO category records.
    list_units
        All units of a split under a root, in a fixed order; an `InputError` where there are none.
    read_unit
        The frames of a unit, read in a worker; an `InputError` for a bad file.
    splits
        Splits that have labels; ``"val"`` gives the clean validation labels.
    pictures
        Whether frames are rewritten as PNG.
    prepare
        The root to convert from: for embedded datasets it is drawn first.
    named_files
        Whether the names of units are those of files, of which `Request.group_regex` makes sense.
    list_categories
        COCO category records of a split, where the data tell them, in place of `categories`.
    """

    name: str
    version: int
    categories: Sequence[Mapping[str, Any]]
    list_units: Callable[[Path, str], list[Unit]]
    read_unit: Callable[[Unit], list[Frame]]
    pictures: bool = False
    dilation_ratio: float = 0.02
    prepare: Callable[[Request], Path] | None = None
    list_categories: Callable[[Path, str], Sequence[Mapping[str, Any]]] | None = None
    named_files: bool = False


@dataclass(frozen=True)
class Instance:
    """A mask with its place in the annotation ids of its image."""

    key: int
    category_id: int
    rle: Rle
    crowd: bool = False


def encode_instances(
    image_id: int, keys_an_image: int, instances: Sequence[Instance]
) -> list[bytes]:
    """COCO annotation records; the ids are ``image_id * keys_an_image + key``."""
    measured = [measure(instance.rle) for instance in instances]
    return [
        _encode(
            {
                "id": image_id * keys_an_image + instance.key,
                "image_id": image_id,
                "category_id": instance.category_id,
                "segmentation": {
                    "size": instance.rle["size"],
                    "counts": instance.rle["counts"].decode(),
                },
                "area": area,
                "bbox": bbox,
                "iscrowd": int(instance.crowd),
            }
        )
        for instance, (area, bbox) in zip(instances, measured, strict=True)
    ]


def name_id(name: str, bits: int) -> int:
    """A number below ``2**bits`` that depends on the name alone (BLAKE2b)."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> (64 - bits)


def grouped(frames: list[Frame], unit: Unit, regex: str | None) -> list[Frame]:
    """The frames with the unit that their file's name tells, as a number: names may tell classes.

    Raises
    ------
    InputError
        A name that the expression does not match.
    """
    if regex is None:
        return frames
    name = unit.name.rpartition("/")[2]
    match = re.search(regex, name)
    if match is None:
        raise InputError(f"{unit.name}: `group_regex` '{regex}' does not match '{name}'")
    told = match.group(1) if match.re.groups else match.group(0)
    if told is None:
        raise InputError(f"{unit.name}: `group_regex` '{regex}' names no group in '{name}'")
    case = name_id(told, _CASE_BITS)
    return [replace(frame, image={**frame.image, CASE: case}) for frame in frames]
