"""Segmenters without weights."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from benchmark_n.coco.images import Pixels
from benchmark_n.errors import InputError, UsageError
from benchmark_n.masks import CropMask, mask_iou
from benchmark_n.weak.edges import edge_ratio, edge_strength
from benchmark_n.weak.segmenters.base import SEGMENTERS, Prompt, load_segmenter
from benchmark_n.weak.segmenters.shapes import fill_ellipse


def disc(radius: int = 30) -> tuple[Pixels, CropMask]:
    """A bright disc on a dark, slightly noisy ground, and its mask."""
    mask = np.asarray(cv2.circle(np.zeros((120, 160), np.uint8), (70, 60), radius, 1, -1))
    noise = np.random.default_rng(0).integers(-8, 9, (120, 160, 3))
    image = np.where(mask[..., None] > 0, (200, 60, 50), (40, 70, 90)) + noise
    return image.astype(np.uint8), CropMask.from_full(mask)


def box_of(mask: CropMask) -> tuple[float, float, float, float]:
    x, y, w, h = mask.bbox
    return float(x), float(y), float(w), float(h)


def test_box_fill_and_ellipse_have_their_areas() -> None:
    image = np.zeros((300, 400, 3), np.uint8)
    for name, area in (("box-fill", 200 * 100), ("ellipse", math.pi * 100 * 50)):
        segmenter = load_segmenter(name)
        segmenter.set_image(image)
        masks, scores = segmenter.segment([Prompt((50, 60, 200, 100))])
        assert masks[0].area == pytest.approx(area, rel=2e-3)
        assert masks[0].bbox == (50, 60, 200, 100)
        assert scores == [None]


def test_shapes_are_cut_at_the_border() -> None:
    segmenter = load_segmenter("box-fill")
    segmenter.set_image(np.zeros((30, 40, 3), np.uint8))
    assert segmenter.segment([Prompt((-5.0, -5.0, 100.0, 20.4))])[0][0].bbox == (0, 0, 40, 15)


@pytest.mark.parametrize("kind", ["box", "point", "mask", "box+point", "whole image"])
def test_grabcut_finds_a_disc(kind: str) -> None:
    image, truth = disc()
    prompt = {
        "box": Prompt(box_of(truth)),
        "point": Prompt(point=(70.0, 60.0)),
        "mask": Prompt(mask=truth),
        "box+point": Prompt(box_of(truth), (70.0, 60.0)),
        "whole image": Prompt((0, 0, 160, 120), (70.0, 60.0), truth),
    }[kind]
    segmenter = load_segmenter("grabcut")
    segmenter.set_image(image)
    assert mask_iou(segmenter.segment([prompt])[0][0], truth) > 0.95


def test_grabcut_gives_the_same_mask_whatever_was_drawn_before() -> None:
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (90, 90, 3)).astype(np.uint8)  # no structure: all is chance
    segmenter = load_segmenter("grabcut")
    segmenter.set_image(image)
    prompt = Prompt((20, 20, 40, 40))
    first = segmenter.segment([prompt])[0][0].full()
    cv2.setRNGSeed(77)
    again = segmenter.segment([Prompt((1, 1, 50, 50)), prompt, prompt])[0]
    np.testing.assert_array_equal(again[1].full(), first)
    np.testing.assert_array_equal(again[2].full(), first)


def test_large_crops_are_cut_in_a_smaller_version() -> None:
    image, truth = disc()
    image = np.asarray(cv2.resize(image, None, fx=5, fy=5), np.uint8)
    large = CropMask.from_full(cv2.resize(truth.full(), None, fx=5, fy=5))
    segmenter = load_segmenter("grabcut")
    segmenter.set_image(image)
    assert mask_iou(segmenter.segment([Prompt(box_of(large))])[0][0], large) > 0.95


def test_grabcut_on_a_prompt_without_ground_around_it_fills_it() -> None:
    segmenter = load_segmenter("grabcut")
    segmenter.set_image(np.zeros((20, 20, 3), np.uint8))
    assert segmenter.segment([Prompt((0, 0, 20, 20))])[0][0].area == 400


def test_outlines_on_edges_have_the_stronger_edges() -> None:
    image, truth = disc()
    edges = edge_strength(image)
    moved = CropMask.from_full(np.roll(truth.full(), 12, 1))
    same = edge_ratio(edges, truth, truth)
    worse = edge_ratio(edges, truth, moved)
    better = edge_ratio(edges, moved, truth)
    assert same == 1
    assert worse is not None
    assert better is not None
    assert worse < 0.8
    assert better == pytest.approx(1 / worse)
    assert edge_ratio(np.zeros_like(edges), truth, moved) is None


@pytest.mark.parametrize(
    ("spec", "error", "text"),
    [
        ("grabcutt", InputError, "did you mean 'grabcut'"),
        ("grabcut:x", UsageError, "takes no argument"),
        ("transformers", UsageError, "needs a model"),
        ("transformers:/no/such/folder", InputError, "no such folder"),
    ],
)
def test_wrong_segmenters_are_one_line(spec: str, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        load_segmenter(spec)


def test_every_name_has_a_factory() -> None:
    for name in SEGMENTERS.names():
        assert callable(SEGMENTERS.load(name))


def test_grabcut_without_contrast_gives_the_ellipse() -> None:
    image = np.full((60, 80, 3), 120, np.uint8)
    box = (20.0, 10.0, 40.0, 30.0)
    grabcut = load_segmenter("grabcut")
    grabcut.set_image(image)
    masks, _ = grabcut.segment([Prompt(box=box)])
    assert mask_iou(masks[0], fill_ellipse(box, 60, 80)) == 1
