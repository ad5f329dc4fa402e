"""Scores against a made benchmark: an all-knowing detector, metadata fields, unfit benchmarks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

import benchmark_n
from benchmark_n import Benchmark, EvidenceOptions
from benchmark_n.errors import InputError
from benchmark_n.evaluation.label_errors import deleted_masks, score_benchmark
from benchmark_n.evaluators.label_errors.floors import FLOORS
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.tables.scores import scores_table
from tests import making, samples


def class_scores(benchmark: Benchmark, values: dict[int, float]) -> Any:
    noisy = benchmark.noisy()
    ids = noisy.annotation_ids.tolist()
    scores = [values.get(i, 0.0) for i in ids]
    return scores_table(
        {
            "image_id": noisy.image_ids,
            "annotation_id": ids,
            "kind": ["class"] * len(ids),
            "score": scores,
            "flagged": [score > 0.5 for score in scores],
        }
    )


def changed_categories(benchmark: Benchmark) -> dict[int, bool]:
    """From the two files; the manifest tells no more than which records belong together."""
    clean = benchmark.clean()
    before = dict(zip(clean.annotation_ids.tolist(), clean.category_ids.tolist(), strict=True))
    noisy, source = benchmark.noisy(), making.source_ids(benchmark)
    after = zip(noisy.annotation_ids.tolist(), noisy.category_ids.tolist(), strict=True)
    return {i: before[source[i] or 0] != category for i, category in after}


def test_an_all_knowing_detector_is_perfect(scenes_hard: Benchmark) -> None:
    truth = changed_categories(scenes_hard)
    scores = class_scores(scenes_hard, {i: float(wrong) for i, wrong in truth.items()})
    measures = score_benchmark(scores, scenes_hard).kinds["class"].measures
    assert measures["errors"] == sum(truth.values())
    assert measures["f1"] == measures["auroc"] == measures["auprc"] == 1


def test_measures_are_scikit_learns_on_a_made_benchmark(scenes_hard: Benchmark) -> None:
    truth = changed_categories(scenes_hard)
    rng = np.random.default_rng(0)
    values = {i: float(np.clip(rng.random() + 0.3 * w, 0, 1)) for i, w in truth.items()}
    result = score_benchmark(class_scores(scenes_hard, values), scenes_hard).kinds["class"]
    labels, scores = list(truth.values()), list(values.values())
    assert result.measures["auroc"] == pytest.approx(metrics.roc_auc_score(labels, scores))
    # Scores that were cut off at 1 are tied, which scikit-learn treats as one step.
    low, high = result.intervals["auroc"] or (1.0, 0.0)
    assert low < float(result.measures["auroc"] or 0) < high
    assert set(result.by) == {"noise", "category", "size", "supercategory"}


def test_true_masks_of_deleted_instances_are_all_found(scenes_hard: Benchmark) -> None:
    masks = deleted_masks(scenes_hard, scenes_hard.noisy())
    rows = [(image, rle) for image, found in masks.items() for rle in found.values()]
    scores = scores_table(
        {
            "image_id": [image for image, _ in rows],
            "kind": ["missing"] * len(rows),
            "score": [0.5] * len(rows),
            "flagged": [True] * len(rows),
            "suggested_segmentation": [
                json.dumps({"size": rle["size"], "counts": rle["counts"].decode()})
                for _, rle in rows
            ],
        }
    )
    result = score_benchmark(scores, scenes_hard).kinds["missing"]
    measures = result.measures
    assert all(part["recall"] == 1 for part in result.by["size"].values())
    assert sum(part["errors"] or 0 for part in result.by["category"].values()) == len(rows)
    assert measures["errors"] == scenes_hard.summary["deleted"] == len(rows)
    assert measures["f1"] == measures["auprc"] == 1


def test_any_field_of_the_images_divides_the_results(scenes_hard: Benchmark) -> None:
    scores = class_scores(scenes_hard, {})
    by_name = LabelErrorOptions(by=("file_name",))
    parts = score_benchmark(scores, scenes_hard, by_name).kinds["class"].by["file_name"]
    assert len(parts) == len(set(scenes_hard.noisy().image_ids.tolist()))
    with pytest.raises(InputError, match="no field 'patient'"):
        score_benchmark(scores, scenes_hard, LabelErrorOptions(by=("patient",)))


def test_fields_that_are_not_published_divide_and_group_the_results(
    scenes_clean: Path, tmp_path: Path
) -> None:
    data = samples.with_further_fields(json.loads(scenes_clean.read_text()))
    source = samples.write(tmp_path, data)
    made = making.make("custom", "hard", annotations=source, out=tmp_path / "b", workers=1)
    options = LabelErrorOptions(by=("guideline", "annotator"), group_by="guideline", bootstrap=2)
    result = score_benchmark(class_scores(made, {}), made, options)
    assert result.settings["groups"] == 2
    parts = result.kinds["class"].by
    assert set(parts["guideline"]) == {"v0", "v1"}
    assert {"anna", "ben"} <= set(parts["annotator"])
    of_image = {image["id"]: image["guideline"] for image in data["images"]}
    wrong = changed_categories(made)
    noisy = made.noisy()
    image_of = dict(zip(noisy.annotation_ids.tolist(), noisy.image_ids.tolist(), strict=True))
    crowds = set(noisy.annotation_ids[noisy.crowd].tolist())
    for version, part in parts["guideline"].items():
        errors = [i for i, is_wrong in wrong.items() if is_wrong and i not in crowds]
        assert part["errors"] == sum(of_image[image_of[i]] == version for i in errors)


def test_a_benchmark_that_gives_itself_away_is_refused(tmp_path: Path) -> None:
    source = samples.write(tmp_path, samples.document())
    unfit = making.make(
        "custom", "easy", annotations=source, masks="keep", out=tmp_path / "b", workers=1
    )
    with pytest.raises(InputError, match="unfit for label-error detection"):
        score_benchmark(class_scores(unfit, {}), unfit)


def test_floors_and_their_truth_stand_in_the_results(scenes_hard: Benchmark) -> None:
    truth = changed_categories(scenes_hard)
    scores = class_scores(scenes_hard, {i: float(wrong) for i, wrong in truth.items()})
    result = score_benchmark(scores, scenes_hard).to_dict()
    kind = result["kinds"]["class"]
    assert set(kind["floors"]) == set(FLOORS)
    assert kind["against_floor"]["above"]
    assert kind["against_floor"]["interval"][0] > 0
    share = np.mean(list(truth.values()))
    for floor in kind["floors"].values():
        assert floor["prevalence"] == pytest.approx(share)
        low, high = floor["interval"]
        assert low <= floor["lifted_auprc"] <= high
    assert result["settings"]["truth"] == {
        "name": "boundary-iou",
        "bar": 0.9,
        "version": 1,
        "leave_out": False,
    }
    assert result["settings"]["blind_floor_fitted_on"] == ["phantom", "lvis"]


def test_flag_everything_beats_real_detections_on_brain_mri(
    shared_data: Path, tmp_path: Path
) -> None:
    """What a table without that floor hid: the list of a trained model is worse than no list."""
    folder = shared_data / "brain_tumor_maskrcnn"
    file = folder / "_annotations.coco.json"
    made = making.make("custom", recipe="hard-v1", annotations=file, out=tmp_path / "b")
    found = benchmark_n.evaluate_detectors(
        made,
        "mask_disagreement",
        evidence=EvidenceOptions(
            (f"predictions:{folder / 'coco_instances_results.json'}",),
            evidence_dir=tmp_path / "kept",
        ),
    )[0]
    assert found.result is not None
    kind = found.result.kinds["spatial"]
    everything = kind.floors["flag_everything"]
    assert float(everything["f1"] or 0) > float(kind.measures["f1"] or 0) + 0.05
    assert kind.against_floor is not None
    assert kind.against_floor.text.startswith("≤")
    assert found.provenance["told"] == ["not known"]
