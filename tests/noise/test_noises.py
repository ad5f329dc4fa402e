"""Every noise against the plain full-canvas implementation, and what holds for all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.coco import read_coco
from benchmark_n.errors import InputError
from benchmark_n.masks import CropMask, crop_to_rle
from benchmark_n.noise.base import NotApplied, SpatialNoise
from benchmark_n.noise.chunks import chunks
from benchmark_n.noise.engine import Engine
from benchmark_n.noise.plan import decide, resolve
from benchmark_n.noise.recipe import build_noise, load_recipe
from benchmark_n.noise.scale import resize_mask
from benchmark_n.runtime.random_streams import Stream
from tests import plain_engine
from tests.conftest import SAMPLES, shared_file

CASES: list[tuple[str, dict[str, Any]]] = [
    ("approximation", {"tolerance": 2.0}),
    ("approximation", {"tolerance": 15.0, "contours": "outer"}),
    ("localization", {"sigma": 2.0}),
    ("localization", {"sigma": 5.0, "contours": "outer"}),
    ("scale", {"kernel": 3}),
    ("scale", {"kernel": 7, "operation": "dilate"}),
    ("scale", {"kernel": 5, "operation": "erode"}),
    ("opening", {"kernel": 5}),
    ("shift", {"distance": 3}),
]
canvases = arrays.arrays(
    np.uint8, st.tuples(st.integers(1, 14), st.integers(1, 14)), elements=st.integers(0, 1)
).filter(lambda mask: bool(mask.any()))


def build(case: tuple[str, dict[str, Any]]) -> SpatialNoise:
    noise = build_noise(case[0], {"probability": 1.0, **case[1]})
    assert isinstance(noise, SpatialNoise)
    return noise


@pytest.mark.parametrize("case", CASES, ids=str)
@given(canvas=canvases, identity=st.integers(0, 2**40), zoom=st.integers(1, 5))
def test_equal_to_full_canvas(
    case: tuple[str, dict[str, Any]], canvas: NDArray[np.uint8], identity: int, zoom: int
) -> None:
    noise = build(case)
    mask = np.kron(canvas, np.ones((zoom, zoom), np.uint8))
    drawn = noise.draw(Stream(1, noise.name, identity))
    assert set(drawn) == set(noise.columns)
    expected = plain_engine.APPLY[noise.name](mask, noise, drawn)
    if expected is None:
        with pytest.raises(NotApplied, match="too_few_vertices"):
            noise.apply(CropMask.from_full(mask), drawn)
        return
    found = noise.apply(CropMask.from_full(mask), drawn)
    np.testing.assert_array_equal(found.full(), expected)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("approximation", {"tolerance": 0.0}),
        ("localization", {"sigma": 0.0}),
        ("scale", {"kernel": 1}),
        ("shift", {"distance": 0}),
        ("opening", {"kernel": 1}),
    ],
)
@given(canvas=canvases)
def test_zero_noise_is_the_identity(
    name: str, parameters: dict[str, Any], canvas: NDArray[np.uint8]
) -> None:
    noise = build((name, parameters))
    mask = np.kron(canvas, np.ones((4, 4), np.uint8))
    found = noise.apply(CropMask.from_full(mask), noise.draw(Stream(1, name, 1)))
    np.testing.assert_array_equal(found.full(), mask)


RECIPES = ["hard-v1", "hard", "paper-hard", "reference-hard"] + [
    f"ablation-{name}-mid"
    for name in (
        "approximation",
        "localization",
        "scale",
        "opening",
        "shift",
        "dilation",
        "erosion",
    )
]


@pytest.mark.parametrize("sample", [*SAMPLES, "scenes"])
@pytest.mark.parametrize("recipe_name", RECIPES)
def test_whole_files_bit_for_bit(recipe_name: str, sample: str, scenes_clean: Path) -> None:
    """Masks, boxes, areas, IoU and boundary IoU of every instance equal the plain ones."""
    path = scenes_clean if sample == "scenes" else shared_file(SAMPLES[sample])
    coco = read_coco(path)
    recipe = resolve(load_recipe(recipe_name), coco)
    decisions = decide(recipe, coco, seed=3)
    may_empty = recipe.empty_masks == "allowed"
    engine = Engine(recipe.noises, 3, path.name, 0.02, may_empty=may_empty)
    spatial = [noise for noise in recipe.noises if isinstance(noise, SpatialNoise)]
    for chunk in chunks(recipe, coco, decisions, coco.annotation_ids, 300):
        fields = [json.loads(raw) for raw in chunk.records]
        _, columns = engine(chunk)
        for i, record in enumerate(fields):
            if chunk.deleted[i] or chunk.crowd[i]:
                continue
            struck = [
                (noise, noise.draw(Stream(3, noise.name, chunk.annotation_ids[i])))
                for noise, column in zip(spatial, chunk.drawn, strict=True)
                if column[i]
            ]
            plain = plain_engine.process(
                record["segmentation"], *chunk.sizes[i], struck, may_empty=may_empty
            )
            row = {name: values[i] for name, values in columns.items()}
            assert row["iou"] == plain["iou"]
            assert row["boundary_iou"] == plain["boundary_iou"]
            assert [row["area"], row["noisy_area"]] == [plain["area"], plain["noisy_area"]]
            for prefix in ("bbox", "noisy_bbox"):
                box = [row[f"{prefix}_{part}"] for part in ("x", "y", "width", "height")]
                assert box == plain[prefix]


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("scale", {"kernel": 4}, "scale.kernel is 4, expected an odd number"),
        ("scale", {"kernel": 3, "operation": "grow"}, "operation"),
        ("scale", {"kernel": "3"}, "kernel"),
        ("localization", {"sigma": -1.0}, "localization.sigma is -1.0, expected 0 to"),
        ("localization", {"sigma": float("inf")}, "sigma"),
        ("approximation", {"tolerance": float("nan")}, "tolerance"),
        ("approximation", {"tolerance": 1.0, "relative_sd": -1.0}, "relative_sd"),
        ("approximation", {"tolerance": 1.0, "contours": "inner"}, "contours"),
        ("shift", {"distance": -1}, "distance"),
        ("scale", {"kernel": 3, "probability": 1.5}, "probability is 1.5, expected"),
        ("scale", {"kernel": 3, "probability": float("nan")}, "probability"),
        ("scale", {}, "kernel"),
        ("class_confusion", {"scope": "none"}, "scope"),
        ("scael", {}, "did you mean 'scale'"),
        ("scale", {"kernels": 3}, "did you mean 'kernel'"),
    ],
)
def test_bad_parameters(name: str, parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as error:
        build_noise(name, {"probability": 0.5, **parameters})
    assert words in str(error.value)


def test_dilation_stays_in_the_image() -> None:
    mask = np.ones((6, 8), np.uint8)
    noise = build(("scale", {"kernel": 7, "operation": "dilate"}))
    crop = CropMask.from_full(mask)
    assert crop_to_rle(noise.apply(crop, {"kernel": 7, "operation": "dilate"})) == coco_mask.encode(
        np.asfortranarray(mask)
    )


@pytest.mark.parametrize("kernel", [1, 2, 3, 8])
@pytest.mark.parametrize("operation", ["dilate", "erode"])
def test_scale_of_what_an_earlier_noise_left_empty_is_empty(kernel: int, operation: str) -> None:
    empty = CropMask.from_full(np.zeros((20, 30), np.uint8))
    assert resize_mask(empty, kernel, operation).area == 0
