"""The caches of datasets: damaged, cut or out of date, they give what a fresh one gives."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark_n.datasets.base import DATASETS
from benchmark_n.datasets.open import open_source
from benchmark_n.datasets.phantom import adapter as phantom_adapter
from benchmark_n.datasets.request import Source, SourceOptions
from benchmark_n.datasets.scenes import adapter as scenes_adapter
from benchmark_n.runtime.execution import Execution
from tests.datasets.trees import write_cityscapes
from tests.fuzzing.picture_inputs import _small


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCHMARK_N_CACHE", str(tmp_path / "cache"))
    # Each damage has all of it drawn anew: a patient and ten scenes to validate on will do.
    monkeypatch.setitem(phantom_adapter.NUM_PATIENTS, "val", 1)
    monkeypatch.setitem(scenes_adapter.NUM_IMAGES, "val", 10)


def streets(root: Path) -> Path:
    frames = {f"town_00000{i}_000019": _small([26000 + i, 26001, 24]) for i in range(2)}
    for split in ("train", "val"):
        write_cityscapes(root, split, frames)
    return root


def scenes(folder: Path) -> Source:
    return open_source(DATASETS.load("scenes"), SourceOptions(num_images=3))


def phantom(folder: Path) -> Source:
    return open_source(DATASETS.load("phantom"), SourceOptions(num_images=4), Execution(workers=1))


def cityscapes(folder: Path) -> Source:
    root = folder / "streets"
    if not root.is_dir():
        streets(root)
    return open_source(DATASETS.load("cityscapes"), SourceOptions(root), Execution(workers=1))


OPENERS: dict[str, Callable[[Path], Source]] = {
    "scenes": scenes,
    "phantom": phantom,
    "cityscapes": cityscapes,
}


def contents(cache: Path) -> dict[str, bytes]:
    return {
        path.relative_to(cache).as_posix(): path.read_bytes()
        for path in cache.rglob("*")
        if path.is_file()
    }


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _changed(data: bytes) -> bytes:
    return data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]


@pytest.mark.parametrize("damage", [_cut, _changed], ids=["cut", "a bit"])
@pytest.mark.parametrize("name", OPENERS)
def test_each_damaged_file_of_a_cache_is_made_again(
    tmp_path: Path,
    name: str,
    damage: Callable[[bytes], bytes],
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = OPENERS[name](tmp_path)
    cache = tmp_path / "cache"
    whole = contents(cache)
    times = {path: path.stat().st_mtime_ns for path in cache.rglob("*") if path.is_file()}
    # A file of each kind: all of them would take long. A phantom that is drawn again is converted
    # again too.
    chosen = [p for p in times if not (name == "phantom" and "converted" in p.parts)]
    for path in {path.suffix: path for path in chosen if path.stat().st_size > 9}.values():
        caplog.clear()
        path.write_bytes(damage(path.read_bytes()))
        os.utime(path, ns=(times[path], times[path]))
        again = OPENERS[name](tmp_path)
        warned = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
        assert len(warned) == 1, warned
        assert "it is made again" in warned[0]
        if name != "phantom":
            assert again == first
            assert contents(cache) == whole
        assert again.annotations.read_bytes() == first.annotations.read_bytes()


def test_a_label_map_with_the_same_size_and_time_is_read_anew(tmp_path: Path) -> None:
    first = cityscapes(tmp_path)
    before = first.annotations.read_bytes()
    path = next((tmp_path / "streets" / "gtFine" / "train").rglob("*_instanceIds.png"))
    status = path.stat()
    write_cityscapes(tmp_path / "other", "train", {"town_000000_000019": _small([24, 24, 26000])})
    data = next((tmp_path / "other" / "gtFine").rglob("*_instanceIds.png")).read_bytes()
    path.write_bytes(data.ljust(status.st_size, b"\0"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size
    again = cityscapes(tmp_path)
    assert again.annotations.read_bytes() != before
    assert first.annotations.read_bytes() == before


def test_pictures_of_which_only_the_size_is_read_are_not_hashed(tmp_path: Path) -> None:
    first = cityscapes(tmp_path)
    path = next((tmp_path / "streets" / "leftImg8bit" / "train").rglob("*.png"))
    status = path.stat()
    path.write_bytes(_changed(path.read_bytes()))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert cityscapes(tmp_path) == first
