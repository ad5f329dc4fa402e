"""Pictures unlike the rest, and pictures that are nearly the same as another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from sklearn.neighbors import NearestNeighbors

from benchmark_n.coco import Image
from benchmark_n.evidence.backbones.base import make_backbone
from benchmark_n.evidence.unlike_pictures import NEIGHBOURS, UNLIKE, look_at_pictures, unlikeness


def test_distances_are_those_of_scikit_learn() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 5))
    rows[11] *= 9
    scaled = (rows - rows.mean(0)) / rows.std(0)
    near, _ = NearestNeighbors(n_neighbors=NEIGHBOURS + 1).fit(scaled).kneighbors(scaled)
    logs = np.log(near[:, 1:].mean(1))
    expected = (logs - np.median(logs)) / (1.4826 * np.median(np.abs(logs - np.median(logs))))
    np.testing.assert_allclose(unlikeness(rows), expected, rtol=1e-6)


def test_few_pictures_are_not_judged() -> None:
    assert not unlikeness(np.eye(6)).any()


def test_an_odd_picture_and_a_copy_are_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    images: dict[int, Image] = {}
    paths: dict[int, Path] = {}
    for i in range(1, 32):
        picture: Any = np.full((64, 64, 3), 120, np.uint8)
        picture[:, int(rng.integers(4, 56)) :] = rng.integers(90, 150)
        picture = cv2.GaussianBlur(picture, (9, 9), 3)
        if i == 9:
            picture = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        if i == 20:
            picture = cv2.imread(str(paths[5]))
        paths[i] = tmp_path / f"{i}.png"
        cv2.imwrite(str(paths[i]), picture)
        images[i] = Image(i, 64, 64, f"{i}.png")
    seen = look_at_pictures(images, paths, make_backbone("hog"))
    assert seen.unlike[:1] == [9]
    assert seen.unlikeness[8] >= UNLIKE
    assert (5, 20) in {(a, b) for a, b, _ in seen.copies}
    assert (20, 5) in {(a, b) for a, b, _ in seen.copies}
    assert not look_at_pictures(images, {}, make_backbone("hog")).image_ids.size
