"""What a training is on is written down, to the annotation."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from benchmark_n.coco import read_coco
from benchmark_n.training.mmdet.folds import fold_images
from benchmark_n.training.subset import write_subset
from tests.samples import document, write

RECIPE = {"source": {"file": "corrected.json", "sha256": "ab" * 32, "more": 1}}


@pytest.mark.parametrize("fold", [None, {"count": 2, "fold": 1, "seed": 3}])
def test_the_exact_subset(tmp_path: Path, fold: dict[str, int] | None) -> None:
    data = document()
    coco = read_coco(path := write(tmp_path, data))
    write_subset(tmp_path, coco, RECIPE, fold)
    told = json.loads((tmp_path / "subset.json").read_text())
    expected = {image["id"] for image in data["images"]}
    if fold is not None:
        folds = fold_images(coco, 2, 3)
        expected = {image for image in expected if folds[image] == 0}
        assert 0 < len(expected) < len(data["images"])
    assert set(told["images"]) == expected
    assert told["annotations"] == [
        one["id"] for one in data["annotations"] if one["image_id"] in expected
    ]
    assert told["labels"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert told["source"] == {"file": "corrected.json", "sha256": "ab" * 32}
