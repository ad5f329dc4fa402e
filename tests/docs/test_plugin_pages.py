"""The "write a …" pages: their packages are installed and their commands run, as a reader would."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
from pycocotools.coco import COCO

from benchmark_n import load
from tests.docs.pages import DOCS, blocks, commands

PAGES = sorted(DOCS.glob("write-a-*.md"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of all pages, installed by pip in a folder of their own."""
    folder = tmp_path_factory.mktemp("plugins")
    for page in PAGES:
        package = folder / page.stem
        package.mkdir()
        (name,) = re.findall(r"^`(\w+\.py)`", page.read_text(), re.MULTILINE)
        (code,) = blocks(page, "python")
        (project,) = blocks(page, "toml")
        (package / name).write_text(code)
        (package / "pyproject.toml").write_text(project)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    packages = [str(folder / page.stem) for page in PAGES]
    command = [
        *pip,
        "--no-build-isolation",
        "--no-cache-dir",
        "--target",
        str(folder / "site"),
        *packages,
    ]
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    if installed.returncode:
        pytest.skip(f"pip cannot install here: {installed.stderr[-200:]}")
    return folder / "site"


def follow(page: str, site: Path, place: Path) -> list[str]:
    """Run a page's commands in `place`; what each printed."""
    path = os.pathsep.join([str(site), *(str(Path(p).resolve()) for p in sys.path)])
    printed = []
    for arguments in commands(DOCS / page):
        done = subprocess.run(
            [sys.executable, "-m", "benchmark_n", *arguments],
            cwd=place,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (arguments, done.stderr)
        printed.append(done.stdout)
    return printed


def test_all_four_are_there() -> None:
    kinds = ["dataset", "detector", "noise", "segmenter"]
    assert [page.stem for page in PAGES] == [f"write-a-{kind}" for kind in kinds]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.stem))
def test_examples_are_short(page: Path) -> None:
    (code,) = blocks(page, "python")
    assert len(code.splitlines()) < 40


def test_noise(site: Path, tmp_path: Path) -> None:
    follow("write-a-noise.md", site, tmp_path)
    (path,) = (tmp_path / "benchmarks").iterdir()
    rows: list[dict[str, Any]] = pq.read_table(path / "manifest.parquet").to_pylist()
    struck = [row for row in rows if row["grid_applied"]]
    assert 0 < len(struck) < len(rows)
    noisy = COCO(str(load(path).annotations))
    for row in struck:
        mask = noisy.annToMask(noisy.anns[row["annotation_id"]])
        # Every cell that lies in the image is of one value.
        start = -row["grid_offset"] % 8
        stop = start + (256 - start) // 8 * 8
        cells = mask[start:stop, start:stop].reshape((stop - start) // 8, 8, -1, 8)
        assert (cells.min(axis=(1, 3)) == cells.max(axis=(1, 3))).all()


def test_detector(site: Path, tmp_path: Path) -> None:
    listed, _, _ = follow("write-a-detector.md", site, tmp_path)
    assert any(line.startswith("odd_size") for line in listed.splitlines())
    out = tmp_path / "results" / "scenes" / "odd_size"
    results = json.loads((out / "results.json").read_text())
    assert results["detector"] == "odd_size"
    assert results["provenance"]["options"]["limit"] == 2.5
    rows = pq.read_table(out / "scores.parquet").to_pylist()
    benchmark = load(tmp_path / "benchmarks" / "scenes")
    assert {r["annotation_id"] for r in rows} == set(COCO(str(benchmark.annotations)).anns)


def test_dataset(site: Path, tmp_path: Path) -> None:
    maps = {}
    for number, split in enumerate(("train", "train", "val")):
        labels = np.zeros((60, 80), np.uint16)
        for cell in range(3):
            cv2.circle(labels, (15 + 22 * cell, 20 + 9 * number), 9, 300 + cell, -1)
        for kind, pixels in (("labels", labels), ("images", labels.astype(np.uint8))):
            folder = tmp_path / "cells" / kind / split
            folder.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / f"{number}.png"), pixels)
        maps[f"images/{split}/{number}.png"] = labels
    follow("write-a-dataset.md", site, tmp_path)
    clean = COCO(str(tmp_path / "cells_train.json"))
    assert len(clean.imgs) == 2
    for image in clean.imgs.values():
        records = [clean.anns[i] for i in clean.getAnnIds(imgIds=[image["id"]])]
        union = sum(clean.annToMask(record) for record in records)
        np.testing.assert_array_equal(union, maps[image["file_name"]] > 0)
    assert load(tmp_path / "benchmarks" / "cells").recipe["benchmark"] == "Cells-N"


def test_segmenter(site: Path, tmp_path: Path) -> None:
    _, printed = follow("write-a-segmenter.md", site, tmp_path)
    benchmark = load(tmp_path / "benchmarks" / "otsu")
    assert benchmark.recipe["segmenter"]["name"] == "otsu"
    assert "mean IoU" in printed
