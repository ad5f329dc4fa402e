"""Features that are made once: each seed's annotations get their own rows back."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmark_n import Benchmark
from benchmark_n.coco.pixels import image_files
from benchmark_n.evidence import annotation_evidence
from benchmark_n.evidence.backbones.base import make_backbone
from benchmark_n.evidence.crops.evidence import embed
from benchmark_n.experiments.detector_seeds import features, out_of_fold
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
        expected = embed(base, coco, paths, make_backbone("hog"), workers=1)
        found = out_of_fold(benchmark, rows).embeddings
        np.testing.assert_array_equal(found, expected)
        assert not np.array_equal(rows, expected)
