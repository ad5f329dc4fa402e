"""Features of labels against scikit-image and plain counting; boosting against scikit-learn."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import measure
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmark_n import Benchmark
from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.errors import InputError
from benchmark_n.evaluators.leakage import boosting
from benchmark_n.evaluators.leakage.boosting import told_by
from benchmark_n.evaluators.leakage.label_features import (
    box_features,
    category_features,
    image_features,
    mask_features,
)
from benchmark_n.evaluators.leakage.labels_alone import labels_alone, measured_rows
from benchmark_n.evaluators.leakage.records import COLUMNS, published_input
from benchmark_n.masks import CropMask, crops_to_rles
from tests import making


def test_image_features_are_counts() -> None:
    random = np.random.default_rng(0)
    images, categories = random.integers(0, 9, 60), random.integers(0, 4, 60) * 10
    found = image_features(images, categories)
    pairs = Counter(zip(images.tolist(), categories.tolist(), strict=True))
    common = [c for c, _ in Counter(categories.tolist()).most_common()]
    for row, image, category in zip(found, images.tolist(), categories.tolist(), strict=True):
        number = sum(count for (i, _), count in pairs.items() if i == image)
        kinds = [pairs[image, c] for c in common]
        own = pairs[image, category]
        assert row[:4].tolist() == [own, own / number, number, sum(k > 0 for k in kinds)]
        assert sorted(row[4:].tolist()) == sorted(kinds)


def test_rare_categories_are_one() -> None:
    found = category_features(np.concatenate([np.arange(900), np.zeros(5, np.int64)]))
    assert found.max() == 254
    assert found[0] == found[-1] == 0


def test_box_features() -> None:
    found = box_features(np.array([[0.0, 5, 20, 10]]), np.array([[40.0, 20]]))
    expected = [0, 0.25, 0.5, 0.5, np.log1p(200), np.log(21 / 11), 1]
    assert found[0].tolist() == pytest.approx(expected)


def test_mask_features_against_scikit_image() -> None:
    shapes: Any = measure
    random = np.random.default_rng(1)
    masks = []
    for _ in range(20):
        mask = np.zeros((60, 70), np.uint8)
        for x, y, w, h in random.integers(3, 30, (4, 4)).tolist():
            mask[y : y + h, x : x + w] ^= 1
        masks.append(mask)
    found = mask_features(crops_to_rles([CropMask.from_full(mask) for mask in masks]))
    for mask, row in zip(masks, found, strict=True):
        whole = shapes.regionprops(mask.astype(int))[0]
        assert row[0] == pytest.approx(whole.extent)
        assert row[5] == pytest.approx(np.log1p(whole.area))
        parts = shapes.label(mask, connectivity=2)
        assert row[7] == parts.max()
        holes = shapes.label(np.pad(mask, 1) == 0, connectivity=1).max() - 1
        assert row[6] == holes
        column = np.concatenate([[0], mask.T.ravel()])
        assert row[-1] == (np.diff(column) != 0).sum() + 1
    assert np.isfinite(mask_features(crops_to_rles([CropMask.from_full(masks[0] * 0)]))).all()


def test_figures_are_out_of_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    """A feature that names the unit tells nothing; one that tells does, as scikit-learn has it."""
    random = np.random.default_rng(2)
    units = np.repeat(np.arange(60), 10)
    wrong = np.repeat(random.random(60) < 0.3, 10)
    named = told_by("box", "class error", units[:, None].astype(float), wrong, units)
    assert named.auroc is not None
    assert named.auroc < 0.65
    plain, kept = boosting._out_of_fold, []

    def kept_scores(*inputs: Any) -> Any:
        kept.append(plain(*inputs))
        return kept[-1]

    monkeypatch.setattr(boosting, "_out_of_fold", kept_scores)
    telling = (wrong + random.normal(0, 0.7, 600))[:, None]
    found = told_by("mask", "class error", telling, wrong, units)
    assert found.auroc == round(roc_auc_score(wrong, kept[0]), 2)
    assert found.auprc == pytest.approx(average_precision_score(wrong, kept[0]), abs=0.02)
    assert found.share == round(wrong.mean(), 3)
    assert roc_auc_score(wrong, kept[0]) > 0.7


def test_nothing_to_compare() -> None:
    values, units = np.zeros((4, 1)), np.arange(4)
    for wrong in (np.zeros(4, bool), np.ones(4, bool)):
        assert told_by("box", "class error", values, wrong, units).auroc is None
    one = told_by("box", "class error", values, np.arange(4) < 2, np.zeros(4, np.int64))
    assert one.auroc is None


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    with pytest.raises(InputError, match=r"needs sklearn.*'.\[detect\]'"):
        told_by("box", "class error", np.zeros((4, 1)), np.arange(4) < 2, np.arange(4))


def test_a_category_without_a_sibling_tells_of_itself(val2014: Path, tmp_path: Path) -> None:
    """Of COCO's people none is ever confused, and a mask that was opened is smooth."""
    b = making.make("coco", "hard", annotations=val2014, out=tmp_path / "b", workers=1)
    coco = b.noisy()
    published, truth = published_input(b.manifest(list(COLUMNS)), coco)
    told = labels_alone(coco, published, truth, lambda ids: ids)
    found = {(one.target, one.features): one for one in told}
    assert found["class error", "category"].auroc > 0.65  # type: ignore[operator]
    assert found["changed mask", "mask"].auroc > 0.8  # type: ignore[operator]
    assert found["changed mask", "category"].auroc < 0.6  # type: ignore[operator]
    assert found["deletion", "image"].items == len(np.unique(published.image_ids))


def test_rows_of_whole_images(scenes_hard: Benchmark, monkeypatch: pytest.MonkeyPatch) -> None:
    coco = scenes_hard.noisy()
    published, _ = published_input(scenes_hard.manifest(list(COLUMNS)), coco)
    monkeypatch.setattr("benchmark_n.evaluators.leakage.labels_alone.MEASURED", 100)
    rows = measured_rows(published)
    assert 50 < len(rows) < 200
    taken = np.unique(published.image_ids[rows])
    assert len(rows) == np.isin(published.image_ids, taken).sum()
    assert len(masks_of(coco, rows.tolist())) == len(rows)
