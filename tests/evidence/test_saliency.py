"""Saliency maps against Grad-CAM by automatic differentiation and scikit-learn's own heads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from benchmark_n.coco import read_coco
from benchmark_n.errors import InputError
from benchmark_n.evidence.annotations import annotation_evidence
from benchmark_n.evidence.collect import MakerInput
from benchmark_n.evidence.crops.cutting import Cut
from benchmark_n.evidence.crops.linear_heads import fit_head
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.evidence.saliency.explained import (
    INVERSE_PENALTY,
    explain_backbone,
    explain_maps,
    find_layer,
)
from benchmark_n.evidence.saliency.grad_cam import GRID, class_activation, grad_cam, on_common_grid
from benchmark_n.evidence.saliency.lesson import Explained, Lesson
from benchmark_n.evidence.saliency.maker import SaliencyMaker, memorised
from tests.samples import document, write

torch = pytest.importorskip("torch", reason="needs the extra deep")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def problem(categories: int, count: int = 60) -> tuple[NDArray[Any], NDArray[Any]]:
    """Maps (N, 4, 3, 5) whose averages tell the label, and the labels."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % categories
    maps = rng.random((count, 4, 3, 5)).astype(np.float32)
    maps[np.arange(count), labels] += rng.random((count, 3, 5)).astype(np.float32)
    return maps, labels


@pytest.mark.parametrize("categories", [2, 3])
def test_a_head_is_scikit_learns_and_knows_its_gradients(categories: int) -> None:
    maps, labels = problem(categories)
    features = maps.mean((2, 3))
    head = fit_head(features, labels, categories + 1, 0.5)
    scaler = StandardScaler().fit(features)
    theirs = LogisticRegression(C=0.5, max_iter=300).fit(scaler.transform(features), labels)
    probs = head.probabilities(head.standardise(features))
    expected = theirs.predict_proba(scaler.transform(features))
    np.testing.assert_allclose(probs[:, :categories], expected, atol=1e-4)
    assert (probs[:, categories] == 0).all()
    # The derivative of a difference of logits, by finite differences of log odds.
    step = np.zeros_like(features)
    step[:, 1] = 1e-2
    moved = head.probabilities(head.standardise(features + step))
    odds = np.log(moved[:, 1] / moved[:, 0]) - np.log(probs[:, 1] / probs[:, 0])
    gradients = head.gradients()
    np.testing.assert_allclose(odds / 1e-2, gradients[1, 1] - gradients[0, 1], rtol=1e-2)


def test_class_activation_of_linear_heads_is_grad_cam() -> None:
    """Equations 1 and 2 of Grad-CAM, differentiated by torch through average and head."""
    maps, labels = problem(3)
    folds = np.arange(len(labels)) % 2
    lesson = Lesson(labels, 3, folds, workers=1)
    made = explain_maps(maps.mean((2, 3)), maps, lesson)
    for fold in range(2):
        train, held = folds != fold, np.flatnonzero(folds == fold)
        features = maps.mean((2, 3))
        head = fit_head(features[train], labels[train], 3, INVERSE_PENALTY)
        leaf = torch.from_numpy(maps[held]).requires_grad_()
        scaled = (leaf.mean((2, 3)) - torch.from_numpy(head.mean)) / torch.from_numpy(
            head.deviation
        )
        logits = scaled.double() @ torch.from_numpy(head.coefficients).T
        logits.amax(1).sum().backward()
        weights = leaf.grad.mean((2, 3), keepdim=True)
        expected = torch.relu((weights * leaf).sum(1)).detach().numpy()
        np.testing.assert_allclose(made.maps[held], on_common_grid(expected), atol=2e-3)
        assert (made.probs[held].argmax(1) == logits.argmax(1).numpy()).all()


def test_in_sample_heads_see_all_labels_and_given_targets_are_theirs() -> None:
    maps, labels = problem(3)
    labels[:9] = (labels[:9] + 1) % 3
    features = maps.mean((2, 3))
    folds = np.arange(len(labels)) % 2
    made = explain_maps(features, maps, Lesson(labels, 3, folds, in_sample=True, workers=1))
    head = fit_head(features, labels, 3, INVERSE_PENALTY)
    np.testing.assert_allclose(made.probs, head.probabilities(head.standardise(features)))
    lesson = Lesson(labels, 3, folds, in_sample=True, target="given", workers=1)
    given = explain_maps(features, maps, lesson)
    differ = made.probs.argmax(1) != labels
    assert differ.any()
    same = (made.maps == given.maps).all((1, 2))
    assert same[~differ].all()
    assert not same[differ].any()


