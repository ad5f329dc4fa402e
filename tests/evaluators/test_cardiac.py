"""EF errors on drawn ventricles against closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmark_n.coco.predictions import read_predictions
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.cardiac.evaluate import evaluate_ejection_fraction
from benchmark_n.evaluators.cardiac.frames import (
    annotated_ventricles,
    predicted_ventricles,
    read_frames,
)
from benchmark_n.evaluators.cardiac.simpson import ejection_fraction
from benchmark_n.evaluators.cardiac.summary import bland_altman
from benchmark_n.masks import CropMask
from tests.evaluators.coco_samples import parse
from tests.evaluators.echo_samples import PATIENTS, echo_document, half_ellipsoid

TRUTH = parse(echo_document(PATIENTS))
FRAMES = read_frames(TRUTH)
MASKS = annotated_ventricles(TRUTH)


def closed_form(shape: dict[str, Any]) -> float:
    edv, esv = (half_ellipsoid(*(shape[i][k] for k in ("a", "b", "length"))) for i in ("ED", "ES"))
    return ejection_fraction(edv, esv)


@pytest.mark.parametrize("length", ["mean", "max"])
def test_ef_is_that_of_the_bodies(length: str) -> None:
    result = evaluate_ejection_fraction(FRAMES, MASKS, MASKS, length=length)
    for patient in result.patients:
        expected = closed_form(PATIENTS[patient.patient])
        assert patient.reference.ef == pytest.approx(expected, abs=1.0)


def test_camus_length_takes_the_longest_of_all_frames() -> None:
    result = evaluate_ejection_fraction(FRAMES, MASKS, MASKS, length="camus")
    shape = PATIENTS["patient0001"]
    ratio = shape["ES"]["a"] * shape["ES"]["b"] / (shape["ED"]["a"] * shape["ED"]["b"])
    assert result.patients[0].reference.ef == pytest.approx(100 * (1 - ratio), abs=1.0)


def test_identical_masks_have_no_error() -> None:
    summary = evaluate_ejection_fraction(FRAMES, MASKS, MASKS).all_patients
    assert summary["ef_mae"] == 0
    assert summary["ED"]["dice"] == 1
    assert summary["ES"]["hausdorff_mm"] == 0
    assert summary["bias"] == 0
    assert all(row["up"] == row["down"] == 0 for row in summary["crossings"])


def test_another_systole_changes_ef_by_the_closed_form() -> None:
    changed = {name: {**shape} for name, shape in PATIENTS.items()}
    changed["patient0001"]["ES"] = {"a": 21.0, "b": 22.0, "length": 80.0}
    masks = annotated_ventricles(parse(echo_document(changed)))
    result = evaluate_ejection_fraction(FRAMES, MASKS, masks)
    expected = closed_form(changed["patient0001"]) - closed_form(PATIENTS["patient0001"])
    assert result.patients[0].error == pytest.approx(expected, abs=1.0)
    assert result.all_patients["ef_mae"] == pytest.approx(abs(result.patients[0].error or 0) / 2)
    assert result.all_patients["crossings"][0] == {"line": 40.0, "up": 0, "down": 1}
    assert result.without_poor["patients"] == 1
    own = [p.evaluated.ef or 0 for p in result.patients]
    to_info = np.abs(np.subtract(own, [53.0, 27.0])).mean()
    assert result.all_patients["ef_mae_info"] == pytest.approx(to_info)


def test_a_missing_view_leaves_one_plane_and_a_missing_instant_counts() -> None:
    first, second = ({f.image_id for f in FRAMES if f.patient == p} for p in PATIENTS)
    one_view = {i: m for i, m in MASKS.items() if i != min(first)}
    result = evaluate_ejection_fraction(FRAMES, MASKS, one_view)
    assert result.patients[0].evaluated.planes == (1, 2)
    assert result.all_patients["single_plane"] == 1
    assert result.all_patients["missing"] == 0
    none = {i: m for i, m in MASKS.items() if i not in second}
    summary = evaluate_ejection_fraction(FRAMES, MASKS, none).all_patients
    assert (summary["missing"], summary["with_ef"]) == (1, 1)
    assert summary["ED"]["dice"] == 0.5


def test_systole_larger_than_diastole_is_counted_and_kept() -> None:
    swapped = {frame.image_id: frame for frame in FRAMES}
    other = {(f.patient, f.view, "ES" if f.instant == "ED" else "ED"): f.image_id for f in FRAMES}
    masks: dict[int, CropMask] = {
        i: MASKS[other[f.patient, f.view, f.instant]] for i, f in swapped.items()
    }
    summary = evaluate_ejection_fraction(FRAMES, MASKS, masks).all_patients
    assert summary["esv_above_edv"] == 2
    assert summary["with_ef"] == 2


def test_best_detection_is_the_ventricle() -> None:
    records = [
        {key: a[key] for key in ("image_id", "category_id", "segmentation")} | {"score": 0.9}
        for a in TRUTH.records()
    ]
    worse = [{**records[0], "image_id": 2, "score": 0.3}]
    predictions = read_predictions(worse + records, TRUTH)
    found = predicted_ventricles(predictions, TRUTH)
    assert evaluate_ejection_fraction(FRAMES, MASKS, found).all_patients["ef_mae"] == 0


def test_bland_altman_limits() -> None:
    found = bland_altman(np.array([-2.0, 0.0, 2.0]))
    assert found == {"bias": 0.0, "lower_limit": -3.92, "upper_limit": 3.92}


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("spacing", None, "image 1: field 'spacing' is missing"),
        ("spacing", [0, 1], r"spacing is \[0, 1\]"),
        ("view", "3CH", "view is '3CH', expected one of 2CH, 4CH"),
        ("instant", "ES", "a second 2CH ES of patient patient0001"),
    ],
)
def test_bad_frames_are_named(field: str, value: Any, line: str) -> None:
    document = echo_document(PATIENTS)
    document["images"][0][field] = value
    with pytest.raises(InputError, match=line):
        read_frames(parse(document))


def test_unknown_length_is_refused() -> None:
    with pytest.raises(UsageError, match="length must be one of mean, max, camus"):
        evaluate_ejection_fraction(FRAMES, MASKS, MASKS, length="median")
