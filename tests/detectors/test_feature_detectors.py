"""ReCoV, fastReCoV and nearest neighbours, against scikit-learn, exact tails, a published case."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import comb
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier

from benchmark_n.detectors import Evidence, build_detector, run_detector
from benchmark_n.detectors.common.fresh_folds import random_folds, ranked_folds
from benchmark_n.detectors.common.ridge_folds import RidgeFolds, components
from benchmark_n.detectors.fastrecov import remember
from benchmark_n.detectors.knn import neighbour_shares
from benchmark_n.detectors.recov import significant
from benchmark_n.errors import InputError
from benchmark_n.evidence import load_evidence, save_evidence
from benchmark_n.files import npy
from tests.detectors.samples import column, evidence

FINDERS = ("recov", "fastrecov", "knn")
# Benjamini and Hochberg (1995), Section 4.1: fifteen p-values, of which .05 rejects four.
PUBLISHED = (
    *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240),
    *(0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
)


def clustered(
    count: int = 240, rate: float = 0.1, spread: float = 2.0
) -> tuple[Evidence, NDArray[np.bool_]]:
    """Features around one centre a category, noisy labels, and which of them are wrong."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, count)
    wrong = rng.random(count) < rate
    labels = np.where(wrong, (true + rng.integers(1, 3, count)) % 3, true)
    features = rng.normal(0, 1, (3, 200))[true] + rng.normal(0, spread, (count, 200))
    return evidence(labels, embeddings=features.astype(np.float32)), wrong


@pytest.mark.parametrize("name", FINDERS)
def test_finds_wrong_labels_where_features_are_good(name: str) -> None:
    made, wrong = clustered()
    table = run_detector(build_detector(name), made)
    assert metrics.roc_auc_score(wrong, column(table, "class", "score")) > 0.95
    assert metrics.f1_score(wrong, column(table, "class", "flagged")) > 0.75


@pytest.mark.parametrize("name", FINDERS)
def test_same_evidence_same_scores(name: str) -> None:
    made, _ = clustered(60)
    first, second = (run_detector(build_detector(name), made) for _ in range(2))
    assert first.equals(second)


def test_a_fold_held_out_is_predicted_as_scikit_learn_does() -> None:
    made, _ = clustered(80)
    assert made.embeddings is not None
    features = components(made.embeddings)
    heads = RidgeFolds(features, made.labels, 3, penalty=7.0)
    for places in random_folds(made.annotation_ids, 5, 0, "test"):
        train = np.setdiff1d(np.arange(80), places)
        expected = Ridge(alpha=7.0).fit(features[train], np.eye(3)[made.labels[train]])
        np.testing.assert_allclose(heads.held_out(places), expected.predict(features[places]))


@pytest.mark.parametrize("shape", [(30, 50), (50, 30)])
def test_components_are_those_of_scikit_learn(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(0).normal(2, 3, shape)
    found = components(values, most=5)
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    expected = PCA(5, svd_solver="full").fit_transform(scaled)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-8)


def test_counts_of_the_worst_fold_are_those_of_the_loop_written_out() -> None:
    made, _ = clustered(60)
    assert made.embeddings is not None
    features, targets = components(made.embeddings), np.eye(3)[made.labels]
    ridge = float((features**2).sum(axis=0).mean())
    counts = np.zeros(60, int)
    for repeat in range(20):
        parts = random_folds(made.annotation_ids, 4, 3, f"recov{repeat}")
        right = []
        for places in parts:
            train = np.setdiff1d(np.arange(60), places)
            model = Ridge(alpha=ridge).fit(features[train], targets[train])
            named = model.predict(features[places]).argmax(axis=1)
            right.append(metrics.accuracy_score(made.labels[places], named))
        counts[parts[right.index(min(right))]] += 1
    options = {"repeats": 20, "folds": 4, "seed": 3}
    table = run_detector(build_detector("recov", options), made)
    assert (column(table, "class", "score") * 20) == pytest.approx(counts)


def test_flags_are_the_binomial_tail_under_the_procedure_of_benjamini_and_hochberg() -> None:
    counts = np.random.default_rng(0).binomial(50, 0.2, 40)
    counts[:4] = (25, 24, 22, 19)

    def tail(count: int) -> Fraction:
        parts = (comb(50, k) * Fraction(1, 5) ** k * Fraction(4, 5) ** (50 - k) for k in range(51))
        return sum(list(parts)[count + 1 :], Fraction(0))

    tails = [tail(int(count)) for count in counts]
    assert significant(counts, 50, 5, 0.05).tolist() == step_up(tails, 0.05)
    assert 0 < sum(step_up(tails, 0.05)) < 40


