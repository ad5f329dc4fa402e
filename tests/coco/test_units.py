"""What is independent: units out of image records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark_n.coco.read import read_coco
from benchmark_n.coco.units import UNIT_FIELDS, image_units, record_units, units_line
from benchmark_n.errors import InputError
from tests.samples import document, write

IDS = np.array([1, 2, 2, 3, 4, 1])


def records(**fields: list[Any]) -> list[dict[str, Any]]:
    made = []
    for number in range(4):
        own = {name: values[number] for name, values in fields.items()}
        made.append({"id": number + 1, **{k: v for k, v in own.items() if v is not None}})
    return made


def test_images_are_units_where_nothing_else_is_named() -> None:
    units = record_units(records(), IDS, None, "a.json")
    assert units.codes.tolist() == [0, 1, 1, 2, 3, 0]
    assert (units.field, len(units), str(units)) == ("image", 4, "4 images")
    assert units.warnings == ()


@pytest.mark.parametrize("place", range(len(UNIT_FIELDS)))
def test_the_first_field_that_there_is_counts(place: int) -> None:
    given = {name: ["x", "x", "y", "y"] for name in UNIT_FIELDS[place:]}
    units = record_units(records(**given), IDS, None, "a.json")
    assert units.field == UNIT_FIELDS[place]
    assert units.codes.tolist() == [0, 0, 0, 1, 1, 0]


def test_numbers_and_empty_names() -> None:
    units = record_units(records(patient=[7, "7", None, ""]), IDS, None, "a.json")
    assert units.codes.tolist() == [0, 0, 0, 1, 2, 0]
    assert units.names == ("7", "image 3", "image 4")
    (line,) = units.warnings
    assert "a.json: 2 of 4 images have no 'patient' (the first is image 3)" in line


def test_an_image_is_no_namesake_of_a_patient() -> None:
    """Image 1 without a patient is another unit than patient "1"."""
    units = record_units(records(patient=[None, "1", "1", "1"]), IDS, None, "a.json")
    assert units.codes.tolist() == [0, 1, 1, 1, 1, 0]


def test_a_field_asked_for_overrides_and_has_to_be_there() -> None:
    given = records(patient=["a", "b", "c", "d"], ward=["x", "x", "y", "y"])
    assert len(record_units(given, IDS, "ward", "a.json")) == 2
    assert len(record_units(given, IDS, "image", "a.json")) == 4
    with pytest.raises(InputError, match=r"a\.json: image 1 has no field 'colour'.*`keep_fields`"):
        record_units(given, IDS, "colour", "a.json")


def test_an_image_without_a_record_is_named() -> None:
    with pytest.raises(InputError, match=r"a\.json: there is no image 9"):
        record_units(records(), np.array([1, 9]), None, "a.json")


def test_units_of_a_file(tmp_path: Path) -> None:
    data = document()
    for record in data["images"]:
        record["volume_id"] = 5
    coco = read_coco(write(tmp_path, data))
    assert str(image_units(coco, coco.image_ids)) == "1 volume by volume_id"


def test_few_units_are_said_to_be_approximate() -> None:
    assert units_line("study_id", 29).endswith("approximate: fewer than 30 units")
    assert units_line("study_id", 30) == "units: 30 studies by study_id"


def test_equal_groupings_have_one_digest() -> None:
    one = record_units(records(patient=["a", "a", "b", "b"]), IDS, None, "a.json")
    other = record_units(records(patient=["c", "c", "d", "d"]), IDS, None, "a.json")
    alone = record_units(records(), IDS, None, "a.json")
    assert one.digest == other.digest != alone.digest
