"""The blind floor: features against pixels, trees against a walk, and whose models are used."""

from __future__ import annotations

from importlib.resources import files

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n import Benchmark
from benchmark_n.evaluators.label_errors.blind import (
    ALL,
    WEIGHTS,
    BlindFloor,
    Trees,
    blind_scores,
    left_out,
    load_blind_floor,
)
from benchmark_n.evaluators.label_errors.geometry import FEATURES, geometry_features

Mask = NDArray[np.uint8]


def masks() -> list[Mask]:
    rng = np.random.default_rng(0)
    made = [np.zeros((17, 23), np.uint8) for _ in range(8)]
    made[0][3:9, 4:15] = 1
    made[1][:] = 1
    made[2][:, 5:7] = 1  # from edge to edge: its runs go on from one column into the next
    made[3][0, 0] = made[3][16, 22] = 1
    made[4][2:12, 3:9] = 1
    made[4][5, 5] = 0
    for mask in made[5:7]:
        mask[rng.random(mask.shape) < 0.6] = 1
    return made  # the last is empty


def by_pixels(mask: Mask) -> dict[str, float]:
    """The same features, from column to column."""
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    left, right, top, bottom = columns.min(), columns.max(), rows.min(), rows.max()
    edges = {c: np.flatnonzero(mask[:, c]) for c in range(width) if mask[:, c].any()}
    steps, bends = [], []
    for end in (0, -1):
        for c in edges:
            if c + 1 in edges:
                steps.append(abs(int(edges[c + 1][end]) - int(edges[c][end])))
            if c + 1 in edges and c + 2 in edges:
                three = [int(edges[c + i][end]) for i in range(3)]
                bends.append(abs(three[2] - 2 * three[1] + three[0]))
    return {
        "log_area": np.log(mask.sum()),
        "log_width": np.log(right - left + 1),
        "log_height": np.log(bottom - top + 1),
        "area_share": mask.mean(),
        "fill": mask.sum() / ((right - left + 1) * (bottom - top + 1)),
        "left": left / width,
        "top": top / height,
        "right": 1 - (right + 1) / width,
        "bottom": 1 - (bottom + 1) / height,
        "flat_steps": np.mean(np.array(steps) == 0) if steps else 0,
        "mean_step": np.mean(steps) if steps else 0,
        "long_steps": np.mean(np.array(steps) >= 3) if steps else 0,
        "straight": np.mean(np.array(bends) == 0) if bends else 0,
        "mean_bend": np.mean(bends) if bends else 0,
    }


def encoded(pixels: list[Mask]) -> list[dict[str, object]]:
    return [coco_mask.encode(np.asfortranarray(one)) for one in pixels]


@pytest.mark.parametrize("place", [0, 3, 4])
def test_features_are_those_of_the_pixels(place: int) -> None:
    made = masks()
    ones = np.ones(len(made), int)
    found = geometry_features(encoded(made), ones, ones)  # type: ignore[arg-type]
    assert np.isfinite(found).all()
    for name, value in by_pixels(made[place]).items():
        assert found[place, FEATURES.index(name)] == pytest.approx(value), name


@pytest.mark.parametrize("place", [1, 2, 5, 6])
def test_boxes_and_areas_are_pycocotools(place: int) -> None:
    made = encoded(masks())
    ones = np.ones(len(made), int)
    row = geometry_features(made, ones, ones)[place]  # type: ignore[arg-type]
    x, y, width, height = coco_mask.toBbox(made[place])
    names = ("log_area", "log_width", "log_height")
    values = np.exp([row[FEATURES.index(name)] for name in names])
    assert values == pytest.approx([coco_mask.area(made[place]), width, height])
    assert row[FEATURES.index("left")] * 23 == pytest.approx(x)
    assert row[FEATURES.index("top")] * 17 == pytest.approx(y)


def test_rare_and_odd_sized_are_told_from_the_file_itself() -> None:
    sides = [2, 2, 2, 8, 3]
    made = [np.zeros((20, 20), np.uint8) for _ in sides]
    for mask, side in zip(made, sides, strict=True):
        mask[:side, :side] = 1
    categories, images = np.array([4, 4, 4, 4, 9]), np.array([1, 1, 1, 2, 2])
    found = geometry_features(encoded(made), categories, images)  # type: ignore[arg-type]
    column = {name: found[:, i].tolist() for i, name in enumerate(FEATURES)}
    assert column["log_category_count"] == pytest.approx(np.log([0.8] * 4 + [0.2]))
    assert column["category_rank"] == [0, 0, 0, 0, 0.5]
    assert column["size_for_category"] == pytest.approx([0, 0, 0, np.log(16), 0])
    assert column["neighbours"] == pytest.approx(np.log([3, 3, 3, 2, 2]))


def test_trees_are_walked_as_they_are_written() -> None:
    rng = np.random.default_rng(1)
    trees = Trees(
        0.25,
        rng.integers(0, 4, (5, 7)).tolist(),
        rng.normal(size=(5, 7)).round(1).tolist(),
        rng.normal(size=(5, 8)).tolist(),
    )
    rows = rng.normal(size=(40, 4)).round(1)
    expected = []
    for row in rows:
        odds = trees.bias
        for features, thresholds, leaves in zip(
            trees.features, trees.thresholds, trees.leaves, strict=True
        ):
            node = 0
            while node < 7:
                node = 2 * node + (1 if row[features[node]] <= thresholds[node] else 2)
            odds += leaves[node - 7]
        expected.append(1 / (1 + np.exp(-odds)))
    assert trees.predict(rows) == pytest.approx(expected)


def test_a_benchmark_is_never_scored_by_models_of_its_own_dataset(scenes_hard: Benchmark) -> None:
    floor = load_blind_floor()
    assert left_out(floor, "scenes", None) == "scenes"
    assert left_out(floor, "coco", None) == left_out(floor, "lvis", None) == "lvis"
    assert left_out(floor, "custom", floor.fitted_on["lvis"].sources[0]) == "lvis"
    assert left_out(floor, "custom", "0" * 64) == ALL
    found = blind_scores(scenes_hard.noisy(), scenes_hard.recipe)
    assert found.fitted_on == ("phantom", "lvis")
    other = blind_scores(scenes_hard.noisy(), {**scenes_hard.recipe, "dataset": "custom"})
    assert "scenes" in other.fitted_on
    assert (found.scores["spatial"] != other.scores["spatial"]).any()


def test_the_weights_are_small_and_say_what_they_are_of() -> None:
    text = files("benchmark_n.evaluators.label_errors").joinpath(WEIGHTS).read_bytes()
    assert len(text) < 200_000
    floor = msgspec.json.decode(text, type=BlindFloor)
    assert set(floor.models) == {ALL, *floor.fitted_on}
    assert all(set(models) == {"class", "spatial", "any"} for models in floor.models.values())
    assert all(sample.sources and sample.about for sample in floor.fitted_on.values())
