"""Single annotation records: the header every reader needs, and rewriting with all else kept."""

from __future__ import annotations

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


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode


def coerce_header(record: Buffer, path: Path) -> Header:
    """Read a record whose header is unusual but unambiguous (``7.0``, ``true``, ``[1]``)."""
    try:
        fields = msgspec.json.decode(record)
    except JSON_FAULTS as error:
        raise InputError(f"{path.name}: an annotation cannot be read: {error}") from None
    if not isinstance(fields, dict):
        raise InputError(f"{path.name}: an annotation is {fields!r:.40}, expected an object")
    identity = fields.get("id")
    values = {
        name: _integer(fields[name], name, identity, path)
        for name in Header.__struct_fields__
        if fields.get(name) is not None
    }
    for name in ("id", "image_id", "category_id"):
        if name not in values:
            raise annotation_fault(path, identity, f"field '{name}' is missing")
    return Header(**values)


def _integer(value: Any, name: str, identity: object, path: Path) -> int:
    single = value[0] if isinstance(value, list) and len(value) == 1 else value
    if isinstance(single, int) or (isinstance(single, float) and single.is_integer()):
        return int(single)
    raise annotation_fault(path, identity, f"{name} is {value!r:.40}, expected a whole number")


def split_record(record: Buffer) -> dict[str, msgspec.Raw]:
    """The record's fields with their values still raw, in the record's own order."""
    return _fields.decode(record)


def join_record(fields: Mapping[str, msgspec.Raw], changes: Mapping[str, Any]) -> bytes:
    """A record with `changes` put in the place of the fields of the same name.

    A field that the record lacks is added at its end. All other values keep their bytes.
    """
    return _encode({**fields, **changes})
