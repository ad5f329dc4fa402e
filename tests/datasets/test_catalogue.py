"""The list of datasets."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark_n.datasets.catalogue import catalogue
from tests.datasets.trees import CITYSCAPES_VALUES, street, write_cityscapes


def test_what_is_there_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCHMARK_N_DATA", str(tmp_path))
    labels = street((400, 420), CITYSCAPES_VALUES, 7, 0)
    write_cityscapes(tmp_path / "cityscapes", "val", {"ulm_000000_000019": labels})
    (tmp_path / "lvis").mkdir()
    (tmp_path / "lvis" / "lvis_v0.5_val.json").write_text("{}")
    entries = {entry.dataset.name: entry for entry in catalogue()}
    assert list(entries) == [
        "coco",
        "lvis",
        "cityscapes",
        "viper",
        "camus",
        "phantom",
        "scenes",
        "imagefolder",
        "custom",
    ]
    assert entries["cityscapes"].found == ("val",)
    assert entries["cityscapes"].root == tmp_path / "cityscapes"
    assert entries["lvis"].found == ("val-v0.5",)
    assert entries["coco"].found == entries["viper"].found == entries["custom"].found == ()
    assert entries["phantom"].found == ("train", "val")
    assert all(entry.to_dict()["licence"] for entry in entries.values())
