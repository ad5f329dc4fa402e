"""One function a question: predictions, comparison, labels, ejection fraction."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

import benchmark_n
from benchmark_n import Benchmark, EvaluationInput, PrecisionOptions
from benchmark_n.coco import read_coco
from benchmark_n.errors import UsageError
from benchmark_n.evaluators.cardiac.evaluate import evaluate_ejection_fraction as cardiac
from benchmark_n.evaluators.cardiac.frames import annotated_ventricles, read_frames
from tests import making, samples
from tests.evaluation.test_evaluate import results_file
from tests.evaluators.echo_samples import PATIENTS, echo_document

QUESTIONS = (
    "evaluate",
    "evaluate_predictions",
    "compare_predictions",
    "evaluate_labels",
    "evaluate_ejection_fraction",
    "evaluate_detectors",
)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_has_at_most_ten_parameters_and_all_are_named(name: str) -> None:
    parameters = inspect.signature(getattr(benchmark_n, name)).parameters.values()
    assert len(parameters) <= 10
    assert all(one.kind is not inspect.Parameter.VAR_KEYWORD for one in parameters)


def test_predictions_are_of_a_benchmark_or_of_other_labels(
    scenes_hard: Benchmark, tmp_path: Path
) -> None:
    path = results_file(tmp_path, scenes_hard.clean().records())
    clean = benchmark_n.evaluate_predictions(scenes_hard.path, path)
    assert set(clean.results) == {"bbox", "segm", "boundary"}
    assert all(found["statistics"]["AP"] == 1 for found in clean.results.values())
    noisy = EvaluationInput(scenes_hard, against="noisy")
    found = benchmark_n.evaluate_predictions(noisy, path, iou_types=["segm"])
    assert list(found.results) == ["segm"]
    assert found.results["segm"]["statistics"]["AP"] < 0.9


def test_boundaries_are_dilated_as_the_benchmark_says_unless_asked(
    scenes_hard: Benchmark, tmp_path: Path
) -> None:
    path = results_file(tmp_path, scenes_hard.clean().records())
    for asked, expected in ((None, scenes_hard.recipe["dilation_ratio"]), (0.05, 0.05)):
        options = PrecisionOptions(dilation_ratio=asked, max_detections=7)
        found = benchmark_n.evaluate_predictions(
            scenes_hard, path, iou_types=["boundary"], options=options
        )
        settings = found.results["boundary"]["settings"]
        assert (settings["dilation_ratio"], settings["max_detections"]) == (expected, 7)


def test_half_of_the_detections_keep_less_than_the_whole(
    scenes_hard: Benchmark, tmp_path: Path
) -> None:
    path = results_file(tmp_path, scenes_hard.clean().records())
    half = tmp_path / "half.json"
    half.write_text(json.dumps(json.loads(path.read_text())[::2]))
    found = benchmark_n.compare_predictions(scenes_hard, {"all": path, "half": half})
    assert found.mode == "compare"
    assert found.results["all"]["kept"] == {"bbox": 1, "segm": 1, "boundary": 1}
    assert 0.3 < found.results["half"]["kept"]["segm"] < 0.7
    assert set(found.provenance["files"]) == {"all", "half"}


def test_labels_are_as_far_from_the_clean_ones_as_pycocotools_says(
    scenes_hard: Benchmark, scenes_clean: Path
) -> None:
    clean, noisy = COCO(scenes_clean), COCO(scenes_hard.annotations)
    source = making.source_ids(scenes_hard)
    masks = [
        (clean.annToRLE(clean.anns[source[i]]), noisy.annToRLE(noisy.anns[i])) for i in noisy.anns
    ]
    ious = [coco_mask.iou([a], [b], [0])[0, 0] for a, b in masks]
    found = benchmark_n.evaluate_labels(scenes_hard)
    assert found.mode == "masks"
    assert found.results["clean"] == len(clean.anns)
    assert found.results["mean_iou"] == pytest.approx(np.mean(ious), abs=1e-9)


def test_ejection_fractions_of_true_ventricles_have_no_error(tmp_path: Path) -> None:
    document = echo_document(PATIENTS)
    truth = tmp_path / "echo.json"
    truth.write_text(json.dumps(document))
    path = results_file(tmp_path, document["annotations"])
    labels = EvaluationInput(ground_truth=truth)
    found = benchmark_n.evaluate_ejection_fraction(labels, path, length="max")
    assert found.results["all_patients"]["ef_mae"] == 0
    with pytest.raises(UsageError, match="ef with a ground-truth file needs predictions"):
        benchmark_n.evaluate_ejection_fraction(labels)


def test_reference_fractions_are_withheld_and_known_to_evaluations(tmp_path: Path) -> None:
    source = samples.write(tmp_path, echo_document(PATIENTS))
    benchmark = making.make(
        "custom", "camus-low", annotations=source, out=tmp_path / "b", workers=1
    )
    assert not any("ef" in image for image in benchmark.noisy().section("images"))
    path = results_file(tmp_path, echo_document(PATIENTS)["annotations"])
    own = [patient.evaluated.ef or 0.0 for patient in _fractions(source)]
    references = [shape["ef"] for shape in PATIENTS.values()]
    expected = np.abs(np.subtract(own, references)).mean()
    for against in ("clean", "noisy"):
        labels = EvaluationInput(benchmark, against=against)
        found = benchmark_n.evaluate_ejection_fraction(labels, path)
        assert found.results["all_patients"]["ef_mae_info"] == pytest.approx(expected)


def _fractions(source: Path) -> list[Any]:
    """What the masks of a file give, without any benchmark."""
    coco = read_coco(source)
    masks = annotated_ventricles(coco)
    return list(cardiac(read_frames(coco), masks, masks).patients)


@pytest.mark.parametrize("question", ["evaluate_labels", "evaluate_ejection_fraction"])
def test_validation_images_have_no_noisy_labels(question: str, scenes_hard: Benchmark) -> None:
    labels = EvaluationInput(scenes_hard, against="val")
    with pytest.raises(UsageError, match="against val needs predictions"):
        getattr(benchmark_n, question)(labels)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, "give a benchmark or a ground-truth file"),
        ({"benchmark": "b", "against": "both"}, "against must be one of clean, noisy, val, but"),
    ],
)
def test_an_input_that_cannot_be_is_one_line(given: dict[str, Any], line: str) -> None:
    with pytest.raises(UsageError, match=line):
        EvaluationInput(**given)


def test_labels_of_a_file_alone_tell_nothing_of_noise() -> None:
    with pytest.raises(UsageError, match="masks noisy needs a benchmark"):
        benchmark_n.evaluate_labels(EvaluationInput(ground_truth="truth.json"))


def test_nothing_to_compare() -> None:
    with pytest.raises(UsageError, match="`compare` names no file"):
        benchmark_n.compare_predictions("b", {})
