"""Slices of one volume stay in one fold, and pictures that look alike are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmark_n.coco import CocoFile
from benchmark_n.coco.read import read_coco
from benchmark_n.evidence.collect import gather, notes
from benchmark_n.evidence.duplicates import ALIKE, alike
from benchmark_n.evidence.evidence import Evidence
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.runtime.execution import Execution

VOLUMES, SLICES, SIDE = 20, 10, 48


def coin_per_volume(folder: Path, field: str | None) -> CocoFile:
    """Slices that look like those of their volume, whose category is a coin a volume."""
    rng = np.random.default_rng(3)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    coins = rng.permutation(VOLUMES) % 2
    for volume in range(VOLUMES):
        pattern = cv2.resize(rng.uniform(0, 255, (6, 6, 3)), (SIDE, SIDE))
        for number in range(SLICES):
            identity = len(images) + 1
            own = {} if field is None else {field: f"v{volume}"}
            name = f"{volume}_{number}.png"
            picture = np.clip(pattern + rng.normal(0, 4, pattern.shape), 0, 255)
            cv2.imwrite(str(folder / name), picture.astype(np.uint8))
            images.append({"id": identity, "height": SIDE, "width": SIDE, "file_name": name, **own})
            annotations.append(
                {
                    "id": identity,
                    "image_id": identity,
                    "category_id": int(coins[volume]) + 1,
                    "segmentation": [[0, 0, SIDE, 0, SIDE, SIDE, 0, SIDE]],
                    "iscrowd": 0,
                }
            )
    categories = [{"id": 1, "name": "heads"}, {"id": 2, "name": "tails"}]
    document = {"images": images, "annotations": annotations, "categories": categories}
    path = folder / f"{field}.json"
    path.write_text(json.dumps(document))
    return read_coco(path)


def evidence_of(folder: Path, field: str | None, group_by: str | None = None) -> Evidence:
    options = EvidenceOptions(
        ("crops",), backbone="hog", group_by=group_by, evidence_dir=folder / "kept"
    )
    coco = coin_per_volume(folder, field)
    return gather(coco, options, {"pred_probs"}, images=folder, execution=Execution(workers=1))


@pytest.mark.parametrize("field", ["volume_id", "patient", "sequence"])
def test_a_coin_per_volume_is_guessed_at_chance(tmp_path: Path, field: str) -> None:
    found = evidence_of(tmp_path, field)
    (source,) = found.provenance["sources"]
    assert (source["grouped_by"], source["units"]) == (field, VOLUMES)
    assert source["out_of_fold_accuracy"] < 0.75
    assert found.folds is not None
    assert all(len(set(part.tolist())) == 1 for part in found.folds.reshape(VOLUMES, SLICES))
    assert not any("look nearly" in line for line in notes(found))


def test_without_the_field_the_coin_is_known_and_a_pair_is_named(tmp_path: Path) -> None:
    found = evidence_of(tmp_path, None)
    assert found.provenance["sources"][0]["out_of_fold_accuracy"] > 0.95
    (line,) = [line for line in notes(found) if "look nearly" in line]
    assert line.startswith("200 of 200 pictures look nearly like another, such as ")
    first, second = line.split("such as ")[1].split(" (")[0].split(" and ")
    assert first.split("_")[0] == second.split("_")[0]


def test_evidence_of_other_units_is_not_taken_from_the_store(tmp_path: Path) -> None:
    """The annotations are the same: what the image records name decides the folds."""
    by_volume = evidence_of(tmp_path, "volume_id").provenance["sources"][0]
    by_image = evidence_of(tmp_path, "volume_id", "image").provenance["sources"][0]
    unnamed = evidence_of(tmp_path, None).provenance["sources"][0]
    assert (by_volume["units"], by_image["units"], unnamed["units"]) == (20, 200, 200)


def test_the_closest_pair_is_that_of_all_pairs() -> None:
    rng = np.random.default_rng(0)
    thumbnails = rng.integers(0, 256, (12, 32, 32), np.uint8)
    thumbnails[7] = np.clip(thumbnails[2].astype(int) + rng.integers(-4, 5, (32, 32)), 0, 255)
    thumbnails[9] = 100
    thumbnails[10] = 100
    count, pair = alike(thumbnails)
    expected = np.corrcoef(thumbnails[2].ravel(), thumbnails[7].ravel())[0, 1]
    assert expected > ALIKE
    assert pair is not None
    assert (count, {pair[0], pair[1]}) == (2, {2, 7})
    assert pair[2] == pytest.approx(expected, abs=1e-5)
    assert alike(thumbnails[:7]) == (0, None)