def test_maps_are_scaled_one_by_one_and_flat_ones_become_zeros() -> None:
    maps = np.array([[[1.0, 3.0], [2.0, 1.0]], [[5.0, 5.0], [5.0, 5.0]]], np.float32)
    same_size = on_common_grid(maps, 2)
    assert same_size[0].tolist() == [[0, 1], [0.5, 0]]
    assert (same_size[1] == 0).all()
    large = on_common_grid(maps)
    assert large.shape == (2, GRID, GRID)
    assert large.dtype == np.float16
    assert large.min() == 0
    assert large.max() == 1


def test_what_speaks_against_the_category_is_cut_off() -> None:
    maps = np.array([[[[1.0, 2.0]], [[4.0, 1.0]]]], np.float32)
    assert class_activation(maps, np.array([[1.0, -0.5]])).tolist() == [[[0.0, 1.5]]]


class Little(torch.nn.Module):  # type: ignore[misc, name-defined]
    """A convolution whose output is written into, its average, and a layer on top."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = torch.nn.Conv2d(3, 4, 3)
        self.active = torch.nn.ReLU(inplace=True)
        self.top = torch.nn.Linear(4, 5)

    def forward(self, batch: Any) -> Any:
        return torch.tanh(self.top(self.active(self.convolution(batch)).mean((2, 3))))


def test_grad_cam_by_hooks_is_the_definition() -> None:
    torch.manual_seed(0)
    network = Little().eval().requires_grad_(False)
    batch, directions = torch.randn(2, 3, 9, 9), torch.randn(2, 5)
    found = grad_cam(network, network.convolution, batch.clone(), directions)
    leaf = network.convolution(batch).requires_grad_()
    outputs = torch.tanh(network.top(torch.relu(leaf).mean((2, 3))))
    (gradient,) = torch.autograd.grad((outputs * directions).sum(), leaf)
    expected = torch.relu((gradient.mean((2, 3), keepdim=True) * leaf).sum(1)).detach().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert not network.convolution._forward_hooks


def test_the_layer_is_the_last_convolution_or_one_by_name() -> None:
    network = Little()
    assert find_layer(network, None, "x") is network.convolution
    assert find_layer(network, "active", "x") is network.active
    with pytest.raises(InputError, match=r"no layer 'convolutoin': did you mean 'convolution'"):
        find_layer(network, "convolutoin", "x")
    with pytest.raises(InputError, match="no convolution"):
        find_layer(torch.nn.Linear(2, 2), None, "x")


class Hooked:
    """A backbone around `Little`."""

    name, size = "little", 9

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.network = Little().eval().requires_grad_(False)

    def to_tensor(self, crops: NDArray[np.uint8]) -> Any:
        return torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255

    def describe(self, crops: NDArray[np.uint8], masks: NDArray[np.uint8]) -> Any:
        return self.network(self.to_tensor(crops)).numpy()


def stream(size: int) -> Iterator[Cut]:
    """Twenty crops in two parts, out of order."""
    rng = np.random.default_rng(0)
    crops = rng.integers(0, 256, (20, size, size, 3), np.uint8)
    crops[::2, :5] //= 4
    for places in (np.arange(10, 20), np.arange(10)):
        shapes = np.zeros((10, 2), np.float32)
        thumbnails = np.zeros((10, 32, 32), np.uint8)
        yield Cut(places, shapes, crops[places], crops[places][..., 0], None, places, thumbnails)


def test_backbones_with_layers_are_explained_by_hooks(tmp_path: Path) -> None:
    labels = np.arange(20) % 2
    lesson = Lesson(labels, 2, np.arange(20) // 4, workers=1)
    made = explain_backbone(Hooked(), stream, lesson, tmp_path)
    assert (made.probs.argmax(1) == labels).mean() > 0.8
    assert made.maps.max() > 0.9
    assert np.isfinite(made.maps).all()
    with pytest.raises(InputError, match="'bare' has no layer to draw"):
        explain_backbone(type("Bare", (), {"name": "bare"})(), stream, lesson, tmp_path)


def test_lite_maps_and_features_belong_together(tmp_path: Path) -> None:
    pytest.importorskip("efficientnet_lite_pytorch", reason="needs the extra deep")
    from benchmark_n.evidence.backbones.base import make_backbone

    crops = np.random.default_rng(0).integers(0, 256, (3, 160, 160, 3), np.uint8)
    masks = np.full((3, 160, 160), 255, np.uint8)
    features, maps = make_backbone("lite0").describe_with_maps(crops, masks)  # type: ignore[attr-defined]
    assert maps.shape == (3, 1280, 5, 5)
    averages = maps.astype(np.float32).mean((2, 3))
    np.testing.assert_allclose(features[:, :1280], averages, atol=2e-3)


def test_networks_from_scratch_learn_and_look_at_what_tells_the_category() -> None:
    from benchmark_n.evidence.saliency.small_classifiers import SHAPES, explain_scratch
    from benchmark_n.nets.small_classifier import SmallClassifier

    rng = np.random.default_rng(0)
    labels = np.arange(200) % 2
    crops = rng.integers(0, 60, (200, 16, 16, 3), np.uint8)
    # Category 1 has a green square at the upper left, the other one a red one at the lower right.
    crops[labels == 1, 2:6, 2:6, 1] = 255
    crops[labels == 0, 10:14, 10:14, 0] = 255
    lesson = Lesson(labels, 2, np.arange(200) // 100, workers=1)
    made = explain_scratch("plain", crops, lesson, epochs=12)
    assert (made.probs.argmax(1) == labels).mean() > 0.95
    again = explain_scratch("plain", crops, lesson, epochs=12)
    np.testing.assert_array_equal(made.maps, again.maps)
    upper = made.maps[:, : GRID // 2, : GRID // 2].mean((1, 2))
    lower = made.maps[:, GRID // 2 :, GRID // 2 :].mean((1, 2))
    assert ((upper > lower) == (labels == 1)).mean() > 0.7
    for stages in SHAPES.values():
        logits, maps = SmallClassifier(stages, 3)(torch.zeros(2, 3, 16, 16))
        assert logits.shape == (2, 3)
        assert maps.shape[2:] >= (4, 4)
    with pytest.raises(InputError, match="unknown network 'scratch:plane': did you mean 'plain'"):
        explain_scratch("plane", crops, lesson)


@pytest.mark.parametrize("name", ["lite0", "scratch:plain"])
def test_models_that_repeat_what_they_learnt_are_named(name: str) -> None:
    """The fold by which a network is stopped is not learnt; linear heads learn from all."""
    labels, folds = np.arange(100) % 2, np.arange(100) // 20
    lesson = Lesson(labels, 2, folds, in_sample=True)
    repeated = np.array([folds != 0, folds != 0, folds != 1])
    names = [name, "frozen:hog", "lite1"]
    assert memorised(names, repeated, lesson) == [
        f"{name} repeats 100.0% of the labels it was trained on, wrong ones with them: it cannot "
        "contradict what it has memorised (`fit='out-of-fold'`)"
    ]
    (heads,) = memorised(["frozen:hog"], np.ones((1, 100), bool), lesson)
    assert heads.startswith("frozen:hog repeats 100.0%")


def test_the_maker_names_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The first fold is guessed wrong, all that was learnt is repeated."""
    coco = read_coco(write(tmp_path, document()))
    base = annotation_evidence(coco)

    def repeat(_maker: Any, _name: str, lesson: Lesson, _progress: Any) -> Explained:
        made = Explained.empty(lesson)
        learnt = lesson.folds != lesson.folds.min()
        said = np.where(learnt, lesson.labels, (lesson.labels + 1) % lesson.num_categories)
        made.probs[np.arange(len(said)), said] = 1
        return made

    monkeypatch.setattr(SaliencyMaker, "_explain", repeat)
    options = EvidenceOptions(fit="in-sample", folds=2)
    made = SaliencyMaker(MakerInput(base, coco, argument="lite0", options=options)).make()
    assert "lite0 repeats 100.0% of the labels" in made.provenance["notes"][-1]
    assert made.provenance["agreement"]["lite0"] < 1


def test_one_category_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    one = document()
    one["categories"] = one["categories"][:1]
    for annotation in one["annotations"]:
        annotation["category_id"] = one["categories"][0]["id"]
    coco = read_coco(write(tmp_path, one))
    made = SaliencyMaker(MakerInput(annotation_evidence(coco), coco, argument="lite0"))
    with pytest.raises(InputError, match="drawn need two categories, found 1: "):
        made.make()
