"""Box jitter against its closed forms, and confusions between categories of one name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmark_n.coco import Category
from benchmark_n.coco.boxes import RecordBox
from benchmark_n.errors import InputError
from benchmark_n.noise.base import BoxNoise, NotApplied
from benchmark_n.noise.class_confusion import ClassConfusion
from benchmark_n.noise.recipe import build_noise, load_recipe
from benchmark_n.runtime.random_streams import Stream

COUNT = 20_000


def jitter(shift: float = 0.4, scale: float = 0.4) -> BoxNoise:
    noise = build_noise("box_jitter", {"probability": 1.0, "shift": shift, "scale": scale})
    assert isinstance(noise, BoxNoise)
    return noise


def test_draws_are_uniform_and_independent() -> None:
    draws = [jitter(0.3, 0.2).draw(Stream(1, "box_jitter", i)) for i in range(COUNT)]
    columns = {name: np.array([drawn[name] for drawn in draws]) for name in draws[0]}
    assert set(columns) == set(jitter().columns)
    for name, values in columns.items():
        low, width = (0.8, 0.4) if name.endswith("factor") else (-0.3, 0.6)
        assert stats.kstest(values, stats.uniform(low, width).cdf).statistic < 1.95 / COUNT**0.5
    correlations = np.corrcoef(list(columns.values())) - np.eye(4)
    assert np.abs(correlations).max() < 4.5 / COUNT**0.5


@given(
    x=st.integers(0, 99),
    y=st.integers(0, 79),
    w=st.integers(1, 60),
    h=st.integers(1, 60),
    identity=st.integers(0, 2**40),
)
def test_a_box_is_moved_scaled_and_cut(x: int, y: int, w: int, h: int, identity: int) -> None:
    """Centre and sides as the procedure has them; a box beyond the border is cut where it ends."""
    noise = jitter()
    drawn = noise.draw(Stream(3, "box_jitter", identity))
    centre = np.array([x + w / 2 + drawn["dx"] * w, y + h / 2 + drawn["dy"] * h])
    half = np.array([w * drawn["width_factor"], h * drawn["height_factor"]]) / 2
    most = np.maximum([100, 80], [x + w, y + h])
    expected = np.concatenate([np.maximum(centre - half, 0), np.minimum(centre + half, most)])
    box = RecordBox((float(x), float(y), float(w), float(h)))
    if (np.round(expected[2:]) <= np.round(expected[:2])).any():
        with pytest.raises(NotApplied, match="would_empty"):
            noise.apply(box, drawn, 80, 100)
        return
    found = noise.apply(box, drawn, 80, 100)
    np.testing.assert_array_equal(found.corners, np.round(expected))


def test_nothing_drawn_is_the_identity() -> None:
    box = RecordBox((3, 4.5, 10, 7.25), 72.5)
    drawn = jitter(0.0, 0.0).draw(Stream(1, "box_jitter", 1))
    assert jitter(0.0, 0.0).apply(box, drawn, 50, 50) == box


@pytest.mark.parametrize("bbox", [(5, 5, 0, 4), (5, 5, 4, 0)])
def test_a_box_of_no_area_stays(bbox: tuple[int, int, int, int]) -> None:
    drawn = jitter().draw(Stream(1, "box_jitter", 1))
    with pytest.raises(NotApplied, match="empty_box"):
        jitter().apply(RecordBox(bbox), drawn, 50, 50)


def test_what_would_be_left_without_a_pixel_stays() -> None:
    drawn = {"dx": 0.0, "dy": 0.0, "width_factor": 0.4, "height_factor": 1.0}
    with pytest.raises(NotApplied, match="would_empty"):
        jitter(0.0, 0.7).apply(RecordBox((5, 5, 2, 2)), drawn, 50, 50)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"shift": -0.1, "scale": 0.1}, "shift is -0.1"),
        ({"shift": 0.1, "scale": 1.0}, "scale is 1.0"),
        ({"shift": float("nan"), "scale": 0.1}, "shift"),
        ({"shift": 0.1}, "scale"),
    ],
)
def test_bad_parameters(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        build_noise("box_jitter", {"probability": 0.5, **parameters})


@pytest.mark.parametrize("tier", ["easy", "mid", "hard"])
def test_recipes_for_boxes_have_the_tiers_rates(tier: str) -> None:
    """Jitter as often as any spatial noise of the tier, confusion and deletion as there."""
    own, boxes = ({n.name: n for n in load_recipe(t).noises} for t in (tier, f"box-{tier}"))
    none = np.prod([1 - n.probability for n in own.values() if n.kind == "spatial"])
    assert boxes["box_jitter"].probability == pytest.approx(1 - none)
    for name in ("class_confusion", "deletion"):
        assert boxes[name] == own[name]


GROUPS: dict[str, list[tuple[str, str | None]]] = {
    "pair": [("cat", None), ("cat", None), ("dog", None)],
    "three across supercategories": [("cat", "a"), ("cat", "b"), ("cat", "a"), ("dog", "a")],
    "blanks": [("cat", None), ("cat ", None), ("dog", None), ("", None), ("", None)],
    "one name alone": [("cat", None), ("cat", None)],
}


@pytest.mark.parametrize("include_same", [False, True])
@pytest.mark.parametrize("scope", ["all", "supercategory", "next"])
@pytest.mark.parametrize("group", GROUPS)
def test_no_category_becomes_its_namesake(group: str, scope: str, include_same: bool) -> None:
    categories = {
        5 * i: Category(5 * i, name, parent) for i, (name, parent) in enumerate(GROUPS[group], 1)
    }
    noise = build_noise(
        "class_confusion", {"probability": 1.0, "scope": scope, "include_same": include_same}
    )
    assert isinstance(noise, ClassConfusion)
    candidates = noise.candidates(categories)
    for i, category in categories.items():
        name = category.name.strip() or str(i)
        others = [
            j
            for j, c in categories.items()
            if (c.name.strip() or str(j)) != name
            and (
                scope != "supercategory" or (c.supercategory or j) == (category.supercategory or i)
            )
        ]
        if scope == "next":  # the first of the others behind it, cyclically
            others = sorted(others, key=lambda j: (j < i, j))[:1]
        allowed = {*others, i} if include_same and scope != "next" else set(others)
        found = set()
        for uniform in np.linspace(0, 0.999, 50).tolist():
            try:
                found.add(candidates.pick(i, (), uniform))
            except NotApplied:
                continue
        if include_same and scope == "next" and not others:
            allowed = {i}
        assert found == allowed
