"""ObjectLab on results files without boxes, and on scores of any scale."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.detectors import Evidence, build_detector, run_detector
from benchmark_n.detectors.objectlab import sureness
from benchmark_n.evidence import annotation_evidence, save_evidence
from benchmark_n.evidence.collect import MakerInput, gather
from benchmark_n.evidence.files.coco_files import PredictionMaker
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.evidence.store import annotations_digest, evidence_key
from benchmark_n.files.provenance import file_digest
from tests.detectors.samples import box_mask, column, evidence, instances, rows_of

FAKE = "coco_val2014_100/instances_val2014_fakesegm100_results.json"


def predicted(coco: CocoFile, path: Path, base: Evidence) -> Evidence:
    """The annotations with the predictions of a results file."""
    return PredictionMaker(MakerInput(base, coco, argument=str(path))).make()


def with_swaps(base: Evidence, seed: int) -> tuple[Evidence, NDArray[np.intp]]:
    """The annotations with 30 categories changed, and which."""
    rng = np.random.default_rng(seed)
    swapped = rng.choice(len(base), 30, replace=False)
    labels = base.labels.copy()
    categories = len(base.category_ids)
    labels[swapped] = (labels[swapped] + rng.integers(1, categories, 30)) % categories
    return replace(base, labels=labels), swapped


def first(table: Any, count: int) -> NDArray[np.intp]:
    """Places of the annotations of highest class score."""
    return np.argsort(-column(table, "class", "score"), kind="stable")[:count]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_swaps_are_found_by_masks_without_boxes(val2014: Path, tmp_path: Path, seed: int) -> None:
    """A file as COCO's own example has it, masks and no ``bbox``, of all true instances."""
    coco = read_coco(val2014)
    base = annotation_evidence(coco)
    records = [
        {
            "image_id": int(image),
            "category_id": int(base.category_ids[label]),
            "segmentation": {"size": mask["size"], "counts": mask["counts"].decode()},
            "score": 0.99,
        }
        for image, label, mask in zip(base.image_ids, base.labels, base.masks, strict=True)
    ]
    path = tmp_path / "results.json"
    path.write_text(json.dumps(records))
    given, swapped = with_swaps(base, seed)
    table = run_detector(build_detector("objectlab"), predicted(coco, path, given))
    assert np.isin(first(table, 50), swapped).sum() >= 27
    assert rows_of(table, "missing") == []


def test_boxes_of_a_file_without_boxes_are_those_of_pycocotools(
    val2014: Path, shared_data: Path, tmp_path: Path
) -> None:
    coco = read_coco(val2014)
    records = json.loads((shared_data / FAKE).read_text())
    assert not any("bbox" in record for record in records)
    loaded = COCO(str(val2014)).loadRes(str(shared_data / FAKE)).dataset["annotations"]
    given, _ = with_swaps(annotation_evidence(coco), 1)
    bare = predicted(coco, shared_data / FAKE, given)
    assert bare.predictions is not None
    assert bare.predictions.boxes.tolist() == [list(one["bbox"]) for one in loaded]
    for record, one in zip(records, loaded, strict=True):
        record["bbox"] = list(one["bbox"])
    (tmp_path / "boxed.json").write_text(json.dumps(records))
    boxed = predicted(coco, tmp_path / "boxed.json", given)
    found, expected = (run_detector(build_detector("objectlab"), e) for e in (bare, boxed))
    assert found.equals(expected)


def test_kept_evidence_with_boxes_of_zeros_is_made_anew(
    val2014: Path, shared_data: Path, tmp_path: Path
) -> None:
    coco = read_coco(val2014)
    base = annotation_evidence(coco)
    source = f"predictions:{shared_data / FAKE}"
    good = predicted(coco, shared_data / FAKE, base)
    assert good.predictions is not None
    bad = replace(good.predictions, boxes=np.zeros_like(good.predictions.boxes))
    # The key as it was when such boxes were read.
    inputs = {"file": file_digest(shared_data / FAKE), "trained_on": "unknown"}
    key = evidence_key(source="predictions", annotations=annotations_digest(base), **inputs)
    old = tmp_path / f"predictions-{key}"
    save_evidence(replace(good, predictions=bad), old)
    made = gather(coco, EvidenceOptions((source,), evidence_dir=tmp_path), {"predictions"})
    assert made.predictions is not None
    assert made.predictions.boxes.all(axis=1).any()


