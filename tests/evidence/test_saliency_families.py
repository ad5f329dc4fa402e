"""Families of classifiers: what is trained, when it stops, and Grad-CAM worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark_n.errors import InputError
from benchmark_n.evidence.crops.cutting import Cut
from benchmark_n.evidence.saliency.families import Builder, explain_family, make_family
from benchmark_n.evidence.saliency.grad_cam import GRID, on_common_grid, weighted_maps
from benchmark_n.evidence.saliency.lesson import Explained, Lesson
from benchmark_n.evidence.saliency.training import BestEpoch, Recipe, Trainer

torch = pytest.importorskip("torch", reason="needs the extra deep")
COUNT = 80
FEW = 24  # where nothing is asked of what is learnt


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def crops_of(size: int, count: int = COUNT) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Noise with a bright patch: at the upper left of category 0, at the lower right of 1."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 2
    crops = rng.integers(0, 90, (count, size, size, 3), np.uint8)
    half = size // 2
    crops[labels == 0, :half, :half, 0] = 255
    crops[labels == 1, half:, half:, 2] = 255
    return crops, labels


def stream(size: int, count: int = COUNT) -> Iterator[Cut]:
    """The crops in two parts, out of order."""
    crops, _ = crops_of(size, count)
    for places in (np.arange(count // 2, count), np.arange(count // 2)):
        shapes = np.zeros((len(places), 2), np.float32)
        shown = crops[places]
        yield Cut(places, shapes, shown, shown[..., 0], None, places, shown[..., 0])


def lesson(
    in_sample: bool = False, seed: int = 0, layer: str | None = None, count: int = COUNT
) -> Lesson:
    folds = np.arange(count) // (count // 2)
    labels = crops_of(8, count)[1]
    return Lesson(labels, 2, folds, in_sample, layer=layer, seed=seed, workers=1)


class TwoLayers(torch.nn.Module):  # type: ignore[misc, name-defined]
    """A convolution of one pixel with ReLU, the average, a linear layer: logits and maps."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv2d(1, 2, 1, bias=False)
        self.head = torch.nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            self.first.weight.copy_(torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1))
            self.head.weight.copy_(torch.tensor([[2.0, 0.0], [-1.0, 3.0]]))

    def forward(self, batch: Any) -> Any:
        maps = torch.relu(self.first(batch))
        return self.head(maps.mean((2, 3))), maps


def test_grad_cam_of_two_layers_by_hand() -> None:
    """Pixels 2, -4, 1, 0: the maps are (2, 0, 1, 0) and (0, 4, 0, 0).

    Logit 0 is 2 times the first's average: weights (2, 0) / 4, so the map is (1, 0, .5, 0), scaled
    the same. Logit 1 is -1 and 3 times: weights (-1, 3) / 4, ReLU of (-.5, 3, -.25, 0).
    """
    network = TwoLayers()
    pixels = torch.tensor([[2.0, -4.0], [1.0, 0.0]]).reshape(1, 1, 2, 2).repeat(2, 1, 1, 1)
    logits, maps = network(pixels)
    assert logits[0].tolist() == [2 * 0.75, -0.75 + 3]
    active = weighted_maps(logits[0, 0] + logits[1, 1], maps)
    assert active.tolist() == [[[1, 0], [0.5, 0]], [[0, 3], [0, 0]]]
    assert on_common_grid(active, 2).tolist() == [[[1, 0], [0.5, 0]], [[0, 1], [0, 0]]]


