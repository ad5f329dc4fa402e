"""The test of realism on drawn scenes: noise like the second person's, and noise unlike it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmark_n.cli import run
from benchmark_n.coco import ReadOptions
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.realism.two_samples import Protocol
from benchmark_n.experiments.realism import realism
from benchmark_n.experiments.second_drawings import CONTROL
from tests import making
from tests.generation.test_calibrate import TRUTH, drawn_twice

QUICK = Protocol(seeds=(0,), replicates=40)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A first and a second person's file, and the recipe that the second one follows."""
    folder = tmp_path_factory.mktemp("people")
    contour = {"probability": 1.0, **TRUTH}
    first, second = drawn_twice(folder, 50, contour=contour)
    return first, second, folder / "truth.yaml"


@pytest.fixture(scope="module")
def few(
    people: tuple[Path, Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, Path]:
    """The same of sixteen images, where nothing is asked of how well they are told apart."""
    folder = tmp_path_factory.mktemp("few")
    paths = [folder / "first.json", folder / "second.json"]
    for whole, path in zip(people[:2], paths, strict=True):
        data = json.loads(whole.read_text())
        data["images"] = sorted(data["images"], key=lambda image: image["id"])[:16]
        kept = {image["id"] for image in data["images"]}
        data["annotations"] = [a for a in data["annotations"] if a["image_id"] in kept]
        path.write_text(json.dumps(data))
    return paths[0], paths[1], people[2]


def test_the_same_noise_is_not_told_apart(people: tuple[Path, Path, Path]) -> None:
    first, second, recipe = people
    found = realism(recipe, first, second, half="all", seed=5, tiers=["hard"], protocol=QUICK)
    control, same, hard = found.rows
    assert control.name == CONTROL
    assert same.pair is not None
    assert hard.pair is not None
    assert same.pair.interval is not None
    assert same.pair.interval[0] < 0.56
    assert hard.pair.auroc > 0.9
    assert all(len(each) == 4 for each in found.pictures)


def test_command_and_page(
    few: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, _ = few
    made = making.make(
        "custom", "easy", annotations=first, num_images=None, out=tmp_path / "easy", workers=1
    )
    arguments = [str(made.path), "--against", str(first), str(second), "--tiers", ""]
    assert run(["realism", *arguments, "--out", str(tmp_path / "page"), "--json", "-q"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in told["rows"]] == [CONTROL, str(made.path)]
    assert told["half"] == "held-out"
    assert told["protocol"]["digest"] == Protocol().digest
    page = (tmp_path / "page" / "realism.html").read_text()
    assert page.count("<svg") == 2 * 8
    assert json.loads((tmp_path / "page" / "realism.json").read_text()) == told


def test_what_does_not_fit_is_refused(few: tuple[Path, Path, Path], tmp_path: Path) -> None:
    first, second, recipe = few
    with pytest.raises(UsageError, match="`half` is 'other'"):
        realism(recipe, first, second, half="other")  # type: ignore[arg-type]
    other = making.make("scenes", "easy", num_images=4, out=tmp_path / "other", workers=1)
    with pytest.raises(InputError, match="its manifest lacks annotation"):
        realism(other.path, first, second, half="all", tiers=[], protocol=QUICK)


def test_recipes_get_the_file_as_it_was_read(few: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """A record in need of repair, which `make` refuses without."""
    first, second, recipe = few
    data = json.loads(first.read_text())
    data["annotations"][0]["category_id"] = str(data["annotations"][0]["category_id"])
    mended = tmp_path / "first.json"
    mended.write_text(json.dumps(data))
    asked: dict[str, Any] = {"half": "all", "tiers": [], "protocol": QUICK}
    with pytest.raises(InputError):
        realism(recipe, mended, second, **asked)
    found = realism(recipe, mended, second, reading=ReadOptions(repair=True), **asked)
    assert found.rows[1].pair is not None
