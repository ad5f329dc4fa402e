"""Agreement of labels by parts, against loops over a manifest's rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmark_n import Benchmark
from benchmark_n.coco.units import Units
from benchmark_n.evaluators.label_errors.bootstrap import group_weights, interval
from benchmark_n.evaluators.label_quality.agreement_slices import label_slices
from benchmark_n.evaluators.label_quality.mask_agreement import mask_agreement


def units_of(manifest: Any) -> Units:
    """Images by their last digit."""
    codes = np.asarray(manifest["image_id"].to_numpy(), np.int64) % 7
    return Units(codes, "sequence", tuple("0123456"))


def test_slices_are_the_plain_groups(scenes_hard: Benchmark) -> None:
    manifest, categories = scenes_hard.manifest(), scenes_hard.noisy().categories
    whole = mask_agreement(manifest, categories)
    parts = label_slices(manifest, units_of(manifest), 20, 0)
    for slices, groups in (
        (parts.by_size(), whole.by_size),
        (parts.by_category(categories), whole.by_category),
    ):
        assert slices
        for part in slices:
            expected = groups[part.value]
            for name in ("mean_iou", "mean_boundary_iou", "f1"):
                assert part.measures[name] == pytest.approx(expected[name])
            assert (part.counts["clean"], part.counts["noisy"]) == (
                expected["clean"],
                expected["noisy"],
            )
        values = [part.measures["mean_iou"] for part in slices]
        known = [value for value in values if value is not None]
        assert known == sorted(known)
    images = set(manifest["image_id"].to_pylist())
    (everything,) = parts.by_image(dict.fromkeys(images, "all"))
    for name in ("mean_iou", "mean_dice", "dice_all_labels"):
        assert everything.measures[name] == pytest.approx(getattr(whole, name))


def test_dice_is_that_of_the_ious_and_lost_labels_have_none(scenes_hard: Benchmark) -> None:
    manifest = scenes_hard.manifest()
    rows = manifest.to_pandas()
    rows = rows[~rows.crowd]
    dice = 2 * rows.iou / (1 + rows.iou)
    found = mask_agreement(manifest, scenes_hard.noisy().categories)
    assert found.mean_dice == pytest.approx(dice.mean())
    assert found.dice_all_labels == pytest.approx(dice.fillna(0).mean())


def test_intervals_are_over_units(scenes_hard: Benchmark) -> None:
    manifest = scenes_hard.manifest()
    units = units_of(manifest)
    rows = manifest.to_pandas()
    drawn = []
    for weights in np.concatenate(list(group_weights(7, 30, 4, 30))):
        taken = np.repeat(rows.iou.to_numpy(), np.where(rows.crowd, 0, weights[units.codes]))
        drawn.append(np.nanmean(taken))
    found = label_slices(manifest, units, 30, 4).intervals()["mean_iou"]
    assert found == pytest.approx(interval(np.array(drawn)))


def test_without_rows_nothing_is_defined(scenes_hard: Benchmark) -> None:
    manifest = scenes_hard.manifest().slice(0, 0)
    units = Units(np.zeros(0, np.int64), "image", ())
    found = label_slices(manifest, units, 20, 0)
    assert set(found.intervals().values()) == {None}
    assert {value for part in found.by_size() for value in part.measures.values()} == {None}
