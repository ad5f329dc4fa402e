"""One function a question: predictions, comparison, labels, ejection fraction."""

from __future__ import annotations

import inspect
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from sklearn import metrics

import benchmark_n
from benchmark_n import Benchmark, EvaluationInput, LabelErrorOptions, PrecisionOptions
from benchmark_n.coco import read_coco
from benchmark_n.errors import UsageError
from benchmark_n.evaluation.label_errors import score_benchmark
from benchmark_n.evaluators.cardiac.evaluate import evaluate_ejection_fraction as cardiac
from benchmark_n.evaluators.cardiac.frames import annotated_ventricles, read_frames
from benchmark_n.evaluators.slices import AgreementOptions
from benchmark_n.tables.scores import scores_table
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


def test_labels_have_intervals_slices_and_distances(scenes_hard: Benchmark) -> None:
    options = AgreementOptions(by=("size", "category"), bootstrap=20, surface=True, tolerance=2.0)
    found = benchmark_n.evaluate_labels(scenes_hard, options).results
    assert found["settings"] == {
        "bootstrap": 20,
        "seed": 0,
        "group_by": "image",
        "groups": 60,
        "approximate": False,
    }
    low, high = found["intervals"]["mean_iou"]
    assert low < found["mean_iou"] < high
    assert {part["value"] for part in found["slices"]["size"]} == {"small", "medium", "large"}
    surface = found["surface"]
    assert (surface["unit"], surface["labels"]) == ("px", found["clean"] + found["spurious"])
    assert surface["without_distance"] == found["deleted"] + found["spurious"]
    assert 0 < surface["nsd"] < 1
    assert surface["assd"] < surface["hausdorff_95"] <= surface["hausdorff"]


def test_one_options_object_serves_the_switch(scenes_hard: Benchmark, tmp_path: Path) -> None:
    path = results_file(tmp_path, scenes_hard.clean().records())
    options = PrecisionOptions(by=("size",), bootstrap=5)
    questions: list[dict[str, Any]] = [{"predictions": path}, {"masks": "noisy"}]
    for asked in questions:
        found: Any = benchmark_n.evaluate(scenes_hard, options=options, **asked)
        results = found.results.get("segm", found.results)
        assert len(results["slices"]["size"]) == 3
    with pytest.raises(UsageError, match="`options` of predictions are `PrecisionOptions`"):
        benchmark_n.evaluate(scenes_hard, predictions=path, options=AgreementOptions())
    with pytest.raises(UsageError, match="`tolerance` must be above 0 mm"):
        AgreementOptions(tolerance=0)
    with pytest.raises(UsageError, match="`by` must be a tuple of names"):
        AgreementOptions(by="size")  # type: ignore[arg-type]


def test_units_of_detectors_are_those_of_the_images(scenes_hard: Benchmark, tmp_path: Path) -> None:
    """Sequences of six images each: they are resampled, sliced by, and told."""
    folder = tmp_path / "benchmark"
    shutil.copytree(scenes_hard.path, folder)
    data = json.loads(scenes_hard.annotations.read_text())
    for place, image in enumerate(data["images"]):
        light = "day" if place % 2 else "night"
        image |= {"sequence": f"s{place // 6}", "light": light, "age": place}
    place_of = scenes_hard.annotations.relative_to(scenes_hard.path)
    (folder / place_of).write_text(json.dumps(data))
    opened = benchmark_n.load(folder)
    scores = random_scores(opened)
    options = LabelErrorOptions(bootstrap=40, slices=("light", "category", "age"))
    by_sequence = score_benchmark(scores, opened, options)
    assert by_sequence.settings["group_by"] == "sequence"
    assert (by_sequence.settings["groups"], by_sequence.settings["approximate"]) == (10, True)
    asked = LabelErrorOptions(bootstrap=40, group_by="image")
    by_image = score_benchmark(scores, opened, asked)
    assert (by_image.settings["groups"], by_image.settings["approximate"]) == (60, False)
    whole, other = by_sequence.kinds["class"], by_image.kinds["class"]
    assert whole.measures == other.measures
    assert whole.intervals["auprc"] != other.intervals["auprc"]
    parts = whole.slices["light"]
    assert {part.value for part in parts} == {"day", "night"}
    for part in parts:
        assert part.measures["auprc"] == whole_of(scores, opened, part.value)
    assert sum(part.counts["errors"] for part in parts) == whole.measures["errors"]
    ages = {part.value: part.counts["units"] for part in whole.slices["age"]}
    assert len(ages) == 3
    assert all(name.startswith("age ") and 3 <= count <= 5 for name, count in ages.items())
    ranked = [p.measures["auprc"] for p in whole.slices["category"]]
    known = [value for value in ranked if value is not None]
    assert known == sorted(known)


