"""Benchmarks of real pairs: what was made is found again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pycocotools import mask as coco_mask

import benchmark_n
from benchmark_n import Benchmark
from benchmark_n.errors import InputError, UsageError
from tests import making, samples

SAME = [
    "annotation_id",
    "image_id",
    "category_id",
    "noisy_category_id",
    "deleted",
    "crowd",
    "area",
    "noisy_area",
    "iou",
    "boundary_iou",
    "bbox_x",
    "noisy_bbox_width",
    "size",
]


@pytest.fixture(scope="module")
def made(val2014: Path, tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    out = tmp_path_factory.mktemp("pairs") / "made"
    return making.make("coco", "mid", annotations=val2014, out=out, workers=1)


def test_by_id_gives_the_manifest_back(made: Benchmark, val2014: Path, tmp_path: Path) -> None:
    out = tmp_path / "pair"
    imported = benchmark_n.import_pair(val2014, made.annotations, out=out, match="id")
    assert imported.manifest(SAME).to_pylist() == made.manifest(SAME).to_pylist()
    assert imported.recipe["noise"] == "unknown"
    assert imported.verify() == []
    assert list(imported.clean().records()) == list(made.clean().records())


def test_by_iou_without_common_ids(made: Benchmark, val2014: Path, tmp_path: Path) -> None:
    noisy = json.loads(made.annotations.read_text())
    for record in noisy["annotations"]:
        record["id"] += 10**9
    path = samples.write(tmp_path, noisy, "renumbered.json")
    imported = benchmark_n.import_pair(val2014, path, out=tmp_path / "pair")
    truth = {row["annotation_id"]: row for row in made.manifest().to_pylist()}
    rows = imported.manifest().to_pylist()
    found = [r for r in rows if r["origin"] == "clean" and not r["deleted"]]
    same = [truth[r["annotation_id"]]["iou"] == r["iou"] for r in found if not r["crowd"]]
    assert sum(same) / len(same) > 0.97
    assert all(r["iou"] is None or r["iou"] >= 0.1 for r in rows)
    poor = sum(r["iou"] is not None and r["iou"] < 0.5 for r in rows)
    assert imported.recipe["matched"]["poor_overlaps"] == poor > 0
    largest = max(truth)
    spurious = [r for r in rows if r["origin"] == "spurious"]
    assert spurious
    assert all(r["annotation_id"] > largest and r["category_id"] is None for r in spurious)
    assert len(found) + len(spurious) == len(noisy["annotations"])
    ids = [record["id"] for record in imported.noisy().records()]
    assert sorted(ids) == sorted(r["annotation_id"] for r in rows if not r["deleted"])


def test_masks_survive(made: Benchmark, val2014: Path, tmp_path: Path) -> None:
    imported = benchmark_n.import_pair(val2014, made.annotations, out=tmp_path / "p", match="id")
    ours = {r["id"]: r["segmentation"] for r in imported.noisy().records() if not r["iscrowd"]}
    theirs = {r["id"]: r["segmentation"] for r in made.noisy().records() if not r["iscrowd"]}
    assert ours.keys() == theirs.keys()
    for identity, mask in ours.items():
        assert coco_mask.iou([mask], [theirs[identity]], [0])[0][0] == 1


def test_other_datasets_are_refused(tmp_path: Path) -> None:
    clean = samples.write(tmp_path, samples.document(), "clean.json")
    other = samples.document()
    other["images"].append({"id": 77, "width": 5, "height": 5})
    noisy = samples.write(tmp_path, other, "noisy.json")
    with pytest.raises(InputError, match=r"noisy\.json: image id 77 is not in clean\.json"):
        benchmark_n.import_pair(clean, noisy, out=tmp_path / "pair")
    assert not (tmp_path / "pair").exists()


@pytest.mark.parametrize("share", [{"least_iou": 0}, {"least_iou": 5}, {"dilation_ratio": -1}])
def test_shares_that_are_none(tmp_path: Path, share: dict[str, float]) -> None:
    path = samples.write(tmp_path, samples.document())
    with pytest.raises(UsageError, match=f"`{next(iter(share))}` is"):
        benchmark_n.import_pair(path, path, out=tmp_path / "pair", **share)  # type: ignore[arg-type]
    assert not (tmp_path / "pair").exists()
