"""Boundaries against whole canvases, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark_n.evaluators.average_precision.boundary import boundary_band
from benchmark_n.evaluators.average_precision.engines import Engine
from benchmark_n.evaluators.average_precision.evaluate import evaluate_instances
from benchmark_n.evaluators.average_precision.options import PrecisionOptions
from benchmark_n.masks import CropMask
from tests.evaluators.coco_samples import blob, parse, random_case
from tests.evaluators.oracles import canvas_boundary, oracle_statistics


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(4, 70),
    st.integers(4, 70),
    st.sampled_from([0.005, 0.02, 0.1]),
)
def test_bands_are_the_canvas_ones(seed: int, height: int, width: int, ratio: float) -> None:
    rng = np.random.default_rng(seed)
    speckle = (rng.random((height, width)) < 0.8).astype(np.uint8)
    mask = blob(rng, height, width) if seed % 3 else speckle
    band = boundary_band(CropMask.from_full(mask), ratio)
    assert (band.full() == canvas_boundary(mask, ratio)).all()


@pytest.mark.parametrize("ratio", [0.005, 0.05])
def test_boundary_ap_is_the_canvas_one_at_other_ratios(ratio: float) -> None:
    document, detections = random_case(11, images=10)
    for detection in detections:
        del detection["bbox"]
    expected = oracle_statistics(document, detections, "boundary", ratio=ratio)
    engines: tuple[Engine, ...] = ("pycocotools", "vernier")
    for engine in engines:
        result = evaluate_instances(
            parse(document),
            detections,
            iou_type="boundary",
            options=PrecisionOptions(engine=engine, dilation_ratio=ratio),
        )
        assert list(result.statistics.values()) == pytest.approx(
            [None if value == -1 else value for value in expected], abs=1e-12
        )
        assert result.settings["dilation_ratio"] == ratio
