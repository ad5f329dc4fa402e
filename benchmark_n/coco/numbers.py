"""Ids and sizes that are whole numbers in meaning, but written ``1.0`` or ``"2"``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.coco.file import Buffer, Category, Image
from benchmark_n.coco.reading import NUMBERS, Repairs
from benchmark_n.coco.records import Header, coerce_header, join_record, split_record, whole_number
from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import JSON_FAULTS

# Section to what a record is called, its type, and its fields that are whole numbers.
SECTIONS: dict[str, tuple[str, Any, tuple[str, ...]]] = {
    "images": ("image", Image, ("id", "height", "width")),
    "categories": ("category", Category, ("id",)),
}
_IDS = ("id", "image_id", "category_id")
_ALL = Header.__struct_fields__


def decode_records(
    sections: dict[str, Buffer], section: str, path: Path, repairs: Repairs, *, texts: bool
) -> list[Any]:
    """The images or categories; a section with numbers of another form is written anew.

    Parameters
    ----------
    sections
        Raw sections by name.
    texts
        Whether numbers in quotes are read.

    Raises
    ------
    InputError
        Records of another kind.
    """
    kind: Any = list[SECTIONS[section][1]]  # type: ignore[misc]
    try:
        return list(msgspec.json.decode(sections[section], type=kind))
    except msgspec.ValidationError as error:
        first = InputError(f"{path.name}: section '{section}': {error}")
    except JSON_FAULTS as error:
        raise InputError(f"{path.name}: section '{section}': {error}") from None
    mended = _mended(sections[section], section, path, repairs, texts=texts)
    if mended is None:
        raise first
    try:
        records = list(msgspec.convert(mended, kind))
    except msgspec.ValidationError as error:
        raise InputError(f"{path.name}: section '{section}': {error}") from None
    sections[section] = msgspec.json.encode(mended)
    return records


def _mended(
    raw: Buffer, section: str, path: Path, repairs: Repairs, *, texts: bool
) -> list[dict[str, Any]] | None:
    """The records with whole numbers; None where that is not what is wrong with them."""
    what, _, names = SECTIONS[section]
    try:
        records = msgspec.json.decode(raw)
    except JSON_FAULTS:  # numbers beyond all range
        return None
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        return None
    changed = False
    for record in records:
        for name in (name for name in names if type(record.get(name)) in (float, str)):
            value = whole_number(record[name], texts=texts)
            if value is None and whole_number(record[name], texts=True) is not None:
                raise InputError(
                    f"{path.name}: {what} {record.get('id')!s:.40}: {name} is "
                    f'"{record[name]}", expected a whole number: `repair=True` reads it'
                )
            if value is not None:
                record[name], changed = value, True
                repairs.add(NUMBERS, f"{what} {record.get('id')!s:.40}")
    return records if changed else None


def decode_headers(
    raw: Buffer, annotations: list[Buffer], path: Path, repairs: Repairs, *, texts: bool
) -> Sequence[Header]:
    """The headers of all annotations; records with numbers of another form are written anew.

    Parameters
    ----------
    raw, annotations
        The section, and its records, of which some may be replaced.

    Raises
    ------
    InputError
        A record without a header.
    """
    try:
        return msgspec.json.decode(raw, type=list[Header])
    except JSON_FAULTS:
        headers = [coerce_header(record, path, texts=texts) for record in annotations]
    for place, header in enumerate(headers):
        fields = split_record(annotations[place])
        kinds = {name: type(msgspec.json.decode(fields[name])) for name in _ALL if name in fields}
        # Flags of crowds have more spellings, which every reader knows.
        other = [n for n, kind in kinds.items() if kind is str or (n in _IDS and kind is not int)]
        if other:
            annotations[place] = join_record(fields, {n: getattr(header, n) for n in other})
            repairs.add(NUMBERS, header.id)
    return headers
