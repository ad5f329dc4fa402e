"""Crops against OpenCV's own border and numpy's own padding."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark_n.coco import Image
from benchmark_n.coco.pixels import (
    GREY,
    crop,
    image_files,
    mask_crop,
    padded_crop,
    read_rgb,
    square,
)
from benchmark_n.errors import InputError
from benchmark_n.masks import CropMask


@given(x=st.integers(0, 30), y=st.integers(0, 20), w=st.integers(1, 40), h=st.integers(1, 30))
def test_crops_are_squares_of_the_mirrored_image(x: int, y: int, w: int, h: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    left, top, side = square(np.array([x, y, w, h]), (30, 40))
    assert side == max(2, round((1.0 if (w, h) == (40, 30) else 1.3) * max(w, h)))
    margin = 120
    padded = np.pad(pixels, ((margin, margin), (margin, margin), (0, 0)), mode="symmetric")
    expected = padded[top + margin : top + margin + side, left + margin : left + margin + side]
    assert (crop(pixels, np.array([x, y, w, h]), side) == expected).all()


@given(x=st.integers(0, 30), y=st.integers(0, 20), w=st.integers(1, 40), h=st.integers(1, 30))
def test_padded_crops_are_grey_beyond_the_image(x: int, y: int, w: int, h: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    left, top, side = square(np.array([x, y, w, h]), (30, 40))
    margin = 120
    around = (margin, margin), (margin, margin), (0, 0)
    padded = np.pad(pixels, around, constant_values=GREY)
    expected = padded[top + margin : top + margin + side, left + margin : left + margin + side]
    assert (padded_crop(pixels, np.array([x, y, w, h]), side) == expected).all()


def test_a_padded_crop_beside_the_image_is_grey() -> None:
    pixels = np.zeros((30, 40, 3), np.uint8)
    assert (padded_crop(pixels, np.array([200, 200, 10, 10]), 13) == GREY).all()


def test_large_crops_shrink_by_area_as_opencv_does() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8)
    box = np.array([20, 20, 60, 60])
    whole = crop(pixels, box, 78)
    expected = cv2.resize(whole, (26, 26), interpolation=cv2.INTER_AREA)
    assert (crop(pixels, box, 26) == expected).all()


def test_mask_crop_is_the_mask_in_the_square_and_nothing_outside_the_image() -> None:
    full = np.zeros((30, 40), np.uint8)
    full[0:10, 0:20] = 1
    box = np.array([0, 0, 20, 10])
    left, top, side = square(box, (30, 40))
    shown = mask_crop(CropMask.from_full(full), box, side)
    padded = np.pad(full, 60)[top + 60 : top + 60 + side, left + 60 : left + 60 + side]
    assert (shown == padded * 255).all()


def test_missing_images_are_counted_and_named(tmp_path: Path) -> None:
    images = {i: Image(i, 8, 8, f"{i}.png") for i in (1, 2, 3)}
    (tmp_path / "2.png").write_bytes(b"x")
    with pytest.raises(InputError, match=r"2 of 3 images are missing, the first is .*1\.png"):
        image_files(tmp_path, images, np.array([1, 2, 3, 3]))
    with pytest.raises(InputError, match="`images=DIR`"):
        image_files(None, images, np.array([1]))
    with pytest.raises(InputError, match="cannot be read as an image"):
        read_rgb(tmp_path / "2.png", images[2])


def test_an_image_of_another_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.zeros((4, 6, 3), np.uint8))
    with pytest.raises(InputError, match="6x4 px, but its record says 8x8"):
        read_rgb(path, Image(1, 8, 8, "a.png"))
