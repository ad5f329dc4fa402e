"""Each rule on shapes of known measures: what it finds, and what it has to let be."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark_n.detection.structure.rules.base import RULES, build_rule
from benchmark_n.errors import InputError
from tests.detection.structure.documents import as_rle, disc, found, record, rectangle

Record = dict[str, Any]


def places(rule: str, folder: Path, *annotations: Record, **more: Any) -> list[tuple[int, ...]]:
    return [finding.places for finding in found(rule, folder, *annotations, **more)]


def test_duplicates_are_of_one_category(tmp_path: Path) -> None:
    first, copy = record(1, disc(50, 50, 20)), record(2, disc(51, 51, 20))
    assert places("duplicate", tmp_path, first, copy) == [(1, 0)]
    assert places("two_categories", tmp_path, first, copy) == []
    other = {**copy, "category_id": 2}
    assert places("duplicate", tmp_path, first, other) == []
    assert places("two_categories", tmp_path, first, other) == [(1, 0)]
    apart = record(2, disc(75, 50, 20))
    assert places("duplicate", tmp_path, first, apart) == []


@pytest.mark.parametrize(("step", "expected"), [(1, True), (2, True), (4, False)])
def test_a_thin_copy_is_found_beside_itself(step: int, expected: bool, tmp_path: Path) -> None:
    """Of a strip of 6 px, moved by 1 px, the IoU is 5/7: no other shape is so alike so near."""
    strips = [record(i, rectangle(10, 10 + (i - 1) * step, 60, 6)) for i in (1, 2)]
    shared = 6 - step
    iou = shared / (12 - shared)
    assert (0.5 <= iou < 0.8) == expected
    assert bool(places("duplicate", tmp_path, *strips)) == expected


def test_the_same_place_in_two_images_is_no_duplicate(tmp_path: Path) -> None:
    first, second = record(1, disc(50, 50, 20)), record(2, disc(50, 50, 20), image_id=2)
    assert places("duplicate", tmp_path, first, second, images=2) == []


def test_crowds_are_left_out_of_pairs(tmp_path: Path) -> None:
    first, crowd = record(1, disc(50, 50, 20)), as_rle(record(2, disc(50, 50, 20), iscrowd=1))
    assert places("duplicate", tmp_path, first, crowd) == []


@pytest.mark.parametrize("form", [lambda annotation: annotation, as_rle])
def test_a_box_among_discs_is_a_box_mask(form: Any, tmp_path: Path) -> None:
    discs = [record(i, disc(30 * i, 30, 12)) for i in range(1, 5)]
    box = form(record(9, rectangle(20, 60, 40, 20)))
    assert places("box_mask", tmp_path, *discs, box) == [(4,)]
    assert places("box_category", tmp_path, *discs, box) == []


def test_rectangles_of_a_category_of_rectangles_are_right(tmp_path: Path) -> None:
    screens = [record(i, rectangle(25 * i, 30, 20, 15), category_id=2) for i in range(1, 6)]
    cup = record(9, rectangle(20, 60, 40, 20))
    other = record(10, disc(150, 70, 15))
    assert places("box_mask", tmp_path, *screens, cup, other) == [(5,)]
    (category,) = found("box_category", tmp_path, *screens, cup, other)
    assert (category.category_id, category.what) == (2, "5 of 5 masks fill their boxes")


def test_small_slanted_and_whole_image_masks_are_no_box_masks(tmp_path: Path) -> None:
    small = record(1, rectangle(5, 5, 7, 30))
    slanted = record(2, [20, 60, 60, 62, 59, 82, 19, 80])
    whole = record(3, rectangle(0, 0, 199, 99))
    assert places("box_mask", tmp_path, small, slanted, whole) == []


@pytest.mark.parametrize("form", [lambda annotation: annotation, as_rle])
@pytest.mark.parametrize(("gap", "expected"), [(70, True), (40, False)])
def test_far_sides_are_merged(form: Any, gap: int, expected: bool, tmp_path: Path) -> None:
    """Squares of 30 px: twice their side lies between 40 and 70 px."""
    two = record(1, rectangle(10, 10, 30, 30), rectangle(40 + gap, 10, 30, 30))
    assert bool(places("merged", tmp_path, form(two))) == expected


def test_what_is_annotated_between_speaks_for_one_thing(tmp_path: Path) -> None:
    """A gap of 2.2 sides is one thing behind another where that one is annotated."""
    two = record(1, rectangle(10, 10, 30, 30), rectangle(106, 10, 30, 30))
    between = record(2, rectangle(40, 5, 66, 60), category_id=2)
    assert places("merged", tmp_path, two) == [(0,)]
    assert places("merged", tmp_path, two, between) == []


def test_polygons_that_share_a_border_are_merged(tmp_path: Path) -> None:
    two = record(1, rectangle(10, 10, 30, 30), rectangle(40, 10, 30, 30))
    near = record(2, rectangle(110, 10, 30, 30), rectangle(142, 10, 30, 30))
    assert places("merged", tmp_path, two, near) == [(0,)]
    assert places("merged", tmp_path, as_rle(two)) == []


def test_small_sides_are_not_merged(tmp_path: Path) -> None:
    two = record(1, rectangle(10, 10, 40, 40), rectangle(150, 10, 20, 20))
    assert places("merged", tmp_path, two) == []
    assert places("merged", tmp_path, two, least_area=400.0) == [(0,)]


def test_parts_with_something_between_are_no_hint(tmp_path: Path) -> None:
    two = record(1, rectangle(10, 10, 40, 40), rectangle(100, 10, 40, 40))
    between = record(2, rectangle(50, 5, 50, 60), category_id=2)
    assert places("parts_apart", tmp_path, two) == [(0,)]
    assert places("parts_apart", tmp_path, two, between) == []


def test_a_mask_over_several(tmp_path: Path) -> None:
    over = record(1, rectangle(10, 10, 100, 60))
    inner = [record(i, disc(10 + 30 * (i - 1), 40, 10)) for i in (2, 3, 4)]
    assert places("holds_several", tmp_path, over, *inner) == [(0, 1, 2, 3)]
    assert places("holds_several", tmp_path, over, inner[0]) == []
    others = [{**one, "category_id": 2} for one in inner]
    assert places("holds_several", tmp_path, over, *others) == []


def test_a_stray_part(tmp_path: Path) -> None:
    """The image's diagonal is 223.6 px, 15 % of it 33.5 px."""
    far = record(1, disc(30, 50, 20), rectangle(150, 50, 4, 4))
    near = record(2, disc(30, 50, 20), rectangle(70, 50, 4, 4))
    assert math.hypot(200, 100) * 0.15 == pytest.approx(33.54, abs=0.01)
    assert places("stray_part", tmp_path, far, near) == [(0,)]


