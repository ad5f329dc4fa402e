"""Read a COCO annotation file: once through msgspec, with every fault named.

The records stay raw (a view of the mapped file), so that fields this package does not know pass
through as they came and a file of many hundred megabytes costs little more than itself.
"""

from __future__ import annotations

import codecs
import logging
import mmap
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.crowds import instances_of_crowds
from benchmark_n.coco.exports import annotation_file
from benchmark_n.coco.file import Buffer, CocoFile, Image
from benchmark_n.coco.formats import has_keypoints, not_coco
from benchmark_n.coco.numbers import decode_headers, decode_records
from benchmark_n.coco.reading import BYTE_ORDER_MARK, ReadOptions, Repairs
from benchmark_n.coco.records import Header
from benchmark_n.coco.repair import refuse_repairs, repaired
from benchmark_n.coco.sections import Content, check_text, decode_sections, map_annotations
from benchmark_n.errors import InputError, annotation_fault
from benchmark_n.files.json_yaml import JSON_FAULTS

_log = logging.getLogger(__name__)
# 8192 x 8192: small enough to trace the contours of such a mask in two gigabytes (OpenCV takes nine
# bytes a pixel). Larger pictures are cut into tiles. From 2^29 on pycocotools' run-length strings
# would overrun the six characters a run it sets aside.
MAX_PIXELS = 2**26
# Ten times what the largest vocabulary in use has; what is done for each pair of them stays small.
MAX_CATEGORIES = 20_000
# What moves a cursor or ends a line, in a file's name: nobody means it, and texts break at it.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def read_coco(path: Path | str, options: ReadOptions = ReadOptions()) -> CocoFile:
    """Read and check an annotation file.

    Parameters
    ----------
    path
        The file, or an export that holds one: see `benchmark_n.coco.exports`.
    options
        What is done with records that are not as they should be.

    Raises
    ------
    InputError
        The file is missing, not JSON, not COCO, has duplicate ids, sizes that are no sizes, or an
        annotation that refers to an unknown image or category; or a file's name in it, or its
        own, has control characters.

    Examples
    --------
    >>> coco = read_coco("instances.json", ReadOptions(repair=True))  # doctest: +SKIP
    >>> coco.repairs.counts  # doctest: +SKIP
    {'short_polygons': 3, 'without_area': 1}
    """
    path = annotation_file(Path(path))
    if _CONTROL.search(path.name):
        raise InputError(f"{path.name!r}: a file's name with control characters: rename it")
    coco = parse_coco(map_annotations(path), path, options)
    return instances_of_crowds(coco) if options.crowds_as_instances else coco


def parse_coco(
    data: bytes | mmap.mmap, path: Path, options: ReadOptions = ReadOptions()
) -> CocoFile:
    """The same for bytes in memory; `path` is what messages call them."""
    repairs, texts = Repairs(), options.repair
    content: Content = data
    if data[:3] == codecs.BOM_UTF8:
        content = memoryview(data)[3:]
        repairs.add(BYTE_ORDER_MARK, "byte 0")
    check_text(content, path)
    sections = decode_sections(content, path)
    records = decode_records(sections, "images", path, repairs, texts=texts)
    images = _index([image.named() for image in records], path, "image")
    named = decode_records(sections, "categories", path, repairs, texts=texts)
    categories = _index(named, path, "category")
    if len(categories) > MAX_CATEGORIES:
        raise InputError(
            f"{path.name}: section 'categories' has {len(categories)}, expected at most "
            f"{MAX_CATEGORIES}"
        )
    _check_sizes(images, path)
    _check_names(images, path)
    annotations = _decode_annotations(sections["annotations"], path)
    try:
        headers = decode_headers(sections["annotations"], annotations, path, repairs, texts=texts)
    except InputError as fault:  # of panoptic annotations and captions, which have no such header
        raise not_coco(sections, path) or fault from None
    columns = _columns(headers, path)
    coco = CocoFile(path, sections, images, categories, annotations, *columns, repairs)
    _check_references(coco)
    if options.strict:
        refuse_repairs(coco)
    if options.repair:
        coco = repaired(coco)
    coco.repairs.tell(path.name)
    if has_keypoints(sections["categories"]):
        _log.info("%s: COCO keypoints: read for their masks, boxes and categories", path.name)
    return coco


def _decode_annotations(raw: Buffer, path: Path) -> list[Buffer]:
    try:
        return list(msgspec.json.decode(raw, type=list[msgspec.Raw]))
    except JSON_FAULTS as error:
        raise InputError(f"{path.name}: section 'annotations': {error}") from None


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


def _columns(
    headers: Sequence[Header], path: Path
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
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
