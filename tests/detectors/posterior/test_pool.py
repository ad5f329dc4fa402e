"""Pool and noise: against brute force, finite differences and labels of known noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from sklearn.metrics import average_precision_score

from benchmark_n.detectors.posterior.confusions import (
    PSEUDO_ERRORS,
    pair_errors,
    supercategory_errors,
    uniform_errors,
)
from benchmark_n.detectors.posterior.expected import expected_errors
from benchmark_n.detectors.posterior.experts import Expert
from benchmark_n.detectors.posterior.noise import fit_again, fit_noise
from benchmark_n.detectors.posterior.pool import Pool, own_way, ways_of
from tests.detectors.posterior.drawn import COUNT, GROUPS, chosen, draw


def small_pool(annotations: int = 30) -> tuple[Pool, np.ndarray]:
    experts, given, _ = draw(annotations, 0.2, 0.5, 0)
    partial = Expert("partial", experts[1].logs, np.arange(COUNT) < 5, -1.0, 0.3)
    matrices = [supercategory_errors(GROUPS), uniform_errors(COUNT)]
    ways = (own_way(given, COUNT), *ways_of(matrices, given))
    return Pool((*experts, partial), ways, np.array([3.0, 1.0, 0.5])), given


def test_the_posterior_is_bayes_rule_written_out() -> None:
    pool, given = small_pool()
    values = np.array([-0.7, -1.2, -0.4, 0.3, 1.0, -0.5, -1.0])
    judged = pool.judge(values)
    weights, shares = np.exp(values[:3]), np.exp(values[4:]) / np.exp(values[4:]).sum()
    matrices = [np.eye(COUNT), supercategory_errors(GROUPS), uniform_errors(COUNT)]
    for n in range(len(given)):
        scores = np.zeros(COUNT)
        for weight, one in zip(weights, pool.experts, strict=True):
            for c in range(COUNT):
                scores[c] += weight * one.logs[n, c] if one.known[c] else values[3]
        prior = np.exp(scores) / np.exp(scores).sum()
        joint = [
            prior[c] * sum(shares[j] * matrices[j][c, given[n]] for j in range(3))
            for c in range(COUNT)
        ]
        assert judged.pool[n] == pytest.approx(prior)
        assert judged.given[n] == pytest.approx(sum(joint))
        assert judged.true[n] == pytest.approx(np.array(joint) / sum(joint))
        assert judged.wrong(given)[n] == pytest.approx(1 - joint[given[n]] / sum(joint))


def test_slopes_are_those_of_finite_differences() -> None:
    pool, _ = small_pool()
    values = np.array([-0.7, -1.2, -0.4, 0.3, 1.0, -0.5, -1.0])

    def loss(at: np.ndarray) -> float:
        return float(pool.penalty(at)[0] - np.log(pool.judge(at).given).sum())

    slopes = pool.penalty(values)[1] - pool.slopes(values, pool.judge(values)).sum(axis=0)
    np.testing.assert_allclose(slopes, approx_fprime(values, loss, 1e-6), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("rate", "inside"), [(0.0, 0.0), (0.1, 1.0), (0.2, 0.0), (0.3, 0.7)])
def test_noise_and_weights_are_recovered(rate: float, inside: float) -> None:
    experts, given, true = draw(6000, rate, inside, 1)
    fitted = fit_noise(experts, given, GROUPS, pairs=False)
    wrong = given != true
    shares = fitted.shares
    assert shares["group"] + shares["any"] == pytest.approx(rate, abs=0.02)
    assert shares["group"] == pytest.approx(rate * inside, abs=0.03)
    assert fitted.weights["sure"] == pytest.approx(0.5, rel=0.08)
    assert fitted.weights["noise"] < 0.06
    expected = expected_errors(fitted.pool, fitted.values, given, np.arange(len(given)))
    assert expected.low <= wrong.sum() <= expected.high
    assert expected.high - expected.low < 0.06 * len(given)


def test_the_posterior_is_calibrated() -> None:
    """Of annotations with posteriors about s, a share of about s is wrong."""
    experts, given, true = draw(20000, 0.2, 0.5, 2)
    scores = fit_noise(experts, given, GROUPS, pairs=False).judged.wrong(given)
    bins = np.digitize(scores, [0.05, 0.2, 0.4, 0.6, 0.8, 0.95])
    for place in range(7):
        own = bins == place
        share, said = (given != true)[own].mean(), scores[own].mean()
        assert share == pytest.approx(said, abs=4 * (said * (1 - said) / own.sum()) ** 0.5 + 0.005)


def test_the_interval_covers_as_often_as_it_says() -> None:
    hits = []
    for seed in range(60):
        experts, given, true = draw(600, 0.15, 0.5, 100 + seed)
        fitted = fit_noise(experts, given, GROUPS, pairs=False)
        made = expected_errors(fitted.pool, fitted.values, given, np.arange(len(given)))
        hits.append(made.low <= (given != true).sum() <= made.high)
    # Binomial of 60 and .95: 52 or fewer in one of a hundred.
    assert sum(hits) >= 53


def test_the_interval_goes_by_units() -> None:
    """The same annotations five times over tell no more than once."""
    experts, given, _ = draw(400, 0.2, 0.5, 5)
    whole = [Expert(e.name, np.repeat(e.logs, 5, axis=0), e.known) for e in experts]
    labels = np.repeat(given, 5)
    fitted = fit_noise(whole, labels, GROUPS, pairs=False)
    apart = expected_errors(fitted.pool, fitted.values, labels, np.arange(2000))
    together = expected_errors(fitted.pool, fitted.values, labels, np.repeat(np.arange(400), 5))
    assert together.count == apart.count
    assert together.high - together.low > 1.5 * (apart.high - apart.low)


def test_pairs_are_found_where_they_are_and_nowhere_else() -> None:
    experts, _, true = draw(4000, 0.0, 0.0, 3, sharpness=1.5)
    rng = np.random.default_rng(4)
    confused = np.where((true == 0) & (rng.random(len(true)) < 0.5), 5, true)
    plain = fit_noise(experts, confused, GROUPS, pairs=False)
    paired = fit_noise(experts, confused, GROUPS, pairs=True)
    assert paired.shares["pair"] > 0.03
    wrong = confused != true
    areas = [
        average_precision_score(wrong, fitted.judged.wrong(confused)) for fitted in (plain, paired)
    ]
    assert areas[1] > areas[0] + 0.05
    even, uniform, _ = draw(4000, 0.2, 0.0, 6)
    assert "pair" not in fit_noise(even, uniform, GROUPS, pairs=True).shares


def test_pair_errors_leave_the_annotation_itself_out() -> None:
    labels = np.array([1, 1, 2])
    errors = np.array([[0.9, 0, 0], [0.4, 0, 0], [0, 0.7, 0]])
    base = uniform_errors(3)
    made = pair_errors(errors, labels, base)
    assert made[0, 0] == pytest.approx((0.4 + PSEUDO_ERRORS / 2) / (0.4 + PSEUDO_ERRORS))
    assert made[1, 0] == pytest.approx((0.9 + PSEUDO_ERRORS / 2) / (0.9 + PSEUDO_ERRORS))
    assert made[2, 1] == pytest.approx(0.5)
    assert made[0, 1] == 0  # given as it is


def test_a_later_fit_keeps_the_noise_of_the_first() -> None:
    experts, given, true = draw(3000, 0.2, 0.5, 7)
    first = fit_noise(experts, given, GROUPS, pairs=False)
    # An expert that agrees with every given label would say that none is wrong.
    yes = Expert("yes", 6 * np.eye(COUNT)[given], np.ones(COUNT, bool))
    alone = fit_noise([yes], given, GROUPS, pairs=False)
    again = fit_again([yes], first)
    assert alone.shares["right"] > 0.98
    assert again.shares["right"] == pytest.approx(first.shares["right"], abs=0.06)
    assert (given != true).any()


def test_what_an_expert_does_not_know_is_left_to_the_others() -> None:
    """A blind column changes nothing by its values, and the other expert decides there."""
    experts, given, true = draw(3000, 0.2, 0.0, 8)
    known = np.arange(COUNT) < 4
    rng = np.random.default_rng(9)
    near = np.where(known, experts[0].logs, rng.normal(0, 50, (3000, COUNT)))
    fits = [
        fit_noise([Expert("near", logs, known), experts[0]], given, GROUPS, pairs=False)
        for logs in (near, np.where(known, near, 0.0))
    ]
    np.testing.assert_array_equal(fits[0].judged.true, fits[1].judged.true)
    unknown, wrong = ~known[given], given != true
    alone = fit_noise(experts[:1], given, GROUPS, pairs=False)
    areas = [
        average_precision_score(wrong[unknown], fitted.judged.wrong(given)[unknown])
        for fitted in (fits[0], alone)
    ]
    assert areas[0] == pytest.approx(areas[1], abs=0.01)


def test_drawn_categories_follow_their_chances() -> None:
    rng = np.random.default_rng(0)
    places = chosen(np.tile([0.2, 0.5, 0.3], (20000, 1)), rng)
    np.testing.assert_allclose(np.bincount(places) / 20000, [0.2, 0.5, 0.3], atol=0.015)
