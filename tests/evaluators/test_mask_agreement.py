"""Agreement of noisy with clean labels against IoUs and matching by independent means."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from scipy.optimize import linear_sum_assignment

from benchmark_n import Benchmark
from benchmark_n.evaluators.label_quality.mask_agreement import mask_agreement
from tests import making


def by_image_and_category(records: Any) -> dict[tuple[int, int], list[Any]]:
    found: dict[tuple[int, int], list[Any]] = {}
    for record in records:
        found.setdefault((record["image_id"], record["category_id"]), []).append(record)
    return found


def test_mean_iou_is_that_of_the_masks(scenes_hard: Benchmark) -> None:
    clean = {record["id"]: record["segmentation"] for record in scenes_hard.clean().records()}
    noisy = {i: record["segmentation"] for i, record in making.source_records(scenes_hard).items()}
    ious = [coco_mask.iou([mask], [clean[i]], [0])[0, 0] for i, mask in noisy.items()]
    found = mask_agreement(scenes_hard.manifest(), scenes_hard.noisy().categories)
    assert found.mean_iou == pytest.approx(np.mean(ious))
    assert (found.clean, found.noisy) == (len(clean), len(noisy))


@pytest.mark.parametrize("place", [0, 1])
def test_f1_and_panoptic_quality_are_those_of_the_best_matching(
    scenes_hard: Benchmark, place: int
) -> None:
    threshold = (0.5, 0.75)[place]
    clean = by_image_and_category(scenes_hard.clean().records())
    noisy = by_image_and_category(scenes_hard.noisy().records())
    categories = sorted({category for _, category in [*clean, *noisy]})
    quality, hits, labels = [], 0, 0
    for category in categories:
        matched, count, pair_count = 0.0, 0, 0
        for key in {k for k in [*clean, *noisy] if k[1] == category}:
            a, b = clean.get(key, []), noisy.get(key, [])
            pair_count += len(a) + len(b)
            if a and b:
                masks = [[r["segmentation"] for r in side] for side in (b, a)]
                ious = np.asarray(coco_mask.iou(*masks, [0] * len(a)))
                good = np.where(ious >= threshold, ious, 0)
                chosen = good[linear_sum_assignment(-good)]
                matched += chosen.sum()
                count += int((chosen > 0).sum())
        quality.append(2 * matched / pair_count)
        hits, labels = hits + count, labels + pair_count
    found = mask_agreement(scenes_hard.manifest(), scenes_hard.noisy().categories).at[place]
    assert found["threshold"] == threshold
    assert found["f1"] == pytest.approx(2 * hits / labels)
    assert found["panoptic_quality"] == pytest.approx(np.mean(quality))


def test_sizes_and_categories_split_the_labels(scenes_hard: Benchmark) -> None:
    rows = scenes_hard.manifest().to_pandas()
    categories = scenes_hard.noisy().categories
    found = mask_agreement(scenes_hard.manifest(), categories)
    for size, group in found.by_size.items():
        members = rows[rows["size"] == size]
        right = (members["iou"] >= 0.5) & (members["category_id"] == members["noisy_category_id"])
        assert group["clean"] == len(members)
        assert group["mean_iou"] == pytest.approx(members["iou"].mean())
        assert group["f1"] == pytest.approx(
            2 * right.sum() / (len(members) + (~members["deleted"]).sum())
        )
    names = {category.id: category.name for category in categories.values()}
    means = rows.groupby(rows["category_id"].map(names))["iou"].mean()
    noisy = rows["noisy_category_id"].map(names).value_counts()
    for name, group in found.by_category.items():
        assert group["mean_iou"] == pytest.approx(means[name])
        assert group["noisy"] == noisy[name]
