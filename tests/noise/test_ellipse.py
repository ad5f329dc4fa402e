"""Ellipse noise against the equation of an ellipse, closed forms, and what two experts marked."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from benchmark_n.coco import read_coco
from benchmark_n.errors import InputError
from benchmark_n.evaluators.realism.pairs import pair_masks
from benchmark_n.masks import CropMask
from benchmark_n.noise.base import NotApplied
from benchmark_n.noise.ellipse import Ellipse
from benchmark_n.noise.recipe import build_noise, load_recipe
from benchmark_n.runtime.random_streams import Stream
from tests.conftest import shared_file

COUNT = 4000


def noise(**parameters: Any) -> Ellipse:
    built = build_noise("ellipse", {"probability": 1.0, **parameters})
    assert isinstance(built, Ellipse)
    return built


def box(x: int, y: int, w: int, h: int, size: int = 100) -> CropMask:
    full = np.zeros((size, size), np.uint8)
    full[y : y + h, x : x + w] = 1
    return CropMask.from_full(full)


def redrawn(each: Ellipse, mask: CropMask, number: int = 0) -> CropMask:
    return each.apply(mask, each.draw(Stream(1, "ellipse", number)))


@pytest.mark.parametrize(("w", "h"), [(1, 1), (2, 7), (14, 14), (15, 22), (40, 9)])
def test_without_strength_it_is_the_ellipse_of_the_box(w: int, h: int) -> None:
    found = redrawn(noise(), box(20, 30, w, h)).full()
    for y, x in np.ndindex(found.shape):
        across, down = (x + 0.5 - 20 - w / 2) / (w / 2), (y + 0.5 - 30 - h / 2) / (h / 2)
        assert found[y, x] == (across**2 + down**2 <= 1 + 1e-12)


def test_area_is_that_of_the_formula() -> None:
    found = redrawn(noise(scale=2.0, scale_growth=0.8), box(40, 40, 16, 16, 160))
    radius = 2.0 * 16**0.8 / 2
    assert found.area == pytest.approx(math.pi * round(2 * radius) ** 2 / 4, rel=0.02)


def test_aspect_is_drawn_towards_a_circle() -> None:
    _, _, w, h = redrawn(noise(aspect_growth=0.0), box(20, 20, 40, 10)).bbox
    assert (w, h) == (20, 20)


def test_offsets_stretches_and_shifts_have_their_spreads() -> None:
    """Standard deviations over many draws, within 4.5 standard errors of normal numbers."""
    each = noise(offset_sd=2.0, stretch_sd=1.5, shift_sd=1.0)
    drawn = [each.draw(Stream(3, "ellipse", number)) for number in range(COUNT)]
    for name, sd in (("offset", 2.0), ("stretch", 1.5), ("dx", 1.0), ("dy", 1.0)):
        found = np.std([row[name] for row in drawn])
        assert abs(found / sd - 1) < 4.5 / math.sqrt(2 * COUNT)
    mask = box(80, 80, 40, 40, 200)
    boxes = np.array([each.apply(mask, row).bbox for row in drawn[:1000]])
    # Both half axes gain the offset, and one the stretch that the other loses.
    expected = 2 * math.hypot(2.0, 1.5)
    assert abs(boxes[:, 2].std() / expected - 1) < 4.5 / math.sqrt(2 * 1000) + 0.01


def test_strength_grows_with_the_area() -> None:
    each = noise(shift_sd=0.05, growth=0.5)
    drawn = {"offset": 0.0, "stretch": 0.0, "dx": 0.05, "dy": 0.0}
    for side in (20, 40):
        moved = each.apply(box(30, 30, side, side, 120), drawn).bbox[0] - 30
        assert moved == round(0.05 * side)


def test_the_image_cuts_it_off_and_nothing_is_left_far_outside() -> None:
    each = noise()
    drawn = {"offset": 0.0, "stretch": 0.0, "dx": -15.0, "dy": 0.0}
    cut = each.apply(box(5, 40, 20, 20), drawn)
    assert (cut.bbox[0], cut.bbox[2]) == (0, 10)
    assert not each.apply(box(5, 40, 20, 20), {**drawn, "dx": -90.0}).area
    with pytest.raises(NotApplied, match="empty"):
        each.apply(CropMask(np.zeros((0, 0), np.uint8), 0, 0, 9, 9), drawn)


@pytest.mark.parametrize(
    ("name", "value"),
    [("scale", 0.0), ("aspect_growth", -0.1), ("offset_sd", -1.0), ("growth", 2.0)],
)
def test_impossible_parameters_are_refused(name: str, value: float) -> None:
    with pytest.raises(InputError, match=f"ellipse.{name} is {value}"):
        noise(**{name: value})


def test_experts_mark_nuclei_with_such_ellipses() -> None:
    """Of what two experts marked, at least nineteen of twenty are the ellipse of their own box."""
    path = shared_file("cfos_experts/expert_3.json")
    pairs, _ = pair_masks(read_coco(path), read_coco(path.with_name("expert_5.json")))
    still = noise()
    for masks in (pairs.clean, pairs.noisy):
        same = [np.array_equal(redrawn(still, mask).full(), mask.full()) for mask in masks[:400]]
        assert np.mean(same) > 0.95


def test_the_recipe_of_nuclei_moves_them_as_far_as_the_second_expert() -> None:
    """Mean size and distance of the centres, on the half of the images it was not fitted on."""
    path = shared_file("cfos_experts/expert_3.json")
    pairs, _ = pair_masks(read_coco(path), read_coco(path.with_name("expert_5.json")))
    pairs = pairs.half(held_out=True)
    each = load_recipe("human-nuclei-expert").noises[0]
    assert isinstance(each, Ellipse)
    ids = pairs.ids.tolist()
    drawn = [redrawn(each, mask, number) for mask, number in zip(pairs.clean, ids, strict=True)]
    three = (pairs.clean, pairs.noisy, drawn)
    first, real, found = (np.array([mask.bbox for mask in masks], float) for masks in three)
    sizes = [np.log(boxes[:, 2] * boxes[:, 3]).mean() / 2 for boxes in (real, found)]
    assert abs(sizes[0] - sizes[1]) < 0.08
    centres = [boxes[:, :2] + boxes[:, 2:] / 2 for boxes in (first, real, found)]
    far = [np.hypot(*(centre - centres[0]).T).mean() for centre in centres[1:]]
    assert far[1] == pytest.approx(far[0], rel=0.25)