def test_fields_that_are_withheld_make_units_and_slices(tmp_path: Path) -> None:
    """Who evaluates knows the ward of an image, and nobody else."""
    document = samples.document()
    image = document["images"][0]
    document["images"] += [{**image, "id": i, "file_name": f"{i}.png"} for i in (3, 4)]
    document["annotations"] += [samples.annotation(7 + i, i, category_id=i - 2) for i in (3, 4)]
    for place, image in enumerate(document["images"]):
        image["ward"] = f"w{place % 2}"
    path = samples.write(tmp_path, document)
    made = making.make("custom", "hard", annotations=path, out=tmp_path / "b", workers=1)
    assert all("ward" not in image for image in made.noisy().section("images"))
    wards = {image["ward"] for image in document["images"]}
    options = LabelErrorOptions(bootstrap=5, group_by="ward", slices=("ward",))
    found = score_benchmark(random_scores(made), made, options)
    assert (found.settings["group_by"], found.settings["groups"]) == ("ward", len(wards))
    assert {part.value for part in found.kinds["class"].slices["ward"]} == wards
    agreement = AgreementOptions(by=("ward",), group_by="ward", bootstrap=5)
    labels = benchmark_n.evaluate_labels(made, agreement).results
    assert {part["value"] for part in labels["slices"]["ward"]} == wards
    assert labels["settings"]["groups"] == len(wards)
    given = [
        {key: record[key] for key in ("image_id", "category_id", "segmentation")} | {"score": 0.5}
        for record in made.noisy().records()
    ]
    for against in ("clean", "noisy"):
        judged = benchmark_n.evaluate_predictions(
            EvaluationInput(made, against=against),
            samples.write(tmp_path, given, "found.json"),
            iou_types=["segm"],
            options=PrecisionOptions(by=("ward",), group_by="ward", bootstrap=5),
        ).results["segm"]
        assert {part["value"] for part in judged["slices"]["ward"]} <= wards
        assert judged["settings"]["group_by"] == "ward"


def whole_of(scores: Any, benchmark: Benchmark, light: str) -> Any:
    """AUPRC of class errors in the images of one light, by scikit-learn."""
    lit = {i["id"] for i in benchmark.noisy().section("images") if i["light"] == light}
    rows = benchmark.manifest().to_pandas()
    kept = rows[rows.image_id.isin(lit) & ~rows.deleted & ~rows.crowd]
    given = scores.to_pandas()
    given = given[given.kind == "class"].set_index("annotation_id").score
    wrong = kept.category_id != kept.noisy_category_id
    return pytest.approx(metrics.average_precision_score(wrong, given[kept.annotation_id]))


def random_scores(benchmark: Benchmark) -> Any:
    ids = benchmark.noisy().annotation_ids
    columns = {
        "image_id": benchmark.noisy().image_ids.tolist(),
        "annotation_id": ids.tolist(),
        "kind": ["class"] * len(ids),
        "score": np.random.default_rng(0).random(len(ids)).tolist(),
        "flagged": [False] * len(ids),
    }
    return scores_table(columns)
