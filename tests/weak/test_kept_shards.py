"""Shards of a weak run that was stopped: whole ones are taken, damaged ones made again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark_n import Benchmark
from benchmark_n.coco.images import read_rgb
from benchmark_n.files.cache import cache_folder
from tests import making
from tests.generation.test_weak import bytes_of, make
from tests.review.samples import source


def _stopped(
    monkeypatch: pytest.MonkeyPatch, images: int, then: Callable[[], None]
) -> Callable[..., Any]:
    """`read_rgb` for so many images; what comes then instead of the next."""
    left = [images]

    def counted(path: Path, image: Any) -> Any:
        if not left[0]:
            then()
        left[0] -= 1
        return read_rgb(path, image)

    monkeypatch.setattr("benchmark_n.weak.engine.read_rgb", counted)
    return counted


def _interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("damage", ["cut", "a bit", "empty"])
def test_damaged_shards_are_made_again(
    tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("BENCHMARK_N_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("benchmark_n.weak.shards.BLOCK", 2)
    whole = make(tmp_path / "whole", "wan-mid", segmenter="grabcut")
    _stopped(monkeypatch, 5, _interrupt)
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / "again", "wan-mid", segmenter="grabcut")
    shards = sorted((cache_folder() / "weak").glob("*/*.arrow"))
    assert len(shards) == 2
    for path in shards:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(bytes({"cut": data[:-40], "a bit": data, "empty": b""}[damage]))
    _stopped(monkeypatch, 100, _interrupt)
    caplog.clear()
    again = make(tmp_path / "again", "wan-mid", segmenter="grabcut")
    assert bytes_of(again) == bytes_of(whole)
    warned = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert len(warned) == 1
    assert warned[0].endswith("2 damaged files: they were made again")
    assert not list((cache_folder() / "weak").iterdir())


def test_a_shard_of_another_picture_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture changes while its size and time stay."""
    monkeypatch.setenv("BENCHMARK_N_CACHE", str(tmp_path / "cache"))
    path = source(tmp_path)
    options: dict[str, Any] = {"annotations": path, "images": tmp_path, "workers": 1}
    picture = tmp_path / "b.png"
    written, status = picture.read_bytes(), picture.stat()
    picture.write_bytes(b"no picture".ljust(len(written)))
    os.utime(picture, ns=(1, 1))
    monkeypatch.setattr("benchmark_n.generation.weak.write_audited", lambda *a, **k: _interrupt())
    with pytest.raises(KeyboardInterrupt):
        making.make("custom", weak="box", skip_bad=True, out=tmp_path / "out", **options)
    monkeypatch.undo()
    monkeypatch.setenv("BENCHMARK_N_CACHE", str(tmp_path / "cache"))
    picture.write_bytes(written)
    os.utime(picture, ns=(1, 1))
    assert picture.stat().st_size == status.st_size
    made = making.make("custom", weak="box", skip_bad=True, out=tmp_path / "out", **options)
    assert made.summary["skipped"] == []


def test_a_run_leaves_the_shards_that_another_one_is_using(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run of the same begins and ends while the first is at work."""
    monkeypatch.setenv("BENCHMARK_N_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("benchmark_n.weak.shards.BLOCK", 2)
    done: list[Benchmark] = []

    def second() -> None:
        monkeypatch.setattr("benchmark_n.weak.engine.read_rgb", read_rgb)
        done.append(make(tmp_path / "second", "wan-mid", segmenter="grabcut"))

    _stopped(monkeypatch, 5, second)
    first = make(tmp_path / "first", "wan-mid", segmenter="grabcut")
    assert bytes_of(first) == bytes_of(done[0])
    assert not list((cache_folder() / "weak").iterdir())
