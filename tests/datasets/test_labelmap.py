"""The one-pass split of a label map against pycocotools on full masks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.datasets.labelmaps.runs import label_runs


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 17), st.integers(1, 23), st.integers(1, 6))
def test_rles_are_those_of_pycocotools(seed: int, height: int, width: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.choice([0, 7, 24, 26000, 26001, 33999], count)[
        rng.integers(0, count, (height, width))
    ].astype(np.uint16)
    runs = label_runs(labels)
    assert runs.values.tolist() == np.unique(labels).tolist()
    for index, value in enumerate(runs.values.tolist()):
        expected = coco_mask.encode(np.asfortranarray((labels == value).astype(np.uint8)))
        assert runs.rle(index) == expected


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.uint32, np.int64])
def test_all_integer_types(dtype: type) -> None:
    labels: NDArray[Any] = np.zeros((40, 30), dtype)
    labels[5:9, 5:9] = 3
    runs = label_runs(labels)
    assert runs.values.tolist() == [0, 3]
    assert coco_mask.decode(runs.rle(1)).sum() == 16