def test_triangles_among_discs(tmp_path: Path) -> None:
    discs = [record(i, disc(45 * i, 30, 20)) for i in range(1, 4)]
    triangle = [20.0, 50, 120, 60, 40, 95]
    assert places("few_vertices", tmp_path, *discs, record(9, triangle)) == [(3,)]
    signs = [record(i, [40.0 * i, 5, 40.0 * i + 39, 5, 40.0 * i, 80]) for i in range(1, 4)]
    assert places("few_vertices", tmp_path, *signs) == []


def test_a_figure_of_eight_crosses_itself(tmp_path: Path) -> None:
    bow = [10.0, 10, 60, 60, 60, 10, 10, 60]
    assert places("self_crossing", tmp_path, record(1, bow), record(2, disc(120, 50, 20))) == [(0,)]


def test_what_leaves_the_image(tmp_path: Path) -> None:
    inside = record(1, rectangle(0, 0, 200, 40))
    rounded = record(2, rectangle(150, 50, 51.5, 20))
    beyond = record(3, rectangle(150, 70, 60, 20))
    box = record(4, disc(50, 70, 10), bbox=[-5.0, 60, 20, 20])
    assert places("outside", tmp_path, inside, rounded, beyond, box) == [(2,), (3,)]


def test_a_strip_along_the_border(tmp_path: Path) -> None:
    strip = record(1, rectangle(20, 97, 100, 3))
    cut_off = record(2, rectangle(150, 90, 30, 10))
    away = record(3, rectangle(20, 20, 100, 3))
    assert places("border_strip", tmp_path, strip, cut_off, away) == [(0,)]


