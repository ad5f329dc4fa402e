"""The summary's figures, counted again with pandas."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark_n import Benchmark


def test_counts(scenes_hard: Benchmark) -> None:
    table = scenes_hard.manifest().to_pandas()
    summary = scenes_hard.summary
    assert summary["annotations"] == len(table)
    assert summary["deleted"] == table.deleted.sum()
    assert summary["changed_masks"] == (table.iou < 1).sum()
    surviving = table[~table.deleted]
    confused = surviving.category_id != surviving.noisy_category_id
    assert summary["changed_categories"] == confused.sum()
    assert summary["effective_class_rate"] == pytest.approx(confused.mean())
    assert summary["sizes"] == table["size"].value_counts().to_dict()
    for noise in ("approximation", "localization", "scale", "class_confusion", "deletion"):
        counts = summary["noises"][noise]
        assert counts["applied"] == table[f"{noise}_applied"].sum()
        assert sum(counts["by_size"].values()) == counts["applied"]
        reasons = table[f"{noise}_reason"].value_counts().to_dict()
        assert counts["not_applied"] == reasons
    changed = table.iou[table.iou < 1]
    assert summary["iou"]["mean"] == pytest.approx(changed.mean())
    assert summary["iou"]["quantiles"]["0.5"] == pytest.approx(np.median(changed))
    matrix = summary["class_confusion_matrix"]
    assert sum(entry["count"] for entry in matrix) == len(surviving)
