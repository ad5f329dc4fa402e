"""Boxes of annotations without a mask keep their form, and are told from empty masks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from benchmark_n.coco import read_coco
from benchmark_n.coco.annotation_masks import has_mask
from benchmark_n.coco.boxes import BoxError, RecordBox, box_iou, box_mask, read_box
from benchmark_n.coco.lacking_masks import require_masks, with_masks
from benchmark_n.coco.records import split_record
from benchmark_n.errors import InputError
from tests import samples

EMPTY_RLE = {"size": [48, 64], "counts": [48 * 64]}
sides = st.floats(0.5, 30)


@pytest.mark.parametrize(
    ("segmentation", "expected"),
    [
        (None, False),
        ([], False),
        ([[]], False),
        ("", False),
        ({}, False),
        (EMPTY_RLE, True),
        ({"size": [48, 64], "counts": "PP3"}, True),
        ([[0.1, 0.1, 0.2, 0.1, 0.2, 0.2]], True),  # covers no pixel
        ([[1, 1, 4, 1, 4, 4]], True),
    ],
    ids=str,
)
def test_no_mask_is_no_empty_mask(segmentation: Any, expected: bool) -> None:
    assert has_mask(json.dumps(segmentation).encode()) is expected
    assert has_mask(json.dumps(segmentation, indent=3).encode()) is expected


def test_a_file_record_by_record(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = samples.document()
    del data["annotations"][0]["segmentation"]
    data["annotations"][1]["segmentation"] = EMPTY_RLE
    data["annotations"].append(samples.annotation(10, 1, segmentation=[], iscrowd=1))
    coco = read_coco(samples.write(tmp_path, data))
    assert with_masks(coco).tolist() == [False, True, True, False]
    assert require_masks(coco, "a test").annotation_ids.tolist() == [8, 9]
    assert caplog.messages == [
        "instances.json: 1 of 3 annotations have no mask but a box: a test leaves them out"
    ]
    for record in data["annotations"]:
        record["segmentation"] = []
    with pytest.raises(InputError, match="none of its 3 annotations has a mask, they are boxes"):
        require_masks(read_coco(samples.write(tmp_path, data)), "a test")


@given(a=st.tuples(sides, sides, sides, sides), b=st.tuples(sides, sides, sides, sides))
def test_iou_is_that_of_pycocotools(a: tuple[float, ...], b: tuple[float, ...]) -> None:
    first, second = (RecordBox((box[0], box[1], box[2], box[3])) for box in (a, b))
    expected = coco_mask.iou(np.array([a]), np.array([b]), [0])[0, 0]
    assert box_iou(first.corners, second.corners) == pytest.approx(expected, abs=1e-12)
    assert box_iou(first.corners, first.corners) == 1.0


@given(x=st.integers(-5, 60), y=st.integers(-5, 45), w=st.integers(0, 70), h=st.integers(0, 50))
def test_the_filled_box(x: int, y: int, w: int, h: int) -> None:
    canvas = np.zeros((48, 64), np.uint8)
    canvas[max(y, 0) : max(y + h, 0), max(x, 0) : max(x + w, 0)] = 1
    found = coco_mask.decode(box_mask(RecordBox((x, y, w, h)), 48, 64))
    np.testing.assert_array_equal(found, canvas)


@pytest.mark.parametrize(
    ("bbox", "area"),
    [
        ("[10, 20, 5, 6]", "30.0"),
        ("[10, 20, 5, 6]", "30"),
        ("[10.0, 20.0, 5.0, 6.0]", "30.0"),
        ("[10.25, 20.5, 5.25, 6.75]", "35.4375"),
        ("[10.25, 20, 5.25, 6]", "31.5"),
        ("[10.25, 20.5, 5.25, 6.75]", "35.44"),
        ("[10.25, 20.5, 5.25, 6.75]", "20.1"),
        ("[10, 20, 5, 6]", None),
    ],
)
@given(x=st.floats(0, 20), y=st.floats(0, 20), w=st.floats(1, 30), h=st.floats(1, 25))
def test_the_form_does_not_tell_what_was_moved(
    bbox: str, area: str | None, x: float, y: float, w: float, h: float
) -> None:
    """Kinds of numbers and decimals of a moved box are those that an untouched one may have."""
    record = b'{"bbox": %s%s}' % (bbox.encode(), b', "area": ' + area.encode() if area else b"")
    old = read_box(split_record(record), 48, 64)
    written = json.loads(old.encoded(split_record(record), 1, 1))
    assert json.dumps(written["bbox"]) == bbox
    assert (json.dumps(written["area"]) if area else written.get("area")) == area
    new = old.moved((x, y, x + w, y + h))
    np.testing.assert_allclose(new.corners, (x, y, x + w, y + h), atol=1.01)
    places = [len(n.partition(".")[2]) for n in bbox.strip("[]").replace(".0", "").split(", ")]
    whole = [isinstance(n, int) for n in old.bbox]
    for number in new.bbox:
        assert round(number, max(places)) == number
        if any(whole):
            assert isinstance(number, int) is float(number).is_integer()
        else:
            assert isinstance(number, float)
    if old.area is None:
        assert new.area is None
        return
    assert new.area is not None
    covered, before = new.bbox[2] * new.bbox[3], old.bbox[2] * old.bbox[3]
    if old.area == before:
        assert new.area == covered
    else:
        ratio = covered if area == "35.44" else covered * 20.1 / before
        assert new.area == pytest.approx(ratio, abs=0.051)
    if area == "30.0":
        assert isinstance(new.area, float)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "neither a mask nor a box"),
        ({"bbox": None}, "neither a mask nor a box"),
        ({"bbox": []}, "neither a mask nor a box"),
        ({"bbox": [1, 2, 3]}, r"bbox is \[1, 2, 3\], expected \[x, y, width, height\]"),
        ({"bbox": [1, 2, -3, 4]}, r"bbox is \[1, 2, -3, 4\]"),
        ({"bbox": [1, 2, 3, 1e300]}, "bbox is"),
        ({"bbox": "1,2,3,4"}, "bbox and area"),
        ({"bbox": [1, 2, 3, 4], "area": -1}, "area is -1"),
        ({"bbox": [1, 2, 3, 4], "area": "x"}, "bbox and area"),
    ],
    ids=str,
)
def test_a_box_that_is_none(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(BoxError, match=words):
        read_box(split_record(msgspec.json.encode(fields)), 48, 64)
