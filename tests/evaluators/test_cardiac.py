"""EF errors on drawn ventricles against closed forms."""

from __future__ import annotations

from dataclasses import replace
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
from benchmark_n.evaluators.cardiac.patients import Function, PatientResult
from benchmark_n.evaluators.cardiac.resampling import Cohort, ef_measures, patient_labels
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


def cohort(seed: int = 0, count: int = 40) -> list[PatientResult]:
    """Patients of whom every fifth has no evaluated EF."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        ef, error = float(rng.uniform(30, 70)), float(rng.normal(1, 6))
        lost = number % 5 == 0
        second = Function(None, None, None, (0, 0)) if lost else Function(1, 1, ef + error, (2, 2))
        first = Function(100, 50, ef, (2, 2))
        made.append(PatientResult(str(number), False, None, first, second, None if lost else error))
    return made


def plain_measures(patients: list[PatientResult]) -> dict[str, float]:
    """The measures by loops over patients."""
    errors = [p.error for p in patients if p.error is not None]
    mean = float(np.mean([p.reference.ef for p in patients if p.reference.ef is not None]))
    at_mean = [
        abs(p.error) if p.error is not None else abs(mean - (p.reference.ef or 0)) for p in patients
    ]
    return {
        "ef_mae": float(np.mean(np.abs(errors))),
        "bias": float(np.mean(errors)),
        "ef_mae_missing_at_mean": float(np.mean(at_mean)),
        "missing_share": 1 - len(errors) / len(patients),
    }


def test_weights_are_patients_taken_again() -> None:
    patients = cohort()
    weights = np.random.default_rng(1).multinomial(40, np.full(40, 1 / 40), 10)
    found = ef_measures(patients, weights)
    for row, weight in enumerate(weights.tolist()):
        again = [p for p, times in zip(patients, weight, strict=True) for _ in range(times)]
        for name, value in plain_measures(again).items():
            assert found[name][row] == pytest.approx(value)


def test_losing_the_worst_patients_gains_nothing() -> None:
    """Without those of large error the mean error falls; with them at the mean it does not."""
    patients = [replace(p, error=0.5 if p.error is None else p.error) for p in cohort()]
    lost = [replace(p, error=None) if abs(p.error or 0) > 6 else p for p in patients]
    own = Cohort({p.patient: p.patient for p in patients}, replicates=50)
    before, after = own.measures(patients)[0], own.measures(lost)[0]
    assert (after["ef_mae"] or 0) < (before["ef_mae"] or 0)
    assert (after["ef_mae_missing_at_mean"] or 0) > (before["ef_mae"] or 0)


def test_intervals_are_near_the_normal_ones_and_wider_over_sites() -> None:
    patients = cohort(2, 400)
    known = np.array([p.error for p in patients if p.error is not None])
    _, by_patient = Cohort({p.patient: p.patient for p in patients}).measures(patients)
    half = 1.96 * known.std() / len(known) ** 0.5
    assert by_patient["bias"] == pytest.approx((known.mean() - half, known.mean() + half), abs=0.1)
    sites = {p.patient: str((p.error or 0) > 0) + str(i % 9) for i, p in enumerate(patients)}
    _, by_site = Cohort(sites, "site").measures(patients)
    assert by_site["bias"] is not None
    assert by_patient["bias"] is not None
    assert np.ptp(by_site["bias"]) > 2 * np.ptp(by_patient["bias"])


def test_slices_are_of_patients_the_largest_error_first() -> None:
    patients = cohort()
    labels = {p.patient: "old" if int(p.patient) % 2 else "young" for p in patients}
    slices = Cohort({p.patient: p.patient for p in patients}).slices(patients, labels)
    errors = [part.measures["ef_mae"] or 0 for part in slices]
    assert errors == sorted(errors, reverse=True)
    for part in slices:
        own = [p for p in patients if labels[p.patient] == part.value]
        assert part.measures == pytest.approx(plain_measures(own))
        assert part.counts == {"units": 20, "patients": 20, "missing": 4}
        assert part.approximate
    several = patient_labels({1: "a", 2: "b", 3: "a"}, {"p": [1, 3], "q": [1, 2]})
    assert several == {"p": "a", "q": "(several)"}


def test_a_mask_on_one_side_has_no_surface_in_common() -> None:
    gone = {i: m for i, m in MASKS.items() if i != FRAMES[0].image_id}
    summary = evaluate_ejection_fraction(FRAMES, MASKS, gone).all_patients
    frames = summary["ED"]["frames"]
    assert summary["ED"]["nsd"] == summary["ED"]["dice"] == pytest.approx(1 - 1 / frames)
    assert (summary["ED"]["assd_mm"], summary["ED"]["without_distance"]) == (0, 1)
    assert (summary["units"], summary["approximate"]) == (2, True)
