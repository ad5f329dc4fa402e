"""Read a COCO annotation file: once through msgspec, with every fault named.

The records stay raw (a view of the mapped file), so that fields this package does not know pass
through as they came and a file of many hundred megabytes costs little more than itself.
"""

from __future__ import annotations

import codecs
import json
import mmap
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.crowds import instances_of_crowds
from benchmark_n.coco.file import Buffer, Category, CocoFile, Image
from benchmark_n.coco.records import Header, coerce_header
from benchmark_n.errors import InputError, annotation_fault
from benchmark_n.files.json_yaml import JSON_FAULTS

REQUIRED_SECTIONS = ("images", "annotations", "categories")
# 8192 x 8192: small enough to trace the contours of such a mask in two gigabytes (OpenCV takes nine
# bytes a pixel). Larger pictures are cut into tiles. From 2^29 on pycocotools' run-length strings
# would overrun the six characters a run it sets aside.
MAX_PIXELS = 2**26
# Ten times what the largest vocabulary in use has; what is done for each pair of them stays small.
MAX_CATEGORIES = 20_000
_BLOCK = 1 << 20
# What moves a cursor or ends a line, in a file's name: nobody means it, and texts break at it.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def read_coco(path: Path | str, *, crowds_as_instances: bool = False) -> CocoFile:
    """Read and check `path`.

    Parameters
    ----------
    crowds_as_instances
        Read every annotation of ``iscrowd`` 1 as an instance, its ``iscrowd`` 0.

    Raises
    ------
    InputError
        The file is missing, not JSON, not COCO, has duplicate ids, sizes that are no sizes, or an
        annotation that refers to an unknown image or category; or a file's name in it, or its
        own, has control characters.
    """
    path = Path(path)
    if _CONTROL.search(path.name):
        raise InputError(f"{path.name!r}: a file's name with control characters: rename it")
    coco = parse_coco(_map_file(path), path)
    return instances_of_crowds(coco) if crowds_as_instances else coco


def parse_coco(data: bytes | mmap.mmap, path: Path) -> CocoFile:
    """The same for bytes in memory; `path` is what messages call them."""
    _check_text(data, path)
    sections = _decode_sections(data, path)
    records = _decode(sections["images"], Image, path, "images")
    images = _index([image.named() for image in records], path, "image")
    categories = _index(
        _decode(sections["categories"], Category, path, "categories"), path, "category"
    )
    if len(categories) > MAX_CATEGORIES:
        raise InputError(
            f"{path.name}: section 'categories' has {len(categories)}, expected at most "
            f"{MAX_CATEGORIES}"
        )
    _check_sizes(images, path)
    _check_names(images, path)
    annotations = _decode(sections["annotations"], msgspec.Raw, path, "annotations")
    columns = _header_columns(sections["annotations"], annotations, path)
    coco = CocoFile(path, sections, images, categories, annotations, *columns)
    _check_references(coco)
    return coco


def _map_file(path: Path) -> bytes | mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:
        raise InputError(f"{path.name}: the file is empty, expected COCO JSON") from None
    except OSError as error:
        raise InputError(f"{path}: cannot read the annotation file: {error.strerror}") from None


