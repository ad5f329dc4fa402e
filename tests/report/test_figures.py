"""Principal axes of features that vary little or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from benchmark_n.cli import run
from benchmark_n.report import figures

RANDOM = np.random.default_rng(3)


@pytest.mark.parametrize("shape", [(60, 7), (9, 40), (40, 40), (3, 5), (2, 9)])
def test_the_axes_are_those_of_scikit_learn(shape: tuple[int, int]) -> None:
    rows = RANDOM.normal(size=shape)
    points = figures._two_components(rows)
    scaled = (rows - rows.mean(0)) / rows.std(0)
    expected = PCA(2, svd_solver="full").fit_transform(scaled)
    for axis in range(2):
        ours, theirs = points[:, axis], expected[:, axis]
        assert np.allclose(ours, theirs, atol=1e-6) or np.allclose(ours, -theirs, atol=1e-6)


@pytest.mark.parametrize(
    "rows",
    [
        np.ones((10, 5)),
        np.zeros((1, 4)),
        np.repeat(RANDOM.normal(size=(1, 8)), 6, axis=0),
        np.outer(np.arange(6.0), np.arange(8.0)),
        np.ones((4, 1)),
    ],
)
def test_features_of_one_value_have_a_map(rows: NDArray[np.float64]) -> None:
    points = figures._two_components(rows)
    assert points.shape == (len(rows), 2)
    assert np.isfinite(points).all()
    assert figures.embedding_map(rows, np.linspace(0, 1, len(rows))).startswith("data:image/png")


def test_square_pictures_of_one_colour(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each annotation is its whole picture, and all crops are alike."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for i in range(1, 13):
        cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((64, 64, 3), 120, np.uint8))
        images.append({"id": i, "width": 64, "height": 64, "file_name": f"{i}.png"})
        whole = [[0, 0, 64, 0, 64, 64, 0, 64]]
        record = {"id": i, "image_id": i, "category_id": 1 + i % 2, "segmentation": whole}
        annotations.append({**record, "area": 4096, "bbox": [0, 0, 64, 64], "iscrowd": 0})
    categories = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
    path = tmp_path / "in.json"
    document = {"images": images, "annotations": annotations, "categories": categories}
    path.write_text(json.dumps(document))
    words = ["detect", "--annotations", str(path), "--images", str(tmp_path), "--backbone", "hog"]
    words += ["--detector", "cleanlab"]
    assert run([*words, "--out", str(tmp_path / "out"), "-q"]) == 0
    assert "report.html" in capsys.readouterr().out
