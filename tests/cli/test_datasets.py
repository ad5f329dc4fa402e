"""The commands datasets, convert, fetch and export, as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pycocotools.coco import COCO

pytest.importorskip("SimpleITK")

from benchmark_n.cli import run
from tests.datasets.trees import CITYSCAPES_VALUES, street, write_cityscapes


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCHMARK_N_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BENCHMARK_N_DATA", str(tmp_path / "data"))


def test_datasets(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["datasets"]) == 0
    text = capsys.readouterr().out
    assert "cityscapes (CityScapes-N)" in text
    assert "benchmark-n fetch viper" in text
    assert run(["datasets", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["datasets"]
    assert {"phantom", "camus", "lvis"} <= {entry["name"] for entry in listed}


def test_convert(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = street((400, 420), CITYSCAPES_VALUES, 7, 0)
    root = tmp_path / "data" / "cityscapes"
    write_cityscapes(root, "val", {"ulm_000000_000019": labels, "ulm_000001_000019": labels})
    bad = next((root / "gtFine").rglob("ulm_000001*.png"))
    bad.write_bytes(b"")
    call = [
        "convert",
        "--dataset",
        "cityscapes",
        "--split",
        "val",
        "--workers",
        "1",
        "-q",
        "--out",
        str(tmp_path / "val.json"),
    ]
    assert run(call) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "ulm_000001_000019_gtFine_instanceIds.png" in error
    assert run([*call, "--skip-bad", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert done["images"] == 1
    assert done["skipped"][0]["name"] == "ulm_000001_000019"
    assert len(COCO(done["annotations"]).anns) == done["instances"] + done["crowds"]


def test_convert_needs_no_conversion_for_coco(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["convert", "--dataset", "coco", "--out", str(tmp_path / "x.json"), "-q"]) == 2
    assert "coco has annotations in COCO form already" in capsys.readouterr().err


def test_fetch_prints_the_steps(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("cityscapes", "viper", "camus"):
        assert run(["fetch", name]) == 0
        assert capsys.readouterr().out.startswith("1. ")
    assert run(["fetch", "nothing"]) == 1


def test_a_missing_dataset_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("coco", "lvis", "cityscapes", "viper", "camus"):
        assert run(["make", "--dataset", name, "--tier", "easy", "-q"]) == 1
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert f"benchmark-n fetch {name}" in error


def test_phantom_from_make_to_label_maps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "phantom"
    call = ["make", "--dataset", "phantom", "--tier", "camus-low", "--num-images", "8", "-q"]
    assert run([*call, "--workers", "2", "--out", str(out), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)["summary"]
    assert summary["annotations"] == 24
    assert summary["noises"]["localization"]["applied"] == 8
    assert summary["noises"]["scale"]["applied"] == 4
    assert run(["export", str(out), "--labelmaps", str(tmp_path / "maps"), "-q"]) == 0
    assert len(list((tmp_path / "maps").rglob("*_gt.nii.gz"))) == 8
    images = COCO(str(next((out / "annotations").glob("phantom_train.json")))).dataset["images"]
    pictures = tmp_path / "cache" / "converted"
    assert all(next(pictures.glob(f"*/images/{i['file_name']}")).is_file() for i in images)