def _check_text(data: bytes | mmap.mmap, path: Path) -> None:
    """JSON is UTF-8; the decoder looks only at what it decodes, and much stays raw."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), _BLOCK):
        try:
            decoder.decode(data[start : start + _BLOCK], start + _BLOCK >= len(data))
        except UnicodeDecodeError as error:
            raise InputError(
                f"{path.name}: not JSON: {error.reason} near byte {start + error.start}, "
                "expected UTF-8"
            ) from None


def _decode_sections(data: bytes | mmap.mmap, path: Path) -> dict[str, Buffer]:
    try:
        sections = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        raise InputError(f"{path.name}: not COCO: expected an object with {_expected()}") from None
    except JSON_FAULTS as error:
        raise _not_json(bytes(data), path, error) from None
    missing = [name for name in REQUIRED_SECTIONS if name not in sections]
    if missing:
        raise InputError(
            f"{path.name}: not COCO: section '{missing[0]}' is missing, expected {_expected()}"
        )
    return dict(sections)


def _expected() -> str:
    return ", ".join(REQUIRED_SECTIONS)


def _not_json(data: bytes, path: Path, error: Exception) -> InputError:
    """Tell NaN and infinity, which Python writes and JSON does not know, from plain garbage."""
    try:
        document = json.loads(data)
    except RecursionError:
        return InputError(f"{path.name}: not COCO: nested too deeply")
    except ValueError as fault:
        return InputError(f"{path.name}: not JSON: {fault}")
    records = document.get("annotations", []) if isinstance(document, dict) else []
    for record in records if isinstance(records, list) else []:
        try:
            json.dumps(record, allow_nan=False)
        except ValueError:
            identity = record.get("id") if isinstance(record, dict) else None
            return annotation_fault(path, identity, "NaN or infinity, expected finite numbers")
    return InputError(f"{path.name}: not JSON: {error}")


def _decode(raw: Buffer, kind: Any, path: Path, section: str) -> list[Any]:
    try:
        return list(msgspec.json.decode(raw, type=list[kind]))
    except JSON_FAULTS as error:
        raise InputError(f"{path.name}: section '{section}': {error}") from None


def _index(records: Sequence[Any], path: Path, what: str) -> dict[int, Any]:
    strange = next((record.id for record in records if not -(2**63) <= record.id < 2**63), None)
    if strange is not None:
        raise InputError(f"{path.name}: {what} id {strange!s:.40} is beyond 64 bits")
    found = {record.id: record for record in records}
    if len(found) != len(records):
        seen: set[int] = set()
        twice = next(r.id for r in records if r.id in seen or seen.add(r.id))  # type: ignore[func-returns-value]
        raise InputError(f"{path.name}: {what} id {twice} occurs twice, expected unique ids")
    return found


def _check_sizes(images: dict[int, Image], path: Path) -> None:
    for image in images.values():
        positive = image.height > 0 and image.width > 0
        if not positive or image.height * image.width > MAX_PIXELS:
            raise InputError(
                f"{path.name}: image {image.id}: size {image.width}x{image.height} px, "
                f"expected positive sides and at most {MAX_PIXELS} pixels"
            )


def _check_names(images: dict[int, Image], path: Path) -> None:
    for image in images.values():
        if image.file_name and _CONTROL.search(image.file_name):
            raise InputError(
                f"{path.name}: image {image.id}: file_name {image.file_name!r:.80} has control "
                "characters, expected a file's name of one line"
            )


def _header_columns(
    raw: Buffer, annotations: Sequence[Buffer], path: Path
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    try:
        headers = msgspec.json.decode(raw, type=list[Header])
    except JSON_FAULTS:
        headers = [coerce_header(record, path) for record in annotations]
    count = len(headers)
    try:
        ids = np.fromiter((h.id for h in headers), np.int64, count)
        image_ids = np.fromiter((h.image_id for h in headers), np.int64, count)
        category_ids = np.fromiter((h.category_id for h in headers), np.int64, count)
    except OverflowError:
        raise InputError(f"{path.name}: an annotation has an id beyond 64 bits") from None
    crowd = np.fromiter((h.crowd != 0 for h in headers), np.bool_, count)
    return ids, image_ids, category_ids, crowd


def _check_references(coco: CocoFile) -> None:
    unique, counts = np.unique(coco.annotation_ids, return_counts=True)
    if len(unique) != len(coco):
        twice = int(unique[counts > 1][0])
        raise annotation_fault(coco.path, twice, "the id occurs twice, expected unique ids")
    for what, values, known in (
        ("image", coco.image_ids, coco.images),
        ("category", coco.category_ids, coco.categories),
    ):
        unknown = ~np.isin(values, np.fromiter(known, np.int64, len(known)))
        if unknown.any():
            index = int(np.argmax(unknown))
            fault = f"{what} id {values[index]} is not among the file's {what} ids"
            raise annotation_fault(coco.path, coco.annotation_ids[index], fault)
