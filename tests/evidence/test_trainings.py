"""Trainings of noisy labels, against cleanlab, closed forms and torch's own gradients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics

from benchmark_n import Benchmark, EvidenceOptions
from benchmark_n.detection.lending import lent_annotations
from benchmark_n.detection.score import evaluate_detectors
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.evidence.trainings.dynamics import (
    chosen_copies,
    corrupted_dynamics,
    corrupted_labels,
)
from benchmark_n.evidence.trainings.loop import TrainingData, repeatable, train
from benchmark_n.evidence.trainings.noise_rate import confident_rate, estimated_rate
from benchmark_n.evidence.trainings.posterior import (
    clean_posterior,
    posterior_passes,
    with_dropout,
)
from benchmark_n.evidence.trainings.small_losses import dropped_epochs, forget_rate
from benchmark_n.evidence.trainings.weighting import RATE, alignments, moved, trained_weights
from tests import making
from tests.detectors.samples import noisy_problem

torch = pytest.importorskip("torch", reason="torch is not installed")
RATES = 0.1
COUNT = 400


@pytest.fixture(scope="module")
def problem() -> tuple[TrainingData, NDArray[np.bool_]]:
    """Features around three centres, a tenth of the labels wrong, and which."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, COUNT)
    wrong = rng.random(COUNT) < RATES
    labels = np.where(wrong, (true + rng.integers(1, 3, COUNT)) % 3, true)
    values = rng.normal(0, 1, (3, 30))[true] + rng.normal(0, 1, (COUNT, 30))
    return TrainingData(values.astype(np.float32), labels, 3), wrong


def test_what_small_losses_leave_out_is_wrong(
    problem: tuple[TrainingData, NDArray[np.bool_]],
) -> None:
    data, wrong = problem
    with repeatable():
        dropped = dropped_epochs(data, RATES)
        again = dropped_epochs(data, RATES)
    np.testing.assert_array_equal(dropped, again)
    # Two of each of the twenty batches of twenty.
    assert (dropped.sum(axis=1) == 40).all()
    assert metrics.roc_auc_score(wrong, dropped.mean(axis=0)) > 0.95


def test_the_forget_rate_is_the_authors_schedule() -> None:
    expected = np.ones(30) * 0.2
    expected[:10] = np.linspace(0, 0.2, 10)
    assert [forget_rate(epoch, 0.2) for epoch in range(30)] == pytest.approx(expected)


def test_the_rate_is_that_of_cleanlab() -> None:
    """Its confident joint before it is rounded to whole annotations, scaled here."""
    from cleanlab.count import compute_confident_joint

    for seed in range(5):
        made, _ = noisy_problem(rate=0.05 + 0.05 * seed, num_categories=4, seed=seed)
        assert made.pred_probs is not None
        counts = compute_confident_joint(made.labels, made.pred_probs, calibrate=False)
        wrong = 1 - np.diag(counts) / counts.sum(axis=1)
        expected = (wrong * np.bincount(made.labels)).sum() / len(made)
        assert confident_rate(made.pred_probs, made.labels) == pytest.approx(expected)


def test_the_rate_is_estimated_out_of_fold(
    problem: tuple[TrainingData, NDArray[np.bool_]],
) -> None:
    data, wrong = problem
    folds = np.arange(COUNT) % 5
    with repeatable():
        assert estimated_rate(data, folds) == pytest.approx(wrong.mean(), abs=0.03)


def test_copies_are_a_tenth_by_their_ids_with_other_labels() -> None:
    ids = np.random.default_rng(0).permutation(5000)[:2000]
    copied = chosen_copies(ids, 0)
    assert len(copied) == 200
    assert set(ids[::-1][chosen_copies(ids[::-1], 0)]) == set(ids[copied])
    labels = np.arange(2000) % 4
    wrong = corrupted_labels(labels, ids, 4, 0)
    assert (wrong != labels).all()
    steps = np.bincount((wrong - labels) % 4, minlength=4)[1:]
    assert ((steps - 2000 / 3) ** 2 / (2000 / 3)).sum() < 13.8  # chi square, 2 degrees, p = .001
    with pytest.raises(InputError, match="need two categories, found 1"):
        corrupted_labels(labels * 0, ids, 1, 0)


def test_corrupted_copies_move_as_wrong_labels_do(
    problem: tuple[TrainingData, NDArray[np.bool_]],
) -> None:
    data, wrong = problem
    places = np.arange(0, COUNT, 10)
    labels = (data.labels[places] + 1) % 3
    with repeatable():
        given, copies = corrupted_dynamics(data, data.values[places], places, labels)
    assert given.shape == copies.shape == (30, COUNT)
    assert np.isfinite(copies).sum() == 30 * len(places)
    clean = ~wrong[places]
    copied = copies[:, places][:, clean]
    assert given[10:, ~wrong].mean() > 2 > 0 > copied[10:].mean()
    assert metrics.roc_auc_score(~wrong, given.mean(axis=0)) > 0.95
    # Copies are told from their originals as wrong labels are from right ones.
    means = np.concatenate([given[:, places][:, clean].mean(axis=0), copied.mean(axis=0)])
    assert metrics.roc_auc_score(np.repeat([1, 0], clean.sum()), means) > 0.95


