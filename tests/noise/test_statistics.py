"""Rates and sizes of the noises, against their closed forms.

Every bound is stated: a draw of probability p in n trials stays within 4.5 standard errors
sqrt(p (1 - p) / n) but for one case in 150,000; the seeds are fixed, so a test never flickers.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmark_n.coco import Category
from benchmark_n.masks import CropMask
from benchmark_n.masks.contours import find_contours
from benchmark_n.noise.base import NotApplied
from benchmark_n.noise.class_confusion import Candidates, ClassConfusion
from benchmark_n.noise.localization import displace
from benchmark_n.noise.plan import draw_noises
from benchmark_n.noise.recipe import build_noise, load_recipe
from benchmark_n.runtime.random_streams import Stream, uniforms

COUNT = 100_000
IDS = np.arange(COUNT, dtype=np.int64)
ERRORS = 4.5


def standard_error(p: float, n: int = COUNT) -> float:
    return float(np.sqrt(p * (1 - p) / n))


@pytest.mark.parametrize("tier", ["easy", "mid", "hard"])
@pytest.mark.parametrize("seed", [1, 2])
def test_rates_and_independence(tier: str, seed: int) -> None:
    recipe = load_recipe(tier)
    drawn = draw_noises(recipe, IDS, seed)
    for noise in recipe.noises:
        p = noise.probability
        assert abs(drawn[noise.name].mean() - p) < ERRORS * standard_error(p)
    for a, b in itertools.combinations(recipe.noises, 2):
        p = a.probability * b.probability
        both = (drawn[a.name] & drawn[b.name]).mean()
        assert abs(both - p) < ERRORS * standard_error(p)


def test_one_spatial_noise_at_most() -> None:
    recipe = load_recipe("reference-hard")
    drawn = draw_noises(recipe, IDS, 1)
    spatial = np.stack([drawn[n.name] for n in recipe.noises if n.kind == "spatial"])
    assert spatial.sum(axis=0).max() == 1
    for column in spatial:
        assert abs(column.mean() - 0.3) < ERRORS * standard_error(0.3)


def test_only_leaves_the_other_draws_alone() -> None:
    full = draw_noises(load_recipe("hard"), IDS, 1)
    only = draw_noises(load_recipe("hard", only=["scale"]), IDS, 1)
    np.testing.assert_array_equal(full["scale"], only["scale"])


@pytest.mark.parametrize("mean", [5.0, 10.0, 15.0])
def test_tolerance_is_a_rectified_normal(mean: float) -> None:
    noise = build_noise("approximation", {"probability": 1.0, "tolerance": mean})
    draws = np.array(
        [noise.draw(Stream(1, noise.name, i))["tolerance"] for i in range(20_000)]  # type: ignore[attr-defined]
    )
    assert draws.min() >= 0
    positive = draws[draws > 0]
    expected = stats.truncnorm(-3.0, np.inf, loc=mean, scale=mean / 3)
    assert stats.kstest(positive, expected.cdf).statistic < 1.95 / np.sqrt(positive.size)
    zero = stats.norm.cdf(-3)
    assert abs((draws == 0).mean() - zero) < ERRORS * standard_error(zero, draws.size)


@pytest.mark.parametrize("sigma", [2.0, 3.0, 4.0])
def test_displacements(sigma: float) -> None:
    """Rounded to whole pixels, N(0, sigma²) has variance sigma² + 1/12 (Sheppard's correction)."""
    points = np.zeros((COUNT, 1, 2), np.int32)
    moved = displace(points, sigma, np.random.default_rng(5))[:, 0, :]
    variance = sigma**2 + 1 / 12
    assert np.abs(moved.mean(axis=0)).max() < ERRORS * np.sqrt(variance / COUNT)
    spread = ERRORS * variance * np.sqrt(2 / COUNT)
    assert np.abs(moved.var(axis=0) - variance).max() < spread
    correlation = stats.pearsonr(*moved.T).statistic
    assert abs(correlation) < ERRORS / np.sqrt(COUNT)


def test_coin_is_fair() -> None:
    noise = build_noise("scale", {"probability": 1.0, "kernel": 3})
    draws = [noise.draw(Stream(1, "scale", i))["operation"] for i in range(COUNT)]  # type: ignore[attr-defined]
    assert abs(np.mean([d == "dilate" for d in draws]) - 0.5) < ERRORS * standard_error(0.5)


def test_localization_moves_each_vertex() -> None:
    square = np.zeros((60, 60), np.uint8)
    square[20:40, 20:40] = 1
    assert [len(c) for c in find_contours(CropMask.from_full(square))[0]] == [4]


CATEGORIES = {
    c.id: c
    for c in [
        Category(1, "a", "x"),
        Category(2, "b", "x"),
        Category(3, "c", "x"),
        Category(4, "d", "y"),
        Category(5, "e", "z"),
        Category(6, "f", "z"),
    ]
}


def listed(candidates: Candidates, category: int, absent: tuple[int, ...] = ()) -> list[int]:
    """All that may be picked, by listing them."""
    return [
        c
        for c in candidates.groups[category]
        if c not in absent and (candidates.include_same or c != category)
    ]


def test_confusion_is_uniform_inside_the_supercategory() -> None:
    candidates = ClassConfusion(probability=1.0).resolved(CATEGORIES).candidates(CATEGORIES)
    all_listed = {c: listed(candidates, c) for c in CATEGORIES}
    assert all_listed == {1: [2, 3], 2: [1, 3], 3: [1, 2], 4: [], 5: [6], 6: [5]}
    picks = uniforms(1, "class_confusion.pick", IDS)
    chosen = np.array([candidates.pick(1, (), u) for u in picks.tolist()])
    assert set(chosen.tolist()) == {2, 3}
    assert abs((chosen == 2).mean() - 0.5) < ERRORS * standard_error(0.5)


def test_scopes() -> None:
    loose = {i: Category(i, str(i)) for i in (3, 1, 2)}
    auto = ClassConfusion(probability=1.0).resolved(loose)
    assert auto.scope == "all"
    candidates = auto.candidates(loose)
    assert {i: listed(candidates, i) for i in loose} == {3: [1, 2], 1: [2, 3], 2: [1, 3]}
    following = ClassConfusion(probability=1.0, scope="next").candidates(loose)
    assert {i: listed(following, i) for i in loose} == {3: [1], 1: [2], 2: [3]}
    same = ClassConfusion(probability=1.0, scope="all", include_same=True).candidates(loose)
    assert listed(same, 1) == [1, 2, 3]


def test_next_of_a_single_category_is_none() -> None:
    alone = ClassConfusion(probability=1.0, scope="next").candidates({7: Category(7, "a")})
    with pytest.raises(NotApplied, match="no_other_category"):
        alone.pick(7, (), 0.5)


def test_verified_absent_categories_are_never_picked() -> None:
    candidates = Candidates({1: (1, 2, 3, 4)}, include_same=True)
    picks = np.linspace(0, 1, 1000, endpoint=False).tolist()
    assert {candidates.pick(1, (2, 4), u) for u in picks} == {1, 3}


@given(
    group=st.sets(st.integers(-5, 40), min_size=1),
    absent=st.lists(st.integers(-8, 44), max_size=12),
    include_same=st.booleans(),
    uniform=st.floats(0, 1, exclude_max=True),
    data=st.data(),
)
def test_the_pick_is_that_of_the_list(
    group: set[int], absent: list[int], include_same: bool, uniform: float, data: st.DataObject
) -> None:
    """Picking by place is the same as listing all that is allowed and indexing the list."""
    own = data.draw(st.sampled_from(sorted(group)))
    candidates = Candidates({own: tuple(sorted(group))}, include_same)
    allowed = listed(candidates, own, tuple(absent))
    if allowed:
        assert candidates.pick(own, absent, uniform) == allowed[int(uniform * len(allowed))]
    else:
        with pytest.raises(NotApplied):
            candidates.pick(own, absent, uniform)


def test_candidates_take_memory_by_category_not_by_pair() -> None:
    categories = {i: Category(i, str(i)) for i in range(20_000)}
    candidates = ClassConfusion(probability=1.0, scope="all").candidates(categories)
    assert len({id(group) for group in candidates.groups.values()}) == 1
