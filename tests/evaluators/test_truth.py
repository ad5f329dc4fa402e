"""Rules for spatial errors: nothing is dropped in silence, and pairs have bars of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import benchmark_n
from benchmark_n import SourceOptions, SpatialTruth
from benchmark_n.evaluators.label_errors.other_truths import truth_warnings
from benchmark_n.evaluators.label_errors.truth import (
    float_values,
    pair_bars,
    spatial_errors,
    surviving,
)


def rows(iou: list[float], **columns: Any) -> Any:
    count = len(iou)
    return pa.table(
        {
            "annotation_id": range(count),
            "image_id": [1] * count,
            "origin": ["source"] * count,
            "crowd": [False] * count,
            "deleted": [False] * count,
            "category_id": [1] * count,
            "noisy_category_id": [1] * count,
            "size": ["large"] * count,
            "iou": iou,
            "boundary_iou": iou,
            "noisy_area": [9] * count,
            **columns,
        }
    )


def test_noised_masks_of_large_objects_are_no_longer_dropped_in_silence(
    tmp_path: Path, val2014: Path
) -> None:
    made = benchmark_n.make(
        "custom", "easy", out=tmp_path / "b", source=SourceOptions(annotations=val2014)
    )
    table = surviving(made.manifest())
    large = np.array(table["size"].to_pylist()) == "large"
    changed = table["iou"].to_numpy() < 1
    before = spatial_errors(table, SpatialTruth("mask-iou", 0.9, leave_out=True))
    # The fault: most changed masks of large objects were neither wrong nor right.
    assert (before.ignored & changed & large).sum() > 0.9 * (changed & large).sum()
    now = spatial_errors(table)
    assert not now.ignored.any()
    assert (now.wrong & large).sum() > 10 * (before.wrong & large).sum()


def test_most_right_masks_left_out_is_said() -> None:
    table = rows([0.95] * 6 + [1.0] * 5 + [0.5] * 3)
    assert truth_warnings(table, SpatialTruth("mask-iou")) == ()
    (line,) = truth_warnings(table, SpatialTruth("mask-iou", leave_out=True))
    assert "6 masks that changed by less than the bar of truth mask-iou are left out, 5" in line
    assert truth_warnings(table.slice(2), SpatialTruth("mask-iou", leave_out=True)) == ()


def test_spurious_masks_are_no_right_ones_left_out() -> None:
    table = rows([0.5, 1.0], origin=["source", "source"])
    spurious = rows([None] * 9, origin=["spurious"] * 9)  # type: ignore[list-item]
    both = pa.concat_tables([table, spurious.cast(table.schema)])
    assert spatial_errors(both).ignored.sum() == 9
    assert truth_warnings(both, SpatialTruth()) == ()


def test_boxes_are_wrong_by_their_own_iou() -> None:
    """They have no boundary IoU: the fault was that none was wrong."""
    edges = pa.array([0.95, 0.5, None, None, None], pa.float64())
    table = rows([0.99, 0.8, 0.95, 0.5, 1.0], boundary_iou=edges)
    found = spatial_errors(table)
    assert found.wrong.tolist() == [False, True, False, True, False]
    assert not found.ignored.any()


def test_bars_of_a_pair_are_the_raters_own(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "lvis_double"
    made = benchmark_n.import_pair(folder / "A.json", folder / "B.json", out=tmp_path / "b")
    table = surviving(made.manifest())
    bars = pair_bars(table, 0.1)
    assert [round(bars[size] or 0, 2) for size in ("small", "medium", "large")] == [
        0.65,
        0.78,
        0.82,
    ]
    labels = spatial_errors(table, SpatialTruth("pair-quantile"))
    counted = ~labels.ignored
    # 89 pairs overlap by less than half: all of these are wrong, and set no bar.
    poor = float_values(table["iou"]) < 0.5
    assert (counted.sum(), poor.sum(), labels.wrong[poor].sum()) == (1495, 89, 89)
    assert labels.wrong[counted & ~poor].mean() == pytest.approx(0.1, abs=0.01)
    # The fault: by any bar near 1 hardly a mask of a real pair is right.
    assert (~spatial_errors(table, SpatialTruth("changed")).wrong[counted]).sum() == 1
    (line,) = truth_warnings(table, SpatialTruth("changed"))
    assert "only 1 of 1495 masks count as right" in line
    assert truth_warnings(table, SpatialTruth("pair-quantile")) == ()
    stated = SpatialTruth("pair-quantile").to_dict(table)
    assert (stated["bar"], stated["bars"]) == (0.1, bars)
