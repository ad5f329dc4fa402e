"""Exports that FiftyOne 1.22.1 itself wrote of the sample's review, and what becomes of them."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO

from benchmark_n.errors import InputError
from benchmark_n.review import import_decisions
from tests.review import samples

FILES = Path(__file__).parent / "files"
# 7 to be redrawn, and left as it was; 8 relabelled as cat and its mask left; the upper 4 rows of 9
# taken away; 10 accepted. It was loaded with label_types="segmentations".
DECIDED = FILES / "fiftyone-1.22.1.json"
# Decided in the same way, but loaded with all types of labels, and the first field exported.
BOXES = FILES / "fiftyone-1.22.1-boxes.json"


def test_what_was_not_redrawn_keeps_its_mask_exactly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    samples.exported(tmp_path, "fiftyone")
    with caplog.at_level(logging.WARNING):
        done = import_decisions(tmp_path / "review", DECIDED)
    assert done.actions == {"keep": 1, "change": 1, "redraw": 1, "accept": 1}
    assert caplog.messages[-1] == (
        "fiftyone-1.22.1.json: 1 annotations were to be redrawn and have the mask that they had, "
        "the first is 7: they are kept"
    )
    before = json.loads((tmp_path / "instances.json").read_text())["annotations"]
    seven, eight, nine, _ = samples.corrected(tmp_path)["annotations"]
    assert (seven, eight) == (before[0], {**before[1], "category_id": 1})
    wanted = COCO(str(tmp_path / "instances.json")).annToMask(before[2])
    wanted[np.flatnonzero(wanted.any(axis=1))[:4]] = 0
    found = COCO(str(tmp_path / "review" / "corrected.json")).annToMask(nine)
    np.testing.assert_array_equal(found, wanted)


def test_a_field_without_masks_is_refused(tmp_path: Path) -> None:
    samples.exported(tmp_path, "fiftyone")
    with pytest.raises(InputError) as caught:
        import_decisions(tmp_path / "review", BOXES, who="anna")
    assert str(caught.value) == (
        "fiftyone-1.22.1-boxes.json: annotation 7 has lost its mask: the field that was exported "
        'has boxes alone; load labels.json with label_types="segmentations" and export with '
        'label_field="FIELD", the field that was reviewed'
    )
    assert not (tmp_path / "review" / "audit.jsonl").exists()


def test_annotations_without_a_mask_may_have_none(tmp_path: Path) -> None:
    samples.exported(tmp_path, "fiftyone")
    document: dict[str, Any] = json.loads(BOXES.read_text())
    for record in document["annotations"]:
        record |= {"masked": False}
        record["decision"] = "keep" if record["annotation_id"] == 7 else "undecided"
    path = tmp_path / "boxes.json"
    path.write_text(json.dumps(document))
    assert import_decisions(tmp_path / "review", path, who="anna").actions == {"keep": 1}


@pytest.mark.parametrize("width", [7, 223, 446, 640, 1999])
def test_boxes_are_cut_to_the_pixels_that_they_have(tmp_path: Path, width: int) -> None:
    """As FiftyOne stores and cuts them: ``int(width * (x / width))``."""
    samples.exported(tmp_path, "fiftyone")
    document = json.loads((tmp_path / "review" / "labels.json").read_text())
    coco = COCO(str(tmp_path / "instances.json"))
    for record in document["annotations"]:
        identity = record["attributes"]["annotation_id"]
        if record["attributes"]["role"] != "given" or identity not in coco.anns:
            continue
        mask = coco.annToMask(coco.anns[identity])
        x = int(np.flatnonzero(mask.any(axis=0))[0])
        nudge = record["bbox"][0] - x
        assert all(int(width * ((place + nudge) / width)) == place for place in range(width))
        assert round(record["bbox"][0]) == x


def test_masks_that_a_table_gives_back_are_kept_too(tmp_path: Path) -> None:
    """A redraw of the very pixels, in whatever form, is none."""
    samples.exported(tmp_path)
    given = json.loads((tmp_path / "instances.json").read_text())["annotations"][0]
    told = {"decision": "redraw", "segmentation": json.dumps(given["segmentation"])}
    path = samples.decide(tmp_path, {7: told})
    assert import_decisions(tmp_path / "review", path, who="anna").actions == {"keep": 1}
    (line,) = samples.audit(tmp_path)
    assert (line["action"], line["before"], line["after"]) == ("keep", {}, {})
