"""`benchmark_n.evaluate`: modes, labels and provenance."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import benchmark_n
from benchmark_n import Benchmark
from benchmark_n.errors import InputError, UsageError
from tests import making
from tests.evaluators.coco_samples import random_case
from tests.evaluators.echo_samples import PATIENTS, echo_document


def results_file(folder: Path, records: Any, score: float = 1.0) -> Path:
    kept = ("image_id", "category_id", "segmentation")
    found = [{key: r[key] for key in kept} | {"score": score} for r in records]
    path = folder / "found.json"
    path.write_text(json.dumps(found))
    return path


def test_clean_labels_are_perfect_against_clean_and_not_against_noisy(
    scenes_hard: Benchmark, tmp_path: Path
) -> None:
    path = results_file(tmp_path, scenes_hard.clean().records())
    clean = benchmark_n.evaluate(scenes_hard, predictions=path)
    noisy = benchmark_n.evaluate(scenes_hard.path, predictions=path, against="noisy")
    for kind in ("bbox", "segm", "boundary"):
        assert clean.results[kind]["statistics"]["AP"] == pytest.approx(1.0)
        assert noisy.results[kind]["statistics"]["AP"] < 0.9
    assert noisy.provenance["against"] == "noisy"


def test_against_val_judges_on_the_clean_validation_labels(
    scenes_hard: Benchmark, tmp_path: Path
) -> None:
    assert scenes_hard.clean_val is not None
    path = results_file(tmp_path, json.loads(scenes_hard.clean_val.read_text())["annotations"])
    found = benchmark_n.evaluate(scenes_hard, predictions=path, against="val")
    assert found.results["segm"]["statistics"]["AP"] == pytest.approx(1.0)
    with pytest.raises(InputError, match="image"):
        benchmark_n.evaluate(scenes_hard, predictions=path)
    with pytest.raises(UsageError, match="against val needs predictions"):
        benchmark_n.evaluate(scenes_hard, masks="noisy", against="val")


def test_provenance_names_recipe_seed_and_files(scenes_hard: Benchmark, tmp_path: Path) -> None:
    path = results_file(tmp_path, scenes_hard.clean().records())
    provenance = benchmark_n.evaluate(scenes_hard, predictions=path).provenance
    assert provenance["seed"] == 1
    assert provenance["name"] == "hard"
    assert provenance["source"] == scenes_hard.recipe["source"]
    assert provenance["files"]["predictions"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_comparison_gives_the_share_of_the_first(tmp_path: Path) -> None:
    document, detections = random_case(5)
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps(document))
    for name, found in (("a", detections), ("b", detections[::2])):
        (tmp_path / f"{name}.json").write_text(json.dumps(found))
    results = benchmark_n.evaluate(
        ground_truth=truth, compare={n: tmp_path / f"{n}.json" for n in "ab"}
    ).results
    ap = {name: results[name]["segm"]["statistics"]["AP"] for name in "ab"}
    assert results["a"]["kept"]["segm"] == 1
    assert results["b"]["kept"]["segm"] == pytest.approx(ap["b"] / ap["a"])


def test_ejection_fraction_from_a_file(tmp_path: Path) -> None:
    document = echo_document(PATIENTS)
    truth = tmp_path / "echo.json"
    truth.write_text(json.dumps(document))
    path = results_file(tmp_path, document["annotations"])
    results = benchmark_n.evaluate(ground_truth=truth, predictions=path, ef=True).results
    assert results["evaluated"] == "predictions"
    assert results["all_patients"]["ef_mae"] == 0


def test_ejection_fraction_of_noisy_labels(tmp_path: Path) -> None:
    truth = tmp_path / "echo.json"
    truth.write_text(json.dumps(echo_document(PATIENTS)))
    benchmark = making.make("custom", "hard", annotations=truth, out=tmp_path / "b", workers=1)
    results = benchmark_n.evaluate(benchmark, ef=True).results
    assert results["evaluated"] == "noisy labels"
    assert results["all_patients"]["patients"] == 2
    clean = making.make("custom", "clean", annotations=truth, out=tmp_path / "c", workers=1)
    assert benchmark_n.evaluate(clean, ef=True).results["all_patients"]["ef_mae"] == 0


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({}, "nothing to evaluate"),
        ({"masks": "noisy", "ef": True}, "`masks` and `ef` exclude one another"),
        ({"masks": "noisy", "ground_truth": "x.json"}, "masks noisy needs a benchmark"),
        ({"predictions": "x.json"}, "give a benchmark or a ground-truth file"),
        (
            {"predictions": "x", "ground_truth": "x", "against": "both"},
            "against must be one of clean",
        ),
    ],
)
def test_contradictions_are_refused(options: dict[str, Any], line: str) -> None:
    with pytest.raises(UsageError, match=line):
        benchmark_n.evaluate(**options)


def test_a_folder_that_is_no_benchmark_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a benchmark directory"):
        benchmark_n.evaluate(tmp_path, masks="noisy")
