"""Average precision of weighted images against pycocotools on images that are repeated."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from benchmark_n.coco.predictions import read_predictions
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.average_precision.engines import Engine, build_problem, run
from benchmark_n.evaluators.average_precision.evaluate import evaluate_instances
from benchmark_n.evaluators.average_precision.matches import (
    matches_by_category,
    weighted_precision,
)
from benchmark_n.evaluators.average_precision.options import PrecisionOptions
from benchmark_n.evaluators.average_precision.problem import IouType
from tests.evaluators.coco_samples import parse, random_case


def repeated(
    document: dict[str, Any], detections: list[dict[str, Any]], weights: np.ndarray
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Each image as often as its weight says, under new ids, with its records."""
    made: dict[str, Any] = {**document, "images": [], "annotations": []}
    found: list[dict[str, Any]] = []
    for image, weight in zip(document["images"], weights.tolist(), strict=True):
        for _ in range(weight):
            identity = len(made["images"]) + 1
            made["images"].append({**image, "id": identity})
            for record in document["annotations"]:
                if record["image_id"] == image["id"]:
                    number = len(made["annotations"]) + 1
                    made["annotations"].append({**record, "id": number, "image_id": identity})
            found += [
                {**record, "image_id": identity}
                for record in detections
                if record["image_id"] == image["id"]
            ]
    return made, found


@pytest.mark.parametrize("engine", ["pycocotools", "vernier"])
@pytest.mark.parametrize("iou_type", ["bbox", "segm", "boundary"])
def test_weights_are_repetitions(engine: Engine, iou_type: IouType) -> None:
    rng = np.random.default_rng(0)
    document, detections = random_case(5, images=9)
    # Ties between images are in no order: every score its own.
    for record, score in zip(detections, rng.permutation(len(detections)), strict=True):
        record["score"] = float(score + 1) / (len(detections) + 1)
    truth = parse(document)
    problem, _ = build_problem(
        truth, read_predictions(detections, truth), iou_type, 100, 0.02, None
    )
    _, curves = run(problem, engine, keep_cells=True)
    assert curves.cells is not None
    weights = np.concatenate([np.ones((1, 9), int), rng.multinomial(9, np.full(9, 1 / 9), 6)])
    for area in range(4):
        matches = matches_by_category(curves.cells, len(problem.category_ids), 9, area)
        found = np.stack([weighted_precision(one, weights) for one in matches], axis=2)
        for row, values in zip(weights, found, strict=True):
            other, again = repeated(document, copy.deepcopy(detections), row)
            gold = parse(other)
            whole, _ = build_problem(gold, read_predictions(again, gold), iou_type, 100, 0.02, None)
            expected = run(whole, "pycocotools")[1].precision[:, :, :, area, -1]
            averaged = np.where(expected[:, 0] == -1, np.nan, expected.mean(axis=1))
            assert np.allclose(values, averaged, atol=1e-9, equal_nan=True)


def with_wards(seed: int = 3) -> tuple[Any, list[dict[str, Any]]]:
    document, detections = random_case(seed, images=12)
    for record in document["images"]:
        record["ward"] = "north" if record["id"] % 3 else "south"
        record["patient"] = f"p{(record['id'] - 1) // 2}"
    return document, detections


@pytest.mark.parametrize("iou_type", ["segm", "boundary"])
def test_slices_are_evaluations_of_their_images(iou_type: IouType) -> None:
    document, detections = with_wards()
    options = PrecisionOptions(by=("ward", "category", "size"), bootstrap=50)
    truth = parse(document)
    result = evaluate_instances(truth, detections, iou_type=iou_type, options=options)
    assert result.settings["group_by"] == "patient"
    assert (result.settings["groups"], result.settings["approximate"]) == (6, True)
    for row in result.slices["ward"]:
        kept = np.array([int(r["ward"] == row["value"]) for r in document["images"]])
        own, found = repeated(document, detections, kept)
        alone = evaluate_instances(parse(own), found, iou_type=iou_type)
        assert row["measures"]["AP"] == pytest.approx(alone.statistics["AP"])
        assert row["measures"]["AP50"] == pytest.approx(alone.statistics["AP50"])
        assert row["counts"]["images"] <= kept.sum()
    for row in result.slices["category"]:
        assert row["measures"]["AP"] == pytest.approx(result.per_category[row["value"]]["AP"])
    sizes = {row["value"]: row["measures"]["AP"] for row in result.slices["size"]}
    for name, short in (("small", "APs"), ("medium", "APm"), ("large", "APl")):
        expected = result.statistics[short]
        assert sizes[name] == (None if expected is None else pytest.approx(expected))
    for rows in result.slices.values():
        values = [row["measures"]["AP"] for row in rows if row["measures"]["AP"] is not None]
        assert values == sorted(values)


@pytest.mark.parametrize("engine", ["pycocotools", "vernier"])
def test_lvis_slices_are_of_the_federated_problem(engine: Engine) -> None:
    document, detections = random_case(2, images=10)
    for record in document["images"]:
        own = {a["category_id"] for a in document["annotations"] if a["image_id"] == record["id"]}
        negative = [i for i in (1, 2) if i not in own]
        partly = [i for i in (3,) if i in own]
        record |= {"neg_category_ids": negative, "not_exhaustive_category_ids": partly}
    for category, frequency in zip(document["categories"], "rcf", strict=True):
        category["frequency"] = frequency
    options = PrecisionOptions(engine=engine, by=("category",), bootstrap=5)
    result = evaluate_instances(parse(document), detections, options=options)
    assert result.settings["protocol"] == "lvis"
    assert result.slices["category"]
    for row in result.slices["category"]:
        assert row["measures"]["AP"] == pytest.approx(result.per_category[row["value"]]["AP"])


def test_the_interval_holds_the_figure_and_is_that_of_repeated_units() -> None:
    document, detections = with_wards(7)
    truth = parse(document)
    options = PrecisionOptions(bootstrap=60, seed=4)
    result = evaluate_instances(truth, detections, options=options)
    low, high = result.intervals["AP"]
    assert low < (result.statistics["AP"] or 0) < high
    by_image = PrecisionOptions(bootstrap=60, seed=4, group_by="image")
    other = evaluate_instances(truth, detections, options=by_image)
    assert other.intervals["AP"] != result.intervals["AP"]
    assert other.settings["groups"] == 12
    assert evaluate_instances(truth, detections).intervals == {}


def test_faults() -> None:
    document, detections = with_wards()
    truth = parse(document)
    with pytest.raises(InputError, match=r"no image has a field 'wart': .*ward"):
        evaluate_instances(truth, detections, options=PrecisionOptions(by=("wart",)))
    options = PrecisionOptions(by=("category",), class_agnostic=True)
    with pytest.raises(UsageError, match="leaves no categories to slice by"):
        evaluate_instances(truth, detections, options=options)
    with pytest.raises(UsageError, match="`bootstrap` is 0, expected 1 or more"):
        PrecisionOptions(bootstrap=0)
