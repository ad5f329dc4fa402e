"""Single annotation records: the header every reader needs, and rewriting with all else kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.coco.file import Buffer
from benchmark_n.errors import InputError, annotation_fault
from benchmark_n.files.json_yaml import JSON_FAULTS


class Header(msgspec.Struct, gc=False):
    """Ids and crowd flag; `is_crowd` is a spelling that real files have."""

    id: int
    image_id: int
    category_id: int
    iscrowd: int = 0
    is_crowd: int = 0

    @property
    def crowd(self) -> int:
        return self.iscrowd or self.is_crowd


# Nineteen digits hold any id of 64 bits.
_WHOLE = re.compile(r"-?[0-9]{1,19}(\.0+)?", re.ASCII)
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode


def coerce_header(record: Buffer, path: Path, *, texts: bool = False) -> Header:
    """Read a record whose header is unusual but unambiguous (``7.0``, ``true``, ``[1]``).

    Parameters
    ----------
    texts
        Whether numbers in quotes are read too.
    """
    try:
        fields = msgspec.json.decode(record)
    except JSON_FAULTS as error:
        raise InputError(f"{path.name}: an annotation cannot be read: {error}") from None
    if not isinstance(fields, dict):
        raise InputError(f"{path.name}: an annotation is {fields!r:.40}, expected an object")
    identity = fields.get("id")
    values = {
        name: _integer(fields[name], name, identity, path, texts)
        for name in Header.__struct_fields__
        if fields.get(name) is not None
    }
    for name in ("id", "image_id", "category_id"):
        if name not in values:
            raise annotation_fault(path, identity, f"field '{name}' is missing")
    return Header(**values)


def _integer(value: Any, name: str, identity: object, path: Path, texts: bool) -> int:
    single = value[0] if isinstance(value, list) and len(value) == 1 else value
    whole = whole_number(single, texts=texts)
    if whole is not None:
        return whole
    fault = f"{name} is {value!r:.40}, expected a whole number"
    if whole_number(single, texts=True) is not None:
        fault += ": `repair=True` reads it"
    raise annotation_fault(path, identity, fault)


def whole_number(value: object, *, texts: bool) -> int | None:
    """The whole number that a JSON value stands for; None where it stands for none.

    Parameters
    ----------
    texts
        Whether a text of digits does.

    Examples
    --------
    >>> whole_number(1.0, texts=False), whole_number("2", texts=True), whole_number(2.5, texts=True)
    (1, 2, None)
    """
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if not (texts and isinstance(value, str) and _WHOLE.fullmatch(value)):
        return None
    return int(value.partition(".")[0])


def split_record(record: Buffer) -> dict[str, msgspec.Raw]:
    """The record's fields with their values still raw, in the record's own order."""
    return _fields.decode(record)


def join_record(fields: Mapping[str, msgspec.Raw], changes: Mapping[str, Any]) -> bytes:
    """A record with `changes` put in the place of the fields of the same name.

    A field that the record lacks is added at its end. All other values keep their bytes.
    """
    return _encode({**fields, **changes})
