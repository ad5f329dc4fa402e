"""Degraded masks and pairs: Dice by brute force, targets, crops, seeds."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmark_n.coco import Image, read_coco
from benchmark_n.detectors.evidence import annotation_evidence
from benchmark_n.detectors.evidence.pixels import image_files
from benchmark_n.detectors.quality_sentinel.degrade import KINDS, dice, draw_degraded, draw_target
from benchmark_n.detectors.quality_sentinel.pairs import (
    PairMaker,
    Pairs,
    cut_pair,
    join_pairs,
    make_pairs,
    read_pixels,
)
from benchmark_n.errors import InputError
from benchmark_n.masks import CropMask
from benchmark_n.quality import PairRequest, dataset_pairs
from tests.detectors.quality_sentinel.samples import disk, disk_pairs


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    request = PairRequest("scenes", 5, 6, rounds=3, kinds=tuple(KINDS), unet_epochs=())
    return dataset_pairs(request, size=64, workers=1)


@pytest.mark.parametrize("kind", list(KINDS))
def test_dice_is_that_of_the_whole_image(kind: str) -> None:
    mask = disk(20, 30, 15)
    found = draw_degraded(mask, [kind], np.random.default_rng(0))
    assert found is not None
    a, b = mask.full() > 0, found.mask.full() > 0
    assert found.kind == kind
    assert found.dsc == pytest.approx(2 * (a & b).sum() / (a.sum() + b.sum()))


def test_dice_of_empty_masks() -> None:
    empty = CropMask.from_full(np.zeros((64, 64)))
    assert dice(empty, empty) == 1
    assert dice(empty, disk(20, 30, 5)) == 0


def test_targets_are_uniform_with_a_tenth_below_half() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([draw_target(rng) for _ in range(4000)])
    assert (drawn < 0.5).mean() == pytest.approx(0.1, abs=0.02)
    counts, _ = np.histogram(drawn, bins=5, range=(0.5, 1))
    assert counts / len(drawn) == pytest.approx(0.18, abs=0.03)


def test_pairs_spread_over_the_coefficients(pairs: Pairs) -> None:
    worse = pairs.dsc[[kind != "none" for kind in pairs.kinds]]
    assert pairs.crops.shape[1:] == (64, 64, 4)
    assert pairs.truth.shape[1:] == (16, 16)
    assert (worse < 0.5).mean() < 0.2
    assert ((worse > 0.5) & (worse < 0.75)).mean() > 0.2
    own = pairs.dsc[[kind == "none" for kind in pairs.kinds]]
    assert (own == 1).all()


def test_pairs_are_functions_of_the_seed(scenes_clean: Path) -> None:
    coco = read_coco(scenes_clean)
    evidence = annotation_evidence(coco)
    paths = image_files(scenes_clean.parent.parent / "train", coco.images, evidence.image_ids[:40])
    some = np.flatnonzero(np.isin(evidence.image_ids, list(paths)))[:5]

    def make(seed: int) -> Pairs:
        from dataclasses import replace

        part = replace(
            evidence,
            annotation_ids=evidence.annotation_ids[some],
            image_ids=evidence.image_ids[some],
            labels=evidence.labels[some],
            boxes=evidence.boxes[some],
            masks=tuple(evidence.masks[i] for i in some),
        )
        return make_pairs(part, coco, paths, PairMaker(2, tuple(KINDS), 32, seed), workers=1)

    first, again, other = make(1), make(1), make(2)
    assert np.array_equal(first.crops, again.crops)
    assert np.array_equal(first.dsc, again.dsc)
    assert not np.array_equal(first.dsc, other.dsc)


def test_a_crop_is_black_outside_the_image() -> None:
    pixels = np.full((64, 64, 3), 255, np.uint8)
    crop = cut_pair(pixels, disk(0, 32, 20), 32)
    assert (crop[:, 0, :3] == 0).all()
    assert (crop[:, -1, :3] == 255).all()
    assert crop[16, 16, 3] == 255


def test_joined_pairs_keep_their_names() -> None:
    first, second = disk_pairs(4), disk_pairs(6, seed=1)
    joined = join_pairs([first, second])
    assert len(joined) == 10
    assert joined.names == ("sun", "moon")
    assert len(set(joined.annotations.tolist())) == 10


def test_windowed_values(tmp_path: Path) -> None:
    values = np.array([[-1000, -200, 0], [100, 200, 3000]], np.float32)
    path = tmp_path / "slice.tiff"
    cv2.imwrite(str(path), values)
    image = Image(id=1, file_name="slice.tiff", height=2, width=3)
    read = read_pixels(path, image, (-200, 200))
    assert read.shape == (2, 3, 3)
    assert read[..., 0].tolist() == [[0, 0, 128], [191, 255, 255]]
    with pytest.raises(InputError, match="expected one channel"):
        read_pixels(path, Image(id=1, file_name="slice.tiff", height=3, width=3), (-200, 200))
