"""Exports that Label Studio 1.23.2 itself wrote of the sample, and what becomes of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from benchmark_n.cli import run
from benchmark_n.errors import InputError, UsageError
from benchmark_n.masks import CropMask
from benchmark_n.review import OutputOptions, SampleOptions, import_decisions, label_studio
from benchmark_n.review.outlines import TOLERANCE, drawn_mask, outlines
from tests.review import samples

FILES = Path(__file__).parent / "files"
# 7 to be redrawn, in the browser, and left as it was; 8 relabelled as cat, its outline left; a
# corner of 9 moved down by 5 % of the picture; 10 accepted, with a comment.
EXPORT = FILES / "label-studio-1.23.2.json"
# The same by an export snapshot, which was asked to have the reviewers' addresses.
SNAPSHOT = FILES / "label-studio-1.23.2-snapshot.json"


@pytest.mark.parametrize(("file", "who"), [(EXPORT, "user 1"), (SNAPSHOT, "anna@example.org")])
def test_outlines_that_were_left_keep_their_masks_exactly(
    tmp_path: Path, file: Path, who: str, caplog: pytest.LogCaptureFixture
) -> None:
    samples.exported(tmp_path, "labelstudio")
    done = import_decisions(tmp_path / "review", file)
    assert ("reviewers go by their numbers (user 1)" in caplog.text) is (who == "user 1")
    assert done.actions == {"keep": 1, "change": 1, "redraw": 1, "accept": 1}
    before = json.loads((tmp_path / "instances.json").read_text())["annotations"]
    seven, eight, nine, _ = samples.corrected(tmp_path)["annotations"]
    assert (seven, eight) == (before[0], {**before[1], "category_id": 1})
    coco = COCO(str(tmp_path / "review" / "corrected.json"))
    corners = [(10, 10 + 0.05 * 60), (10, 40), (40, 40), (40, 10)]
    wanted = coco_mask.frPyObjects([np.ravel(corners).tolist()], 60, 50)
    np.testing.assert_array_equal(coco.annToMask(nine), coco_mask.decode(wanted)[..., 0])
    trail = {line["annotation_id"]: line for line in samples.audit(tmp_path)}
    assert {line["who"] for line in trail.values()} == {who}
    assert trail[10]["why"] == "there it is"


def test_decisions_are_on_top_and_have_keys(tmp_path: Path) -> None:
    samples.exported(tmp_path, "labelstudio")
    view = ElementTree.fromstring((tmp_path / "review" / "labeling_config.xml").read_text())
    tags = [tag.tag for tag in view.iter()]
    assert tags.index("Choices") < tags.index("Image") < tags.index("PolygonLabels")
    keys = {tag.get("value"): tag.get("hotkey") for tag in view.iter("Choice")}
    assert keys == {"accept": "a", "keep": "k", "relabel": "c", "remove": "x"} | {
        **{"redraw": "d", "change": "e"}
    }


def test_hidden_items_do_not_tell_who_flags_them(tmp_path: Path) -> None:
    samples.exported(tmp_path, "labelstudio", top=2, sampling=SampleOptions(1, seed=1))
    tasks = json.loads((tmp_path / "review" / "tasks.json").read_text())
    said = [task["data"]["about"] + task["data"]["reasons"] for task in tasks]
    assert len(said) == 3
    assert [one for one in said if re.search("hidden|score|cleanlab", one)] == []


@st.composite
def parts(draw: st.DrawFn) -> Any:
    """A mask of boxes with holes."""
    canvas = np.zeros((40, 60), np.uint8)
    for value in draw(st.lists(st.sampled_from([1, 1, 0]), min_size=1, max_size=6)):
        y, x = draw(st.integers(0, 39)), draw(st.integers(0, 59))
        canvas[y : y + draw(st.integers(1, 20)), x : x + draw(st.integers(1, 30))] = value
    canvas[draw(st.integers(0, 39)), 3] = 1
    return canvas


def decoded(segmentation: Any) -> Any:
    rle = segmentation
    if isinstance(segmentation, list):
        rle = coco_mask.merge(coco_mask.frPyObjects(segmentation, 40, 60))
    return coco_mask.decode(rle)


@given(mask=parts())
@settings(max_examples=60)
def test_outlines_that_are_written_anew_are_the_exact_mask(mask: Any) -> None:
    made = outlines(CropMask.from_full(mask))
    # Numbers as a tool writes them after it read them.
    again = [[[round(v, 6) for v in point] for point in one["points"]] for one in made]
    np.testing.assert_array_equal(decoded(drawn_mask(again, made, 40, 60)), mask)


def test_one_part_is_edited_and_the_other_stays_exact() -> None:
    yy, xx = np.mgrid[:40, :60]
    left = (yy - 20) ** 2 + (xx - 15) ** 2 < 150
    right = (yy - 20) ** 2 + (xx - 45) ** 2 < 150
    made = outlines(CropMask.from_full((left | right).astype(np.uint8)))
    assert all(len(one["points"]) < 24 for one in made)  # 56 and more along the pixels' edges
    of_left = next(one for one in made if one["points"][0][0] < 50)
    moved = [[x, y + 20] for x, y in next(one for one in made if one is not of_left)["points"]]
    found = decoded(drawn_mask([of_left["points"], moved], made, 40, 60))
    np.testing.assert_array_equal(found[:, :30], left[:, :30])
    polygon = [v * side / 100 for point in moved for v, side in zip(point, (60, 40), strict=True)]
    np.testing.assert_array_equal(found[:, 30:], decoded([polygon])[:, 30:])


def test_an_outline_is_near_its_mask() -> None:
    yy, xx = np.mgrid[:200, :300]
    mask = ((yy - 100) ** 2 / 80**2 + (xx - 150) ** 2 / 120**2 < 1).astype(np.uint8)
    (one,) = outlines(CropMask.from_full(mask))
    polygon = [v * side / 100 for p in one["points"] for v, side in zip(p, (300, 200), strict=True)]
    drawn = coco_mask.decode(coco_mask.frPyObjects([polygon], 200, 300))[..., 0]
    perimeter = int((mask ^ np.roll(mask, 1, 0)).sum() + (mask ^ np.roll(mask, 1, 1)).sum())
    assert 0 < (drawn != mask).sum() <= TOLERANCE * perimeter
    assert len(one["points"]) < 40


def test_corrupt_outlines_are_refused(tmp_path: Path) -> None:
    samples.exported(tmp_path, "labelstudio")
    tasks = json.loads(EXPORT.read_text())
    tasks[0]["data"]["outlines"][0]["counts"] = "0"
    path = tmp_path / "back.json"
    path.write_text(json.dumps(tasks))
    with pytest.raises(InputError, match=r"back\.json: annotation 7: "):
        import_decisions(tmp_path / "review", path)


def test_a_prefix_leads_to_the_pictures(tmp_path: Path) -> None:
    review = tmp_path / "team" / "july"
    samples.exported(tmp_path, "labelstudio", output=OutputOptions(prefix="team/july/"))
    review.parent.mkdir()
    (tmp_path / "review").rename(review)
    tasks = json.loads((review / "tasks.json").read_text())
    address = tasks[0]["data"]["image"]
    assert address == "/data/local-files/?d=team/july/images/a.png"
    assert (tmp_path / address.partition("=")[2]).is_file()
    assert "team/july/images/" in (review / "README.md").read_text()


def test_the_commands_take_a_prefix(tmp_path: Path) -> None:
    samples.exported(tmp_path, "page")
    review = tmp_path / "review"
    table = str(tmp_path / "scores.parquet")
    command = ["review", "export", "--annotations", str(tmp_path / "instances.json"), "-q"]
    command += ["--images", str(tmp_path), "--scores", table, "--to", "labelstudio"]
    assert run([*command, "--out", str(tmp_path / "out"), "--prefix", "team/july"]) == 0
    first = json.loads((tmp_path / "out" / "tasks.json").read_text())[0]
    assert first["data"]["crop"] == "/data/local-files/?d=team/july/crops/7.png"
    for who, action in (("anna", "keep"), ("ben", "accept")):
        told = {"annotation_id": 7, "decision": action, "who": who}
        samples.page_file(review, [told], f"{who}.json")
    import_decisions(review, [tmp_path / "anna.json", tmp_path / "ben.json"])
    again = ["review", "next", str(review), "--to", "labelstudio", "--images", str(tmp_path)]
    assert run([*again, "--prefix", "team/july", "-q"]) == 0
    (task,) = json.loads((review / "round-2" / "tasks.json").read_text())
    assert task["data"]["image"] == "/data/local-files/?d=team/july/round-2/images/a.png"
    assert run([*again, "--prefix", "/"]) == 2


@pytest.mark.parametrize("prefix", ["", "/data", "../x", "a//b", "a\\b", "."])
def test_prefixes_that_lead_nowhere(tmp_path: Path, prefix: str) -> None:
    with pytest.raises(UsageError, match="expected the review's path below"):
        samples.exported(tmp_path, "labelstudio", output=OutputOptions(prefix=prefix))
    with pytest.raises(UsageError, match="`prefix` is of `to` 'labelstudio'"):
        samples.exported(tmp_path, "cvat", output=OutputOptions(prefix="a"))
    assert not (tmp_path / "review").exists()


def test_exports_of_an_earlier_version_have_their_outlines_alone(tmp_path: Path) -> None:
    tasks = json.loads(EXPORT.read_text())
    for task in tasks:
        del task["data"]["outlines"]
    path = tmp_path / "back.json"
    path.write_text(json.dumps(tasks))
    found = {one.annotation_id: one for one in label_studio.read(path)}
    assert found[7].segmentation == [[10.0, 10.0, 10.0, 40.0, 40.0, 40.0, 40.0, 10.0]]
