"""Degraded masks and pairs: Dice by brute force, targets, crops, seeds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmark_n.coco import Image, read_coco
from benchmark_n.coco.pixels import image_files
from benchmark_n.detectors.quality_sentinel.crops import cut_pair, read_pixels
from benchmark_n.detectors.quality_sentinel.degrade import KINDS, dice, draw_degraded, draw_target
from benchmark_n.detectors.quality_sentinel.pair_making import PairMaker, make_pairs
from benchmark_n.detectors.quality_sentinel.pairs import Pairs, join_pairs
from benchmark_n.errors import InputError
from benchmark_n.evidence import Evidence, annotation_evidence
from benchmark_n.masks import CropMask
from tests.detectors.quality_sentinel.samples import disk, disk_pairs


def scene_pairs(scenes_clean: Path, seed: int, count: int, size: int = 64) -> Pairs:
    """Pairs of the first annotations of the drawn scenes."""
    coco = read_coco(scenes_clean)
    evidence = first_annotations(annotation_evidence(coco), count)
    paths = image_files(scenes_clean.parent.parent / "train", coco.images, evidence.image_ids)
    return make_pairs(evidence, coco, paths, PairMaker(3, tuple(KINDS), size, seed), workers=1)


def first_annotations(evidence: Evidence, count: int) -> Evidence:
    """Evidence of some of the annotations."""
    return replace(
        evidence,
        annotation_ids=evidence.annotation_ids[:count],
        image_ids=evidence.image_ids[:count],
        labels=evidence.labels[:count],
        boxes=evidence.boxes[:count],
        masks=evidence.masks[:count],
    )


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


def test_pairs_spread_over_the_coefficients(scenes_clean: Path) -> None:
    pairs = scene_pairs(scenes_clean, 0, 40)
    worse = pairs.dsc[[kind != "none" for kind in pairs.kinds]]
    assert pairs.crops.shape[1:] == (64, 64, 4)
    assert pairs.truth.shape[1:] == (16, 16)
    assert (worse < 0.5).mean() < 0.2
    assert ((worse > 0.5) & (worse < 0.75)).mean() > 0.2
    own = pairs.dsc[[kind == "none" for kind in pairs.kinds]]
    assert (own == 1).all()


def test_pairs_are_functions_of_the_seed(scenes_clean: Path) -> None:
    first, again, other = (scene_pairs(scenes_clean, seed, 5, 32) for seed in (1, 1, 2))
    assert np.array_equal(first.crops, again.crops)
    assert np.array_equal(first.dsc, again.dsc)
    assert not np.array_equal(first.dsc, other.dsc)


def test_a_crop_is_black_outside_the_image() -> None:
    pixels = np.full((64, 64, 3), 255, np.uint8)
    crop = cut_pair(pixels, disk(0, 32, 20), 32)
    assert (crop[:, 0, :3] == 0).all()
    assert (crop[4:28, -1, :3] == 255).all()
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
