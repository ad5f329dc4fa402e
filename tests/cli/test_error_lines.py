"""Errors and warnings as the user of the command line reads them: whole lines, with flags."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmark_n.cli import run
from tests import making
from tests.review import samples
from tests.samples import SQUARE

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A benchmark, a review and other files that commands stumble over."""
    folder = tmp_path_factory.mktemp("lines")
    annotations = samples.source(folder)
    # Under its own ids, which the scores have.
    made = folder / "made"
    making.make(tier="hard", annotations=annotations, out=made, workers=1, keep_ids=True)
    samples.exported(folder)
    samples.decide(folder, {7: {"decision": "keep"}}).rename(folder / "decisions.csv")
    found = {"image_id": 1, "category_id": 1, "segmentation": SQUARE, "score": 0.5}
    (folder / "found.json").write_text(json.dumps([found]))
    (folder / "ef.json").write_text('{"mode": "ef", "name": "x", "results": {}}')
    pixels = np.zeros((20, 30, 3), np.uint8)
    for place in ("bad/cat", "bad/dog", "large/cat", "large/dog"):
        (folder / place).mkdir(parents=True)
        cv2.imwrite(str(folder / place / "1.png"), pixels[:, :5] if "dog" in place else pixels)
    (folder / "bad" / "cat" / "1.png").write_bytes(b"no picture")
    return folder


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (
            "make --tier hard --annotations clean.json --images photo",
            "photo: no such folder, expected the one of the images",
        ),
        (
            "show made --images photo --out show.png",
            "photo: no such folder, expected the one of the images",
        ),
        (
            "detect --annotations clean.json --images photo",
            "photo: no such folder, expected the one of the images",
        ),
        (
            "make --tier hard --dataset custom",
            "dataset custom needs --annotations FILE",
        ),
        (
            "make --tier hard --root nowhere --split val2017",
            "coco: no annotations/instances_val2017.json under nowhere: benchmark-n fetch coco "
            "--split val2017 downloads it, or name a file by --annotations or a folder by --root",
        ),
        (
            "make --tier hard --dataset cityscapes --root nowhere",
            "cityscapes: no folder gtFine/train under nowhere, expected gtFine_trainvaltest.zip "
            "unpacked (benchmark-n fetch cityscapes says how to get it; --root names another "
            "place)",
        ),
        (
            "make --tier hard --stride 2",
            "--stride and --skip-bad are for datasets that are converted from frames",
        ),
        (
            "make --tier hard --annotations instances.json --out made",
            "made: the output exists already: choose another or --overwrite",
        ),
        (
            "convert --dataset imagefolder --root bad --out instances.json",
            "instances.json: the output exists already: choose another or --overwrite",
        ),
        (
            "make --dataset imagefolder --recipe sym-5 --root nowhere",
            "nowhere: no such folder, expected one folder of images a class, or an .npz file with"
            " the arrays 'images' and 'labels' (--root)",
        ),
        (
            "make --dataset imagefolder --recipe sym-5 --root bad",
            "bad/cat/1.png: cannot be read as an image (--skip-bad leaves such out)",
        ),
        (
            "make --dataset imagefolder --recipe sym-5 --root large --max-pixels 500 --workers 1",
            "large/cat/1.png: cannot be read: 30x20 px, expected at most 500 pixels (--max-pixels"
            " or BENCHMARK_N_MAX_PIXELS allows more) (--skip-bad leaves such out)",
        ),
        (
            "detect --annotations instances.json --detector mc_dropout --evidence "
            "predictions:found.json",
            "detector 'mc_dropout' needs dropout_probs (--evidence crops)",
        ),
        (
            "detect --annotations instances.json --detector loss_separation --evidence "
            "predictions:found.json",
            "detector 'loss_separation' needs class_losses (--evidence losses or --evidence "
            "files:DIR)",
        ),
        (
            "review export --scores scores.parquet made --to csv --images bad --out none",
            "2 of 2 images are missing, the first is bad/a.png: name their folder with --images "
            "DIR",
        ),
        (
            "leaderboard ef.json",
            "ef.json: results of eval, mode ef, expected those of eval --detector",
        ),
        (
            "eval made --masks noisy --out made",
            "made: is a benchmark: results go elsewhere (--out)",
        ),
        (
            "review import review --decisions decisions.csv",
            "decisions.csv: annotation 7: nobody says who decided: name the reviewer with --who",
        ),
        (
            "review import review --decisions decisions.csv --who anna --annotations moved.json",
            "moved.json: the reviewed file is not there: name it with --annotations",
        ),
    ],
)
def test_an_error_names_the_flags(
    command: str,
    line: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
) -> None:
    monkeypatch.chdir(folder)
    assert run([*command.split(), "-q"]) in (1, 2)
    error = capsys.readouterr().err.replace(f"{folder}/", "")
    assert error == f"benchmark-n: error: {line}\n"


def test_a_logged_warning_names_the_flags(folder: Path) -> None:
    words = "review export --scores scores.parquet --annotations instances.json --to csv --out bare"
    command = [sys.executable, "-m", "benchmark_n", *words.split()]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert done.stderr == "WARNING: no images: the review has no crops (--images DIR)\n"


def test_a_warning_beside_a_result_names_the_flags(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(folder)
    words = "--annotations instances.json --evidence predictions:found.json --detector objectlab"
    assert run(["detect", *words.split(), "--out", "found"]) == 0
    assert (
        "warning: it is not known what labels the model was trained on (--trained-on): clean "
        "labels of these images would leak the truth\n"
    ) in capsys.readouterr().err


def test_a_skipped_picture_names_the_flags(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(folder)
    words = "--dataset imagefolder --root large --skip-bad --max-pixels 500 --workers 1 -q"
    assert run(["convert", *words.split(), "--out", "pictures.json"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == (
        "skipped cat/1.png: cat/1.png: cannot be read: 30x20 px, expected at most 500 pixels "
        "(--max-pixels or BENCHMARK_N_MAX_PIXELS allows more)"
    )