def test_margins_are_those_of_a_training_that_nobody_watches(
    problem: tuple[TrainingData, NDArray[np.bool_]],
) -> None:
    """Torch's cross-entropy alone, and its logits copied: to note them must not change them."""
    data = problem[0]
    places = np.arange(0, COUNT, 10)
    labels = (data.labels[places] + 1) % 3
    both = replace(
        data,
        values=np.concatenate([data.values, data.values[places]]),
        labels=np.concatenate([data.labels, labels]),
    )
    expected = np.full((5, len(both.labels)), np.nan, np.float32)

    def step(epoch: int, chosen: Any, logits: Any, hidden: Any) -> Any:
        given = torch.from_numpy(both.labels[chosen])
        own = logits.detach().gather(1, given[:, None])[:, 0]
        others = logits.detach().clone().scatter(1, given[:, None], -torch.inf)
        expected[epoch, chosen] = (own - others.max(1).values).numpy()
        return torch.nn.functional.cross_entropy(logits, given)

    with repeatable():
        train(both, both.network(), step, 5)
        margins, copies = corrupted_dynamics(data, data.values[places], places, labels, epochs=5)
    np.testing.assert_allclose(margins, expected[:, :COUNT], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(copies[:, places], expected[:, COUNT:], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("count", [31, 32, 33, 34, 49, 400, 401])
def test_every_annotation_is_in_every_epoch(
    problem: tuple[TrainingData, NDArray[np.bool_]], count: int
) -> None:
    data = problem[0]
    rows = np.arange(count) % COUNT
    nothing = np.zeros(0, np.intp)
    with repeatable():
        margins, _ = corrupted_dynamics(data.at(rows), data.values[:0], nothing, nothing, epochs=2)
    assert margins.shape == (2, count)
    assert np.isfinite(margins).all()


def test_the_posterior_of_two_categories_is_the_authors_form() -> None:
    """Their term 1: u p + (1 - u) y, with the labels and passes cut to .001 and .999."""
    rng = np.random.default_rng(0)
    positive = np.concatenate([rng.random((10, 8)), np.full((10, 1), 1.0)], axis=1)
    passes = np.stack([1 - positive, positive], axis=2)
    labels = np.array([0, 1, 0, 1, 0, 1, 0, 1, 0])
    cut = np.clip(positive, 0.001, 0.999)
    entropy = -(cut * np.log(cut) + (1 - cut) * np.log(1 - cut)).mean(axis=0) / np.log(2)
    y = np.where(labels == 1, 0.999, 0.001)
    expected = entropy * cut.mean(axis=0) + (1 - entropy) * y
    found = clean_posterior(passes, labels)
    np.testing.assert_allclose(found[:, 1], expected, atol=1e-9)
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_the_posterior_of_more_categories_goes_from_the_label_to_the_prediction() -> None:
    labels = np.array([2])
    even = clean_posterior(np.full((3, 1, 4), 0.25), labels)
    np.testing.assert_allclose(even, 0.25, atol=1e-9)  # no pass knows anything: their mean
    sure = np.zeros((3, 1, 4))
    sure[:, :, 0] = 1
    assert clean_posterior(sure, labels)[0, 2] > 0.95


def test_dropout_alone_is_in_training_mode_between_the_steps() -> None:
    network = torch.nn.Sequential(torch.nn.BatchNorm1d(2), torch.nn.Dropout(0.5))
    with_dropout(network)
    assert not network[0].training
    assert network[1].training


def test_posteriors_find_wrong_labels(problem: tuple[TrainingData, NDArray[np.bool_]]) -> None:
    data, wrong = problem
    with repeatable():
        passes = posterior_passes(data)
    assert passes.shape == (10, COUNT, 3)
    assert np.abs(passes[0] - passes[1]).max() > 1e-3
    target = clean_posterior(passes, data.labels)
    suspect = 1 - target[np.arange(COUNT), data.labels]
    assert metrics.roc_auc_score(wrong, suspect) > 0.9


def test_alignments_are_the_products_of_torchs_gradients() -> None:
    generator = torch.Generator().manual_seed(0)
    layer = torch.nn.Linear(5, 3)
    hidden, labels = torch.randn(7, 5, generator=generator), torch.tensor([0, 1, 2, 0, 1, 2, 0])

    def gradient(places: slice | int) -> Any:
        loss = torch.nn.functional.cross_entropy(
            layer(hidden[places]).reshape(-1, 3), labels[places].reshape(-1)
        )
        return torch.cat([part.flatten() for part in torch.autograd.grad(loss, layer.parameters())])

    clean = gradient(slice(0, 3))
    expected = [float(gradient(place) @ clean) for place in range(3, 7)]
    errors = layer(hidden).softmax(1) - torch.nn.functional.one_hot(labels, 3)
    inputs = torch.cat([hidden, torch.ones(7, 1)], 1).numpy()
    rows = errors.detach().numpy()
    found = alignments(rows[:3], inputs[:3], rows[3:], inputs[3:])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)


def test_weights_move_by_the_rate_and_stay_between_0_and_1() -> None:
    steps = moved(np.array([0.5, 0.5, 0.05, 0.95]), np.array([1.0, -1.0, -2.0, 2.0]), 1.5)
    assert steps == pytest.approx([0.5 + RATE / 1.5, 0.5 - RATE / 1.5, 0, 1])
    assert moved(np.array([0.3]), np.zeros(1), 0.0) == pytest.approx([0.3])


def test_weights_of_wrong_labels_end_lower(
    problem: tuple[TrainingData, NDArray[np.bool_]],
) -> None:
    data, wrong = problem
    with repeatable():
        weights = trained_weights(data, np.flatnonzero(~wrong)[:12])
    assert metrics.roc_auc_score(~wrong, weights) > 0.75
    assert weights[wrong].mean() < 0.3 < 0.5 < weights[~wrong].mean()


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory, _own_cache: None) -> Benchmark:
    """Class noise on 20 % of the instances of twelve drawn images."""
    out = tmp_path_factory.mktemp("benchmarks") / "scenes-sym-20"
    return making.make("scenes", "sym-20", num_images=12, out=out, workers=1)


