"""Names that are not ASCII, where the locale is C."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests import samples
from tests.review import samples as reviews
from tests.test_house import ROOT

NAME = "больница é"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with an annotation file and its images, all of such names."""
    folder = tmp_path / "фото ñ"
    folder.mkdir()
    data = samples.document()
    data["categories"][0]["name"] = "кот"
    for image, name in zip(data["images"], ("été.png", "чат.png"), strict=True):
        image["file_name"] = name
        pixels = np.full((image["height"], image["width"], 3), 90, np.uint8)
        (folder / name).write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    text = json.dumps(data, ensure_ascii=False)
    (tmp_path / f"{NAME}.json").write_text(text, encoding="utf-8")
    reviews.scores(tmp_path / "scores.parquet", reviews.ROWS[:5], detector="детектор")
    return tmp_path


def run(place: Path, *arguments: str) -> str:
    """What a command printed that ran in the locale C; a default encoding is a fault."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHON"))}
    environment = {**kept, "LC_ALL": "C", "PYTHONPATH": str(ROOT), "PYTHONWARNDEFAULTENCODING": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "benchmark_n", *arguments],
        cwd=place,
        env=environment,
        capture_output=True,
        check=False,
    )
    told = done.stderr.decode()
    assert done.returncode == 0, (arguments, told)
    assert not [x for x in told.splitlines() if "EncodingWarning" in x and str(ROOT / "b") in x]
    return done.stdout.decode()


def test_commands_in_the_locale_c(place: Path) -> None:
    file, folder = f"{NAME}.json", "фото ñ"
    benchmark = "benchmarks/больница-é-n-hard-seed1"
    options = ["--images", folder, "--licence", "mit", "--workers", "2"]
    assert benchmark in run(place, "make", "--annotations", file, "--tier", "hard", *options)
    assert (place / benchmark / "annotations" / file).is_file()
    run(place, "show", benchmark, "--out", "рис.png")
    assert (place / "рис.png").read_bytes()[:4] == b"\x89PNG"
    run(place, "card", benchmark)
    assert "agree" in run(place, "card", benchmark, "--check")
    assert f"annotations/{file}" in run(place, "publish", benchmark, "--repo", "a/b", "--dry-run")
    run(place, "eval", benchmark, "--masks", "noisy")
    asked = ["--annotations", file, "--images", folder, "--scores", "scores.parquet"]
    run(place, "review", "export", *asked, "--to", "csv", "--guideline", "правила")
    review = f"reviews/{NAME}-csv"
    text = (place / review / "decisions.csv").read_text(encoding="utf-8")
    assert "été.png" in text
    decided = place / "решения.csv"
    lines = text.splitlines()
    cells = lines[0].split(",")
    lines[1] = ",".join(
        [*lines[1].split(",")[: cells.index("decision")], "remove", "", "", "Анна,,"]
    )
    decided.write_text("\n".join(lines), encoding="utf-8")
    told = run(place, "review", "import", review, "--decisions", decided.name)
    assert "1 remove" in told
    corrected = json.loads((place / review / "corrected.json").read_text(encoding="utf-8"))
    assert len(corrected["annotations"]) == 2
    assert corrected["categories"][0]["name"] == "кот"
