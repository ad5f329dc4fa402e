"""A benchmark that came from elsewhere opens no folder of this machine."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

import benchmark_n
from benchmark_n import Benchmark
from benchmark_n.benchmark import layout
from benchmark_n.benchmark.local import local_entries
from benchmark_n.cli import run
from benchmark_n.files.cache import machine_key

SECRET = (255, 0, 255)


@pytest.fixture
def private(scenes_hard: Benchmark, tmp_path: Path) -> Path:
    """Pictures of this machine, by the names that the benchmark's have."""
    folder = tmp_path / "private"
    folder.mkdir()
    for image in scenes_hard.noisy().images.values():
        picture = np.full((image.height, image.width, 3), SECRET, np.uint8)
        cv2.imwrite(str(folder / str(image.file_name)), picture)
    return folder


@pytest.fixture
def foreign(scenes_hard: Benchmark, private: Path, tmp_path: Path) -> Path:
    """Somebody's archive, unpacked: its `local.yaml` names the pictures."""
    path = Path(shutil.copytree(scenes_hard.path, tmp_path / "theirs"))
    (path / layout.LOCAL).write_text(yaml.safe_dump({"images": str(private), "val_images": None}))
    return path


def shown(path: Path) -> bool:
    """Whether a page's picture has pixels of the private ones."""
    pixels = cv2.imread(str(path))
    assert pixels is not None
    return bool((pixels == SECRET).all(2).any())


def test_a_folder_that_was_not_named_here_is_not_looked_into(
    foreign: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    benchmark = benchmark_n.load(foreign)
    with caplog.at_level(logging.WARNING):
        benchmark_n.show(benchmark, tmp_path / "a.png")
        assert benchmark.images is benchmark.val_images is None
    assert not shown(tmp_path / "a.png")
    assert [record.getMessage().endswith("`images=DIR`") for record in caplog.records] == [True]


def test_the_user_may_name_it(foreign: Path, private: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.png"
    assert run(["show", str(foreign), "--images", str(private), "--out", str(out)]) == 0
    assert shown(out)


def test_ones_own_is_believed_wherever_it_is_moved(scenes_hard: Benchmark, tmp_path: Path) -> None:
    moved = benchmark_n.load(shutil.copytree(scenes_hard.path, tmp_path / "moved"))
    assert moved.images == scenes_hard.images
    assert moved.images is not None
    assert moved.images.is_dir()


@pytest.mark.parametrize("how", ["key", "folder", "benchmark", "null"])
def test_a_code_goes_with_its_key_folder_and_benchmark(
    scenes_hard: Benchmark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    path = Path(shutil.copytree(scenes_hard.path, tmp_path / "copy"))
    local = yaml.safe_load((path / layout.LOCAL).read_text())
    if how == "key":
        monkeypatch.setenv("BENCHMARK_N_CACHE", str(tmp_path / "other user"))
        assert machine_key(create=True)
    elif how == "folder":
        local["images"] = str(tmp_path)
    elif how == "benchmark":
        (path / layout.CHECKSUMS).write_text("# manifest rows: 0\n")
    else:
        local["made_here"] = None
    (path / layout.LOCAL).write_text(yaml.safe_dump(local))
    assert benchmark_n.load(path).images is None


def test_a_key_is_drawn_once_and_kept_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCHMARK_N_CACHE", str(tmp_path / "cache"))
    assert machine_key(create=False) is None
    key = machine_key(create=True)
    assert key is not None
    assert len(key) == 32
    assert machine_key(create=True) == machine_key(create=False) == key
    (file,) = (tmp_path / "cache").iterdir()
    assert file.stat().st_mode & 0o077 == 0


def test_without_a_key_images_have_to_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BENCHMARK_N_CACHE", str(tmp_path / "file" / "cache"))
    (tmp_path / layout.CHECKSUMS).write_text("")
    entries = local_entries(tmp_path, {"images": tmp_path, "val_images": None})
    assert entries["made_here"] is None
    assert "images have to be named" in caplog.text
