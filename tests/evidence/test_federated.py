"""What a federated file says was looked for in each image."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmark_n.coco import read_coco
from benchmark_n.evidence.annotations import annotation_evidence
from benchmark_n.evidence.collect import merge
from tests.conftest import shared_file
from tests.samples import document, write


def test_a_plain_file_was_annotated_whole(tmp_path: Path) -> None:
    assert annotation_evidence(read_coco(write(tmp_path, document()))).exhaustive == {}


def test_what_is_drawn_was_looked_for_unless_the_image_says_otherwise(tmp_path: Path) -> None:
    data = document()
    data["images"][0] |= {"neg_category_ids": [3], "not_exhaustive_category_ids": [2, 99]}
    evidence = annotation_evidence(read_coco(write(tmp_path, data)))
    assert dict(evidence.exhaustive) == {1: frozenset({0}), 2: frozenset({2})}


def test_the_real_file_as_a_loop_over_its_records() -> None:
    path = shared_file("lvis_double/A.json")
    data = json.loads(path.read_text())
    evidence = annotation_evidence(read_coco(path))
    ids = evidence.category_ids.tolist()
    for image in data["images"]:
        drawn = {a["category_id"] for a in data["annotations"] if a["image_id"] == image["id"]}
        expected = drawn - set(image["not_exhaustive_category_ids"])
        assert {ids[label] for label in evidence.exhaustive[image["id"]]} == expected


def test_what_was_looked_for_outlives_further_evidence(tmp_path: Path) -> None:
    data = document()
    data["images"][0] |= {"neg_category_ids": [3]}
    evidence = annotation_evidence(read_coco(write(tmp_path, data)))
    probs = np.full((3, 3), 1 / 3, np.float32)
    part = replace(annotation_evidence(read_coco(write(tmp_path, data))), pred_probs=probs)
    assert merge(evidence, part).exhaustive == evidence.exhaustive