def drawn(seed: int = 0) -> Evidence:
    """Annotations of three images with moved, swapped and extra predictions; some scores tie."""
    rng = np.random.default_rng(seed)
    masks, found = [], []
    for image in range(1, 41):
        x, y = rng.integers(0, 12, 2).tolist()
        masks.append(box_mask(x, y, 12, 12))
        score = float(rng.integers(1, 99)) / 100
        found.append((image, int(rng.integers(0, 3)), score, box_mask(x + 1, y, 12, 12)))
        if rng.random() < 0.5:
            found.append((image, 1, float(rng.random()), box_mask(30, 30, 8, 8)))
    return evidence([0] * 40, masks=tuple(masks), predictions=instances(found))


def test_sureness_is_a_count_of_the_larger_scores() -> None:
    scores = np.random.default_rng(0).integers(0, 20, 60) / 20
    expected = [25 / (25 + sum(other > score for other in scores)) for score in scores]
    assert sureness(scores, 25).tolist() == expected
    assert sureness(np.zeros(0), 1).tolist() == []


@pytest.mark.parametrize("scale", [lambda s: s / 2, lambda s: s**3, lambda s: 1 - (1 - s) ** 4])
def test_the_scale_of_the_scores_does_not_matter(scale: Any) -> None:
    made = drawn()
    assert made.predictions is not None
    table = run_detector(build_detector("objectlab"), made)
    assert {kind: any(column(table, kind, "flagged")) for kind in ("class", "missing")} == {
        "class": True,
        "missing": True,
    }
    others = replace(made.predictions, scores=scale(made.predictions.scores))
    again = run_detector(build_detector("objectlab"), replace(made, predictions=others))
    for kind in ("class", "missing"):
        assert rows_of(again, kind) == rows_of(table, kind)


def test_detections_of_small_score_do_not_matter_to_swaps_and_proposals() -> None:
    made = drawn()
    found = made.predictions
    assert found is not None
    low = 50 * [(1, 2, 1e-6, box_mask(0, 30, 5, 5))]
    tail = instances(low)
    longer = replace(
        found,
        image_ids=np.concatenate([found.image_ids, tail.image_ids]),
        labels=np.concatenate([found.labels, tail.labels]),
        scores=np.concatenate([found.scores, tail.scores]),
        boxes=np.concatenate([found.boxes, tail.boxes]),
        masks=(*found.masks, *tail.masks),
        annotators=np.zeros(len(found) + 50, np.int64),
    )
    table = run_detector(build_detector("objectlab"), made)
    again = run_detector(build_detector("objectlab"), replace(made, predictions=longer))
    for kind in ("class", "missing"):
        assert column(again, kind, "flagged").tolist() == column(table, kind, "flagged").tolist()


def test_an_explicit_confidence_is_one_of_the_scores_themselves() -> None:
    # The second only makes another similarity than 1 possible.
    found = [(1, 1, 0.4, box_mask(5, 5, 20, 20)), (2, 0, 0.2, box_mask(20, 20, 9, 9))]
    made = evidence([0, 0], predictions=instances(found))
    for confidence, flagged in ((0.39, True), (0.41, False)):
        table = run_detector(build_detector("objectlab", {"confidence": confidence}), made)
        assert column(table, "class", "flagged").tolist() == [flagged, False]


def test_overlap_of_masks_that_fill_their_boxes_is_that_of_the_boxes() -> None:
    """Where masks are rectangles, what masks say is what cleanlab says of boxes."""
    for seed in range(3):
        made = drawn(seed)
        by_box, by_mask = (
            run_detector(build_detector("objectlab", {"overlap": overlap}), made)
            for overlap in ("box", "mask")
        )
        for kind in ("class", "spatial", "missing"):
            np.testing.assert_allclose(
                column(by_mask, kind, "score"), column(by_box, kind, "score"), atol=1e-9
            )


def test_outlines_of_one_box_are_told_apart_by_masks_alone() -> None:
    """Two given masks with the box of the prediction; of the second a half is left."""
    corner = np.tri(20, dtype=np.uint8)
    canvas = np.zeros((40, 40), np.uint8, order="F")
    canvas[5:25, 5:25] = corner
    half = coco_mask.encode(canvas)
    masks = (box_mask(5, 5, 20, 20), {"size": list(half["size"]), "counts": half["counts"]})
    found = instances([(1, 0, 0.99, box_mask(5, 5, 20, 20)), (2, 0, 0.98, box_mask(5, 5, 20, 20))])
    made = evidence([0, 0], masks=masks, predictions=found)
    scores = {
        overlap: column(
            run_detector(build_detector("objectlab", {"overlap": overlap}), made),
            "spatial",
            "score",
        )
        for overlap in ("box", "mask")
    }
    assert scores["box"] == pytest.approx([0, 0], abs=1e-5)
    # .9 of 1 less the IoU, which is 210 of 400 px; the centres of the boxes are the same.
    assert scores["mask"] == pytest.approx([0, 0.9 * (1 - 210 / 400)], abs=1e-5)
