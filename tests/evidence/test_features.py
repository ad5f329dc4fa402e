"""Evidence ``features``: views, principal components, and what is kept between files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.errors import UsageError
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.backbones.base import make_backbone
from benchmark_n.evidence.collect import gather
from benchmark_n.evidence.features import maker
from benchmark_n.evidence.features.principal import principal_components
from benchmark_n.evidence.features.views import describe, geometry
from benchmark_n.evidence.folds import plan_folds
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.masks import CropMask
from benchmark_n.runtime.execution import Execution
from tests.samples import annotation, document, write

pytest.importorskip("torch", reason="needs the extra deep")
import cv2


def test_components_are_those_of_the_joined_standardised_blocks() -> None:
    rng = np.random.default_rng(0)
    blocks = {"a": rng.normal(3, 2, (60, 5)), "b": rng.normal(0, 9, (60, 40))}
    blocks["a"][7, 2] = 1000  # cut to eight deviations
    joined = [
        np.clip((b - b.mean(axis=0)) / b.std(axis=0), -8, 8) / b.shape[1] ** 0.5
        for b in blocks.values()
    ]
    left, values, _ = np.linalg.svd(np.concatenate(joined, axis=1), full_matrices=False)
    made = principal_components(blocks, 10)
    wanted = left[:, :10] * values[:10]
    np.testing.assert_allclose(np.abs(made), np.abs(wanted), atol=1e-6)
    assert (made[np.abs(made).argmax(axis=0), np.arange(10)] > 0).all()


def test_components_need_no_more_than_some_rows_in_memory() -> None:
    """In half precision and over several parts they are the same."""
    rng = np.random.default_rng(1)
    block = (rng.normal(0, 1, (5000, 6)) @ rng.normal(0, 1, (6, 30))).astype(np.float16)
    made = principal_components({"a": block}, 4)
    exact = block.astype(float)
    exact = (exact - exact.mean(axis=0)) / exact.std(axis=0) / 30**0.5
    values = np.linalg.svd(exact, compute_uv=False)
    np.testing.assert_allclose(np.linalg.norm(made, axis=0), values[:4], rtol=1e-3)
    constant = {"a": np.ones((9, 3)), "b": rng.normal(0, 1, (9, 2))}
    assert principal_components(constant).shape == (9, 2)


def test_each_view_shows_what_it_says() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (120, 160, 3), np.uint8)
    boxes = np.array([[60, 40, 30, 30], [10, 10, 20, 40]])
    masks = [CropMask(np.ones((h, w), np.uint8), x, y, 120, 160) for x, y, w, h in boxes.tolist()]
    hog = make_backbone("hog")
    before = describe(hog, pixels, boxes, masks)
    assert set(before) == {"crop.mean", "object", "surroundings", "picture", "geometry"}
    assert len({len(block) for block in before.values()}) == 1
    np.testing.assert_array_equal(before["picture"][0], before["picture"][1])
    # Outside the first one's crop (1.3 times its box) and inside its surroundings (2.6 times).
    changed = pixels.copy()
    changed[75:85, 45:105] = 0
    after = describe(hog, changed, boxes, masks)
    same = {name for name in before if (before[name][0] == after[name][0]).all()}
    assert same == {"crop.mean", "object", "geometry"}
    # Outside its mask and inside its crop.
    changed = pixels.copy()
    changed[36:39, 58:92] = 0
    after = describe(hog, changed, boxes, masks)
    same = {name for name in before if (before[name][0] == after[name][0]).all()}
    assert same == {"object", "geometry"}


def test_geometry_is_as_written() -> None:
    mask = CropMask(np.ones((10, 10), np.uint8), 40, 5, 50, 200)
    made = geometry(np.array([[40, 5, 20, 10]]), [mask], (50, 200))[0]
    wanted = [
        *(np.log(20), np.log(10), np.log(2)),
        *(50 / 200, 10 / 50, 15 / 50),
        *(np.log(200 / 10000), 0.5, 4.0, 0.0),
    ]
    np.testing.assert_allclose(made, wanted, rtol=1e-6)


def test_lite_blocks_are_the_averages_that_crops_have() -> None:
    pytest.importorskip("efficientnet_lite_pytorch", reason="needs the extra deep")
    rng = np.random.default_rng(0)
    crops = rng.integers(0, 256, (2, 160, 160, 3), np.uint8)
    masks = np.zeros((2, 160, 160), np.uint8)
    masks[0, 40:120, 40:120], masks[1, :, 80:] = 255, 255
    backbone: Any = make_backbone("lite0")
    features, maps = backbone.describe_with_maps(crops, masks)
    blocks = backbone.blocks(crops, masks)
    np.testing.assert_allclose(blocks["mean"], features[:, : maps.shape[1]], atol=1e-5)
    stride = blocks["stride16"].shape[1]
    np.testing.assert_allclose(blocks["stride16"], features[:, -stride:], atol=1e-5)
    # The right half of the head's map, by hand.
    assert maps.shape[-1] % 2 == 1
    middle = maps.shape[-1] // 2
    half = maps[1].astype(float)
    weights = np.r_[np.zeros(middle), 0.5, np.ones(middle)]
    wanted = (half * weights).sum(axis=(1, 2)) / (weights.sum() * len(weights))
    np.testing.assert_allclose(blocks["head"][1], wanted, atol=2e-3)
    assert list(backbone.blocks(crops)) == ["mean"]


@pytest.fixture
def coco(tmp_path: Path) -> CocoFile:
    """Six pictures of two annotations each."""
    data = document()
    rng = np.random.default_rng(0)
    data["images"] = [
        {"id": i, "width": 64, "height": 64, "file_name": f"{i}.png"} for i in range(1, 7)
    ]
    data["annotations"] = [
        annotation(10 * i + k, i, category_id=1 + (i + k) % 3) for i in range(1, 7) for k in (1, 2)
    ]
    for i in range(1, 7):
        cv2.imwrite(str(tmp_path / f"{i}.png"), rng.integers(0, 256, (64, 64, 3), np.uint8))
    return read_coco(write(tmp_path, data))


def made(coco: CocoFile, *sources: str, progress: Any = None, **changes: Any) -> Evidence:
    folder = coco.path.parent
    chosen: dict[str, Any] = {"evidence_dir": folder / "kept", **changes}
    options = EvidenceOptions(sources, backbone="hog", folds=3, **chosen)
    return gather(coco, options, set(), images=folder, execution=Execution(1, progress=progress))


def test_features_and_folds(coco: CocoFile) -> None:
    told: list[tuple[int, int]] = []
    evidence = made(coco, "features", progress=lambda *done: told.append(done))
    features = evidence.require("features")
    assert (features.dtype, len(features)) == (np.float16, 12)
    assert told[-1] == (12, 12)
    # Both annotations of a picture are of one fold.
    folds = evidence.require("folds")
    assert (folds[0::2] == folds[1::2]).all()
    assert evidence.supercategories == ("animal", "animal", "person")
    (source,) = evidence.provenance["sources"]
    assert (source["backbone"], source["blocks"]["geometry"]) == ("hog", 10)


def test_hog_needs_no_torch(coco: CocoFile, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = made(coco, "features", evidence_dir=coco.path.parent / "with torch")
    monkeypatch.setitem(sys.modules, "torch", None)
    without = made(coco, "features")
    np.testing.assert_array_equal(without.require("features"), plain.require("features"))


def test_crops_and_features_share_their_folds(
    coco: CocoFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = made(coco, "crops", "features")
    np.testing.assert_array_equal(both.require("folds"), made(coco, "crops").require("folds"))
    # Plans that differ are refused.

    def other(*given: Any) -> Any:
        folds, notes = plan_folds(*given)
        return (folds + 1) % 3, notes

    monkeypatch.setattr(maker, "plan_folds", other)
    with pytest.raises(UsageError, match="two sources of evidence both give folds"):
        made(coco, "crops", "features", seed=1)


def test_other_labels_cost_no_network(coco: CocoFile, monkeypatch: pytest.MonkeyPatch) -> None:
    first = made(coco, "features")

    def never(*given: Any) -> Any:
        raise AssertionError("described again")

    monkeypatch.setattr(maker, "describe", never)
    relabelled = CocoFile(**{**vars(coco), "category_ids": coco.category_ids[::-1].copy()})
    again = made(relabelled, "features")
    assert (again.labels != first.labels).any()
    np.testing.assert_array_equal(again.require("features"), first.require("features"))
    monkeypatch.undo()
    moved = coco.take(np.arange(11))
    assert len(made(moved, "features").require("features")) == 11
