"""What is independent in a file: patients, volumes or sequences where its records name them.

The one place that decides it. Folds keep a unit together, bootstraps draw units, tests count them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.file import CocoFile
from benchmark_n.errors import InputError

Ints = NDArray[np.int64]
# Fields of image records that name a unit; the first that a file has counts.
UNIT_FIELDS = (
    *("patient_id", "patient", "subject_id", "volume_id", "study_id", "case_id"),
    *("sequence", "video_id", "site"),
)
IMAGE = "image"
# Percentile intervals over fewer units are too short.
FEW = 30
_PLURALS = {"study": "studies", "site": "sites"}


@dataclass(frozen=True)
class Units:
    """The unit of each of N items.

    Parameters
    ----------
    codes
        int64 (N,), numbers of the units from 0, by their first item.
    field
        Image field that they come from; ``image`` where each image is one.
    names
        Of the units, by number.
    warnings
        What was unusual about the field.
    """

    codes: Ints
    field: str
    names: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Number of units."""
        return len(self.names)

    def __str__(self) -> str:
        """Such as ``20 volumes by volume_id``, or ``128 images``."""
        return units_text(self.field, len(self))

    def to_settings(self) -> dict[str, Any]:
        """What results say of them: ``group_by``, ``groups`` (their number) and ``approximate``."""
        few = len(self) < FEW
        return {"group_by": self.field, "groups": len(self), "approximate": few}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the codes: equal for items that are grouped alike."""
        return hashlib.sha256(self.codes.astype("<i8").tobytes()).hexdigest()


def units_text(field: str, count: int) -> str:
    """A number of units in words.

    >>> units_text("volume_id", 20), units_text("image", 1), units_text("ward", 3)
    ('20 volumes by volume_id', '1 image', '3 units by ward')
    """
    noun = field.removesuffix("_id") if field in (*UNIT_FIELDS, IMAGE) else "unit"
    if count != 1:
        noun = _PLURALS.get(noun, f"{noun}s")
    return f"{count} {noun}" if field == IMAGE else f"{count} {noun} by {field}"


def units_line(field: str, count: int) -> str:
    """The line below a table: its units, and ``approximate`` where they are few.

    >>> units_line("image", 128)
    'units: 128 images'
    >>> units_line("patient", 20)
    'units: 20 patients by patient; intervals are approximate: fewer than 30 units'
    """
    few = f"; intervals are approximate: fewer than {FEW} units" if count < FEW else ""
    return f"units: {units_text(field, count)}{few}"


def numbered(keys: Iterable[str], field: str) -> Units:
    """Units of items by the values of a field.

    >>> numbered(["x", "y", "x"], "ward").codes.tolist()
    [0, 1, 0]
    """
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(key, len(numbers)) for key in keys]
    return Units(np.array(codes, np.int64), field, tuple(numbers))


def each_its_own(count: int, field: str = IMAGE) -> Units:
    """Units of `count` items that do not depend on one another.

    >>> str(each_its_own(3))
    '3 images'
    """
    return Units(np.arange(count), field, tuple(map(str, range(count))))


def image_units(coco: CocoFile, image_ids: Ints, group_by: str | None = None) -> Units:
    """The unit of each of N image ids (see `record_units`)."""
    return record_units(coco.section("images"), image_ids, group_by, coco.path.name)


def record_units(
    records: Iterable[Mapping[str, Any]], image_ids: Ints, group_by: str | None, file: str
) -> Units:
    """The unit of each of N image ids.

    Parameters
    ----------
    records
        The image records.
    image_ids
        int64 (N,).
    group_by
        Field that names the units, or ``image``; by default the first of `UNIT_FIELDS` that an
        image has. Images without that field are units of their own then, which a warning tells.
    file
        Name for messages.

    Raises
    ------
    InputError
        An image that there is no record of, or one without the field that `group_by` names.

    Examples
    --------
    >>> records = [{"id": 1, "patient": "a"}, {"id": 2, "patient": "a"}]
    >>> str(record_units(records, np.array([1, 2, 2]), None, "a.json"))
    '1 patient by patient'
    """
    used = _used(records, image_ids, file)
    asked = IMAGE if group_by == "id" else group_by
    field = asked or next((f for f in UNIT_FIELDS if any(_named(r, f) for r in used)), IMAGE)
    lacking = [] if field == IMAGE else [r["id"] for r in used if not _named(r, field)]
    if lacking and asked:
        raise InputError(
            f"{file}: image {lacking[0]} has no field '{field}' to group by: a field of the source "
            "that is withheld has to be passed on by `keep_fields`"
        )
    alone = set(lacking)
    keys = {
        r["id"]: (IMAGE, str(r["id"]))
        if field == IMAGE or r["id"] in alone
        else (field, _text(r[field]))
        for r in used
    }
    numbers: dict[tuple[str, str], int] = {}
    codes = [numbers.setdefault(keys[i], len(numbers)) for i in image_ids.tolist()]
    names = tuple(name if kind == field else f"{kind} {name}" for kind, name in numbers)
    return Units(np.array(codes, np.int64), field, names, _warning(file, field, lacking, len(used)))


def _used(
    records: Iterable[Mapping[str, Any]], image_ids: Ints, file: str
) -> list[Mapping[str, Any]]:
    """The record of each image that is named, once."""
    known = {record["id"]: record for record in records}
    wanted = dict.fromkeys(image_ids.tolist())
    unknown = next((i for i in wanted if i not in known), None)
    if unknown is not None:
        raise InputError(f"{file}: there is no image {unknown}, expected its record")
    return [known[i] for i in wanted]


def _warning(file: str, field: str, lacking: Sequence[int], images: int) -> tuple[str, ...]:
    if not lacking:
        return ()
    return (
        f"{file}: {len(lacking)} of {images} images have no '{field}' (the first is image "
        f"{lacking[0]}): each of them is a unit of its own",
    )


def _named(record: Mapping[str, Any], field: str) -> bool:
    return record.get(field) not in (None, "")


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
