"""Folds of images for out-of-fold training keep units whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark_n.coco.read import read_coco
from benchmark_n.errors import UsageError
from benchmark_n.training.mmdet.folds import fold_images
from tests.samples import document, write


def test_volumes_stay_in_one_fold(tmp_path: Path) -> None:
    data = document()
    data["images"] = [
        {"id": i + 1, "width": 64, "height": 60, "file_name": f"{i}.png", "volume_id": i // 10}
        for i in range(60)
    ]
    coco = read_coco(write(tmp_path, data))
    folds = fold_images(coco, 3)
    assert all(len({folds[i + 1] for i in range(v * 10, v * 10 + 10)}) == 1 for v in range(6))
    assert sorted(folds.values()) == sorted([0, 1, 2] * 20)
    with pytest.raises(UsageError, match="7 folds for 6 volumes by volume_id"):
        fold_images(coco, 7)