@pytest.mark.parametrize(("moved", "expected"), [(2.0, False), (4.0, True)])
def test_a_box_that_is_another(moved: float, expected: bool, tmp_path: Path) -> None:
    """Edges may be 3 px off, or 5 % of the longer side, here 2 px."""
    given = record(1, disc(50, 50, 20))
    x, y, w, h = given["bbox"]
    given["bbox"] = [x + moved, y, w, h]
    assert bool(places("box_mismatch", tmp_path, given)) == expected


def test_boxes_of_pixels_and_of_polygons_are_both_right(tmp_path: Path) -> None:
    thin = record(1, disc(50, 50, 20), [70.0, 50, 120, 50.2, 70, 50.4])
    assert places("box_mismatch", tmp_path, thin) == []


def test_an_area_that_is_the_boxes(tmp_path: Path) -> None:
    given = record(1, disc(50, 50, 20), area=1600.0)
    (finding,) = found("area_mismatch", tmp_path, given)
    assert finding.what.endswith("px², the box as much")
    assert math.pi * 400 * 1.1 < 1600
    near = record(1, disc(50, 50, 20), area=math.pi * 400 * 1.05)
    assert places("area_mismatch", tmp_path, near) == []


def test_slivers_and_crumbs(tmp_path: Path) -> None:
    sliver = record(1, rectangle(10, 10, 50, 1))
    crumb = record(2, disc(120, 50, 20), rectangle(170, 50, 2, 2))
    plain = record(3, disc(50, 60, 20))
    assert places("sliver", tmp_path, sliver, crumb, plain) == [(0,)]
    assert places("crumbs", tmp_path, sliver, crumb, plain) == [(1,)]


def test_a_size_unlike_the_others_by_the_robust_score(tmp_path: Path) -> None:
    """Areas of exp(0), exp(.1) … times 400: by hand, median and median absolute deviation."""
    sides = [20 * math.exp(0.02 * k) for k in range(20)] + [90.0]
    cups = [record(i, rectangle(0, 0, s, s), image_id=i + 1) for i, s in enumerate(sides)]
    measured_areas = np.array([cup["area"] for cup in cups])
    logs = np.log(measured_areas)
    off = np.abs(logs - np.median(logs))
    score = off / (1.4826 * np.median(off))
    assert (
        places("unlike_size", tmp_path, *cups, images=21)
        == [(i,) for i in np.flatnonzero(score >= 3.5).tolist()]
        == [(20,)]
    )
    assert places("unlike_size", tmp_path, *cups[-19:], images=21) == []


def test_categories_used_once_and_empty_images(tmp_path: Path) -> None:
    cups = [record(i, disc(30 * i, 30, 10)) for i in (1, 2)]
    screen = record(3, disc(120, 60, 10), category_id=2)
    assert places("category_once", tmp_path, *cups, screen) == [(2,)]
    assert places("category_once", tmp_path, screen) == []
    empty = found("no_annotations", tmp_path, *cups, images=3)
    assert [finding.image_id for finding in empty] == [2, 3]


@pytest.mark.parametrize("name", RULES.names())
def test_no_rule_finds_anything_in_nothing(name: str, tmp_path: Path) -> None:
    """No annotations, then boxes alone, then an empty mask: no rule of masks trips over them."""
    assert all(one.image_id is not None for one in found(name, tmp_path))
    plain = record(1, rectangle(5, 5, 20, 20), segmentation=[])
    empty = record(2, disc(100, 50, 10), area=0.0)
    empty["segmentation"] = {"size": [100, 200], "counts": [20000]}
    bare = {key: plain[key] for key in ("id", "image_id", "category_id", "segmentation")}
    assert found(name, tmp_path, plain, empty, {**bare, "id": 3}) == []


@pytest.mark.parametrize("name", RULES.names())
def test_rules_say_what_they_are(name: str) -> None:
    rule = build_rule(name)
    assert rule.name == name
    assert rule.level in ("error", "hint")
    assert 0 <= rule.probability[0] <= rule.probability[1] <= 1
    assert rule.finds
    assert rule.advice


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"iuo": 0.9}, "duplicate has no option 'iuo': did you mean 'iou'?"),
        ({"iou": "much"}, "duplicate: Expected `float`, got `str`"),
    ],
)
def test_thresholds_are_checked(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(InputError, match=fault.replace("?", r"\?")):
        build_rule("duplicate", options)
