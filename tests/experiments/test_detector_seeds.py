"""Features that are made once, each seed's annotations with their own rows; rows of floors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark_n import Benchmark
from benchmark_n.coco.pixels import image_files
from benchmark_n.evaluators.label_errors.floors import FLOORS
from benchmark_n.evidence import annotation_evidence
from benchmark_n.evidence.backbones.base import make_backbone
from benchmark_n.evidence.crops.evidence import embed
from benchmark_n.experiments.detector_seeds import MEASURES, features, measured_floors, out_of_fold
from tests import making


def make(seed: int, out: Path) -> Benchmark:
    return making.make("scenes", "sym-20", seed=seed, out=out, num_images=12, workers=1)


def test_features_go_by_the_source(tmp_path: Path) -> None:
    rows = features(make, "hog")
    for seed in (1, 2):
        benchmark = make(seed, tmp_path / str(seed))
        coco = benchmark.noisy()
        base = annotation_evidence(coco)
        paths = image_files(benchmark.images, coco.images, base.image_ids)
        expected = embed(base, coco, paths, make_backbone("hog"), workers=1).features
        found = out_of_fold(benchmark, rows).embeddings
        np.testing.assert_array_equal(found, expected)
        assert not np.array_equal(rows, expected)


def test_every_floor_has_a_row_and_flags_of_its_own_only_where_it_flags_all(
    scenes_hard: Benchmark,
) -> None:
    rows = list(measured_floors(scenes_hard, ["class", "spatial", "missing"]))
    names = [f"floor: {name.replace('_', ' ')}" for name in FLOORS]
    assert [row["detector"] for row in rows] == names * 2
    assert all(set(MEASURES) <= set(row) for row in rows)
    share = rows[0]["prevalence"]
    assert rows[0]["f1"] == pytest.approx(2 * share / (1 + share))
    assert {row["f1"] for row in rows if row["detector"] != names[0]} == {None}