def test_a_trainer_explains_by_grad_cam_of_its_network() -> None:
    """Trained with a rate of nearly nothing, the maps are those of the two layers above."""
    values = np.array([[2.0, -4.0], [1.0, 0.0]], np.float32).reshape(1, 1, 2, 2).repeat(COUNT, 0)
    trainer = Trainer(values, TwoLayers, lesson(), Recipe(1, 1e-12))
    (first, _) = lesson().splits()
    made = trainer(first)
    expected = on_common_grid(np.array([[[0.0, 3], [0, 0]]], np.float32))
    np.testing.assert_allclose(made.maps, expected.repeat(COUNT // 2, 0), atol=1e-3)
    odds = np.exp(1.5) / (np.exp(1.5) + np.exp(2.25))
    np.testing.assert_allclose(made.probs[:, 0], odds, rtol=1e-5)


def test_in_sample_watches_the_first_fold_and_predicts_all() -> None:
    (only,) = lesson(in_sample=True).splits()
    assert only.watched.tolist() == [True] * 40 + [False] * 40
    assert (only.train == ~only.watched).all()
    assert only.places.tolist() == list(range(COUNT))
    for number, split in enumerate(lesson().splits()):
        assert not split.watched.any()
        assert not split.train[split.places].any()
        assert split.number == number


def test_the_epoch_of_least_loss_is_kept() -> None:
    network = torch.nn.Linear(1, 1, bias=False)
    best = BestEpoch(network)
    for epoch, loss in enumerate([3.0, 1.0, 2.0, 1.0, 1.5], 1):
        with torch.no_grad():
            network.weight.fill_(epoch)
        best.note(epoch, loss)
    # As low as before is no gain.
    assert best.restore() == 2
    assert network.weight.item() == 2


def test_memorising_epochs_are_not_kept() -> None:
    """Labels that nothing tells: the watched loss can only rise while the others are learnt."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, COUNT)
    values = rng.normal(size=(COUNT, 8, 4, 4)).astype(np.float32)
    told = Lesson(labels, 2, np.arange(COUNT) % 4, in_sample=True, workers=1)

    def build() -> Any:
        return Wide()

    (split,) = told.splits()
    made = Trainer(values, build, told, Recipe(40, 2e-2, batch=8))(split)
    assert 1 <= made.epochs[0] < 20


class Wide(torch.nn.Module):  # type: ignore[misc, name-defined]
    """Enough weights to learn forty labels by heart."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv2d(8, 64, 3)
        self.head = torch.nn.Linear(64, 2)

    def forward(self, batch: Any) -> Any:
        maps = torch.relu(self.first(batch))
        return self.head(maps.mean((2, 3))), maps


def explained(name: str, folder: Path, told: Lesson, *, full: bool = False) -> Explained:
    crops = partial(stream, count=len(told.labels))
    return explain_family(name, crops, told, folder, full=full)


@pytest.mark.parametrize("name", ["lite0", "resnet:lite1", "shufflenet:lite2"])
def test_families_learn_and_look_at_what_tells_the_category(name: str, tmp_path: Path) -> None:
    pytest.importorskip("efficientnet_lite_pytorch", reason="needs the extra deep")
    made = explained(name, tmp_path, lesson())
    labels = lesson().labels
    assert (made.probs.argmax(1) == labels).mean() > 0.9
    np.testing.assert_allclose(made.probs.sum(1), 1, rtol=1e-4)
    assert made.maps.min() >= 0
    assert made.maps.max() <= 1
    assert np.isfinite(made.maps).all()


def test_a_training_knows_nothing_of_the_one_before(tmp_path: Path) -> None:
    """Labels that no crop tells: a fold that was learnt before would be known by heart."""
    pytest.importorskip("efficientnet_lite_pytorch", reason="needs the extra deep")
    labels = np.random.default_rng(0).integers(0, 2, COUNT)
    told = Lesson(labels, 2, np.arange(COUNT) % 4, workers=1)
    family, _, recipe = make_family("shufflenet:lite1", told, full=False)
    values = np.random.default_rng(1).normal(size=(COUNT, 40, 12, 12)).astype(np.float16)
    trainer = Trainer(values, Builder(family, 2), told, recipe)
    splits = [*told.splits()]
    last = trainer(splits[-1])
    for split in splits:
        trainer(split)
    np.testing.assert_array_equal(trainer(splits[-1]).probs, last.probs)


def test_families_are_functions_of_the_seed(tmp_path: Path) -> None:
    pytest.importorskip("efficientnet_lite_pytorch", reason="needs the extra deep")
    runs = [explained("shufflenet:lite1", tmp_path, lesson(True, s, count=FEW)) for s in (0, 0, 1)]
    np.testing.assert_array_equal(runs[0].probs, runs[1].probs)
    np.testing.assert_array_equal(runs[0].maps, runs[1].maps)
    assert (runs[0].probs != runs[2].probs).any()


def test_lite_in_two_parts_is_the_backbone() -> None:
    pytest.importorskip("efficientnet_lite_pytorch", reason="needs the extra deep")
    from benchmark_n.evidence.backbones.efficientnet_lite import (
        feature_maps,
        load_network,
        to_tensor,
    )

    family, size, _ = make_family("lite0", lesson(), full=False)
    crops, _ = crops_of(size)
    pixels = torch.from_numpy(crops[:3]).permute(0, 3, 1, 2)
    with torch.inference_mode():
        first = family.frozen(pixels)
        found = family.trained.eval()(first)
        expected = feature_maps(load_network(0, "cpu"), to_tensor(crops[:3], "cpu"))
    # Of 96 px, sides 12, 6 and 3: the last two stages are those of 6 and 3.
    assert first.shape == expected[8].shape == (3, 40, 12, 12)
    np.testing.assert_array_equal(first, expected[8])
    np.testing.assert_allclose(found, expected[64], atol=1e-5)
    assert not any(one.requires_grad for one in family.frozen.parameters())
    assert all(one.requires_grad for one in family.trained.parameters())
    whole, _, _ = make_family("lite0", lesson(), full=True)
    assert not [*whole.frozen.parameters()]
    assert len([*whole.trained.parameters()]) == len([*load_network(0, "cpu").parameters()]) - 2


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small networks of the libraries with random weights, saved as theirs are."""
    models = pytest.importorskip("torchvision.models", reason="needs torchvision")
    timm = pytest.importorskip("timm", reason="needs timm")
    folder = tmp_path_factory.mktemp("weights")
    made = {
        "torchvision:shufflenet_v2_x0_5": models.get_model("shufflenet_v2_x0_5", weights=None),
        "torchvision:mobilenet_v3_small": models.get_model("mobilenet_v3_small", weights=None),
        "timm:test_resnet": timm.create_model("test_resnet", pretrained=False),
        "timm:test_efficientnet": timm.create_model("test_efficientnet", pretrained=False),
    }
    paths = {}
    for name, network in made.items():
        paths[name] = folder / f"{name.partition(':')[2]}.pth"
        torch.save(network.state_dict(), paths[name])
    return paths


NAMES = (
    *("torchvision:shufflenet_v2_x0_5", "torchvision:mobilenet_v3_small"),
    *("timm:test_resnet", "timm:test_efficientnet"),
)


@pytest.mark.parametrize("name", NAMES)
def test_networks_of_libraries_are_cut_at_their_last_two_stages(
    name: str, weights: dict[str, Path]
) -> None:
    """The two parts with the average on top give what the library's own maps give."""
    family, size, _ = make_family(f"{name}@{weights[name]}", lesson(), full=False)
    crops, _ = crops_of(size)
    pixels = torch.from_numpy(crops[:2]).permute(0, 3, 1, 2)
    with torch.inference_mode():
        first = family.frozen(pixels)
        last = family.trained.eval()(first)
    assert last.shape[1] == family.width
    assert first.shape[-1] > 2 * last.shape[-1]
    library, _, short = name.partition(":")
    if library == "timm":
        import timm

        network: Any = timm.create_model(short, num_classes=0)
    else:
        from torchvision.models import get_model

        network = get_model(short, weights=None)
    network.load_state_dict(torch.load(weights[name], weights_only=True), strict=False)
    mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    cfg = getattr(network, "pretrained_cfg", {"mean": mean, "std": deviation})
    scaled = (crops[:2] / 255 - cfg["mean"]) / cfg["std"]
    batch = torch.from_numpy(scaled.transpose(0, 3, 1, 2).astype(np.float32))
    with torch.inference_mode():
        if library == "timm":
            expected = network.eval().forward_features(batch)
        elif hasattr(network, "features"):
            expected = network.eval().features(batch)
        else:
            from torchvision.models.feature_extraction import create_feature_extractor

            expected = create_feature_extractor(network.eval(), ["conv5"])(batch)["conv5"]
    np.testing.assert_allclose(last, expected, atol=1e-4)


@pytest.mark.parametrize("name", NAMES[1:3])
def test_networks_of_libraries_are_trained_and_explained(
    name: str, weights: dict[str, Path], tmp_path: Path
) -> None:
    spec = f"{name}@{weights[name]}"
    told = lesson(in_sample=True, count=FEW)
    made = explained(spec, tmp_path, told, full=True)
    assert made.maps.shape == (FEW, GRID, GRID)
    assert 0 <= made.maps.min() <= made.maps.max() <= 1
    assert len(made.epochs) == 1
    partly = explained(spec, tmp_path, told)
    assert (partly.probs != made.probs).any()
    random = explained(f"{name}@random", tmp_path, told)
    again = explained(f"{name}@random", tmp_path, told)
    np.testing.assert_array_equal(random.probs, again.probs)


class NoChain(torch.nn.Module):  # type: ignore[misc, name-defined]
    """Three stages of a network whose forward is more than its children in order."""

    def __init__(self) -> None:
        super().__init__()
        self.early = torch.nn.Conv2d(3, 4, 3, 2, 1)
        self.early_norm = torch.nn.BatchNorm2d(4)
        self.middle = torch.nn.Conv2d(4, 6, 3, 2, 1)
        self.late = torch.nn.Conv2d(6, 8, 3, 2, 1)

    def forward(self, batch: Any) -> Any:
        values = torch.relu(self.early_norm(self.early(batch)))
        values = torch.relu(self.middle(values))
        return torch.relu_(self.late(values)).mean((2, 3))


def test_a_network_that_is_no_chain_is_trained_from_its_last_two_stages_on() -> None:
    from benchmark_n.nets.families import chained_modules, whole
    from benchmark_n.nets.two_part_classifier import Scaled

    scaled = Scaled((0.0,) * 3, (255.0,) * 3)
    pixels = torch.randint(0, 256, (2, 3, 16, 16), dtype=torch.uint8)
    assert chained_modules(NoChain().eval(), scaled(pixels)) is None
    family = whole(NoChain(), scaled, pixels, full=False)
    assert (family.width, family.layer) == (8, "late")
    learnt = {name for name, one in family.trained.named_parameters() if one.requires_grad}
    assert learnt == {"middle.weight", "middle.bias", "late.weight", "late.bias"}
    network: Any = family.classifier(2).train()
    before = network.body.early_norm.running_mean.clone()
    logits, maps = network(scaled(pixels))
    # What stays as it is keeps its averages; the maps are the convolution's, before the ReLU.
    assert (network.body.early_norm.running_mean == before).all()
    assert maps.shape == (2, 8, 2, 2)
    assert maps.min() < 0
    with torch.no_grad():
        np.testing.assert_allclose(network.head(torch.relu(maps).mean((2, 3))), logits, atol=1e-5)
    of_early: Any = whole(NoChain(), scaled, pixels, full=False, layer="early").classifier(2).eval()
    logits, maps = of_early(scaled(pixels))
    assert weighted_maps(logits[:, 0].sum(), maps).shape == (2, 8, 8)


@pytest.mark.parametrize(
    ("name", "layer", "line"),
    [
        ("lite9", None, "unknown classifier 'lite9'"),
        ("resnet:lite", None, "unknown classifier 'resnet:lite': did you mean 'resnet:lite"),
        ("lite0", "x", "classifier 'lite0' has no layers to choose from"),
        ("torchvision:shufflenet_v2_x0_5@random", "conv6", "has no layer 'conv6'"),
        ("torchvision:shufflenet_v2_x0_5@none.pth", None, "none.pth: no such file of weights"),
        ("torchvision:vit_b_99@random", None, "cannot be loaded"),
        ("hog", None, "unknown classifier 'hog'"),
    ],
)
def test_bad_classifiers_are_one_line(name: str, layer: str | None, line: str) -> None:
    with pytest.raises(InputError, match=line) as caught:
        make_family(name, lesson(layer=layer), full=False)
    assert "\n" not in str(caught.value)