def test_the_procedure_written_out_rejects_what_its_authors_reject() -> None:
    assert step_up([Fraction(p) for p in PUBLISHED], 0.05) == [True] * 4 + [False] * 11


def step_up(values: list[Fraction], rate: float) -> list[bool]:
    """The largest k with p of rank k at most k / m times the rate; the k smallest are rejected."""
    ranked = sorted(values)
    last = [k for k, p in enumerate(ranked, 1) if p <= Fraction(rate) * k / len(values)]
    return [bool(last) and p <= ranked[last[-1] - 1] for p in values]


def test_random_folds_are_equal_in_size_and_by_id_alone() -> None:
    ids = np.arange(100, 123)
    parts = random_folds(ids, 5, 0, "x")
    assert sorted(len(part) for part in parts) == [4, 4, 5, 5, 5]
    assert sorted(np.concatenate(parts).tolist()) == list(range(23))
    order = np.random.default_rng(0).permutation(23)
    moved = random_folds(ids[order], 5, 0, "x")
    assert [set(ids[a]) for a in parts] == [set(ids[order][b]) for b in moved]


def test_draws_without_replacement_have_the_chances_of_their_weights() -> None:
    """The first of three is drawn with chances proportional to exp(weight / temperature)."""
    weights = np.array([0.0, 0.1, 0.2])
    draws = [
        ranked_folds(np.arange(3), weights, 3, 0.1, seed, "x")[0].item() for seed in range(4000)
    ]
    expected = np.exp(weights / 0.1) / np.exp(weights / 0.1).sum() * 4000
    counts = np.bincount(draws, minlength=3)
    assert ((counts - expected) ** 2 / expected).sum() < 13.8  # chi square, 2 degrees, p = .001


def test_the_memory_is_a_geometric_mean_of_the_runs() -> None:
    memory = np.zeros((1, 2))
    for run in ([0.9, 0.1], [0.5, 0.5], [0.2, 0.8]):
        memory = remember(memory, np.array([run]))
    expected = 0.3 * (0.49 * 0.9 + 0.7 * 0.5 + 0.2)
    assert memory[0, 0] == pytest.approx(expected)


def test_the_folds_of_the_first_run_are_random_and_the_last_ones_hold_the_worst() -> None:
    made, wrong = clustered()
    table = run_detector(build_detector("fastrecov"), made)
    scores = column(table, "class", "score")
    last = ranked_folds(made.annotation_ids, 1 - scores, 5, 0.1, 0, "fastrecov10")[-1]
    assert wrong[last].sum() >= 0.9 * wrong.sum()


def test_neighbours_are_those_of_scikit_learn() -> None:
    made, _ = clustered(90, spread=6.0)
    assert made.embeddings is not None
    values = np.asarray(made.embeddings, float)
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    found = neighbour_shares(made.embeddings, made.labels, 3, 7)
    for place in range(90):
        others = np.setdiff1d(np.arange(90), place)
        model = KNeighborsClassifier(
            7, metric="cosine", algorithm="brute", weights=lambda d: np.maximum(1 - d, 0)
        ).fit(scaled[others], made.labels[others])
        expected = np.zeros(3)
        expected[model.classes_] = model.predict_proba(scaled[[place]])[0]
        np.testing.assert_allclose(found[place], expected, atol=1e-6)


def test_fewer_annotations_than_folds_are_one_line() -> None:
    few = evidence([0, 1], embeddings=np.eye(2, dtype=np.float32))
    for name in ("recov", "fastrecov"):
        with pytest.raises(InputError, match="2 annotations, expected at least as many as 5 folds"):
            run_detector(build_detector(name), few)


@pytest.mark.parametrize("name", ["cleanlab", "margin", *FINDERS])
def test_evidence_mapped_from_its_file_gives_the_same_scores(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = clustered(60)
    assert made.embeddings is not None
    probs = np.random.default_rng(0).dirichlet(np.ones(3), 60).astype(np.float32)
    made = replace(made, pred_probs=probs)
    save_evidence(made, tmp_path / "kept")
    monkeypatch.setattr(npy, "_LARGE", 0)
    again = load_evidence(tmp_path / "kept", of=made)
    assert isinstance(again.embeddings, np.memmap)
    options = {"repeats": 20} if name == "recov" else {}
    tables = [run_detector(build_detector(name, options), one) for one in (made, again)]
    assert tables[0].equals(tables[1])
