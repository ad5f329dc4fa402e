"""Crops of a review on a disk without room."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmark_n.coco import Image
from benchmark_n.masks import CropMask
from benchmark_n.review.items import Flag, Item
from benchmark_n.review.shown import Shown, write_crops

SIDE = 96


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The process's files cannot grow beyond `size` bytes, as under a quota."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def item_on_noise(folder: Path) -> Shown:
    """An instance on an image that no format makes small."""
    pixels = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    assert cv2.imwrite(str(folder / "a.png"), pixels)
    item = Item(7, 1, False, 2, None, None, (Flag("cleanlab", "class", 0.5, True),))
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[8:-8, 8:-8] = 1
    return Shown(item, Image(1, SIDE, SIDE, "a.png"), CropMask.from_full(mask), None)


def test_a_crop_that_finds_no_room_is_an_error(tmp_path: Path) -> None:
    one = item_on_noise(tmp_path)
    with files_of_at_most(1000), pytest.raises(OSError, match=r"[Ff]ile too large"):
        write_crops(tmp_path, [one], tmp_path)


def test_a_crop_is_named_and_can_be_read(tmp_path: Path) -> None:
    (named,) = write_crops(tmp_path, [item_on_noise(tmp_path)], tmp_path)
    assert named.item.crop == "crops/7.png"
    assert cv2.imread(str(tmp_path / "crops" / "7.png")) is not None