def test_all_four_run_on_a_benchmark_and_say_what_they_are_told(benchmark: Benchmark) -> None:
    names = ["usdnl", "dynacor", "bundl", "sample_weights"]
    found = evaluate_detectors(
        benchmark,
        names,
        evidence=EvidenceOptions(("trainings:hog",), noise_rate=0.2, folds=2),
        scoring=LabelErrorOptions(bootstrap=2),
        clean_subset=0.1,
    )
    assert [one.detector for one in found] == names
    told = [one.provenance["told"] for one in found]
    assert told == [["noise rate"], [], [], ["a clean subset"]]
    assert all(one.result is not None for one in found)


def test_a_detector_is_said_to_read_what_it_reads_alone(benchmark: Benchmark) -> None:
    given = EvidenceOptions(("crops", "trainings:hog"), backbone="hog", noise_rate=0.2, folds=2)
    scoring = LabelErrorOptions(bootstrap=2)
    names = ["cleanlab", "usdnl", "random"]
    found = evaluate_detectors(benchmark, names, evidence=given, scoring=scoring)
    sources = [[one["evidence"] for one in each.provenance["evidence"]] for each in found]
    assert sources == [["crops"], ["trainings"], []]
    assert [one.provenance["told"] for one in found] == [[], ["noise rate"], []]
    assert found[0].provenance["trained_on"] == "noisy-oof"
    assert found[1].provenance["trained_on"] == "noisy-in-sample"


def test_a_network_from_scratch_learns_the_crops(benchmark: Benchmark) -> None:
    evidence = EvidenceOptions(("trainings:scratch",), folds=2)
    (found,) = evaluate_detectors(
        benchmark, "usdnl", evidence=evidence, scoring=LabelErrorOptions(bootstrap=2)
    )
    source = found.provenance["evidence"][0]
    assert source["backbone"] == "scratch:plain"
    assert 0 < source["noise_rate"] < 1
    assert found.provenance["told"] == []
    assert found.evidence.dropped is not None
    assert found.evidence.dropped.shape == (20, len(found.evidence))


def test_what_is_lent_is_right_and_by_the_source(benchmark: Benchmark) -> None:
    rows = benchmark.manifest().to_pandas().set_index("annotation_id")
    lent = lent_annotations(benchmark, 0.1)
    assert len(lent) == -(-len(rows) // 10)
    chosen = rows.loc[list(lent)]
    assert (chosen.category_id == chosen.noisy_category_id).all()
    assert lent != lent_annotations(benchmark, 0.1, seed=1)
    with pytest.raises(UsageError, match="`clean_subset` is 1, expected a share"):
        lent_annotations(benchmark, 1)
    with pytest.raises(InputError, match="right category, expected"):
        lent_annotations(benchmark, 0.95)


@pytest.mark.parametrize(
    ("ids", "line"),
    [((), "need annotations known to be right"), ((10**9,), "names annotation 1000000000")],
)
def test_weights_need_a_clean_subset_of_the_file(
    benchmark: Benchmark, ids: tuple[int, ...], line: str
) -> None:
    evidence = EvidenceOptions(("trainings:hog",), clean_subset=ids)
    with pytest.raises(InputError, match=line):
        evaluate_detectors(benchmark, "sample_weights", evidence=evidence)
