"""The raw sections of an annotation file: bytes in, top-level keys with their JSON out."""

from __future__ import annotations

import codecs
import json
import mmap
from pathlib import Path

import msgspec

from benchmark_n.coco.file import Buffer
from benchmark_n.coco.formats import format_of_json, format_of_text, not_coco
from benchmark_n.errors import InputError, annotation_fault
from benchmark_n.files.json_yaml import JSON_FAULTS

REQUIRED_SECTIONS = ("images", "annotations", "categories")
_BLOCK = 1 << 20
Content = bytes | memoryview | mmap.mmap


def map_annotations(path: Path) -> mmap.mmap:
    """The file's bytes.

    Raises
    ------
    InputError
        It is missing, empty or cannot be read.
    """
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:
        raise InputError(f"{path.name}: the file is empty, expected COCO JSON") from None
    except OSError as error:
        raise InputError(f"{path}: cannot read the annotation file: {error.strerror}") from None


def check_text(data: Content, path: Path) -> None:
    """Refuse what is not UTF-8: the decoder looks only at what it decodes, and much stays raw."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), _BLOCK):
        try:
            decoder.decode(data[start : start + _BLOCK], start + _BLOCK >= len(data))
        except UnicodeDecodeError as error:
            raise InputError(
                f"{path.name}: not JSON: {error.reason} near byte {start + error.start}, "
                "expected UTF-8"
            ) from None


def decode_sections(data: Content, path: Path) -> dict[str, Buffer]:
    """Top-level key to raw JSON.

    Raises
    ------
    InputError
        Not JSON, or not COCO: a format that is known is named.
    """
    try:
        sections = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        fault = InputError(f"{path.name}: not COCO: expected an object with {_expected()}")
        raise format_of_text(data, path) or format_of_json(data, path) or fault from None
    except JSON_FAULTS as error:
        raise format_of_text(data, path) or _not_json(bytes(data), path, error) from None
    missing = [name for name in REQUIRED_SECTIONS if name not in sections]
    if missing:
        fault = InputError(
            f"{path.name}: not COCO: section '{missing[0]}' is missing, expected {_expected()}"
        )
        raise not_coco(sections, path) or fault
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
