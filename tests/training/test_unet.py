"""The U-Net of echo benchmarks: on the phantom, and its parts in closed form."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pycocotools import mask as coco_mask

torch = pytest.importorskip("torch")
pytest.importorskip("SimpleITK")

# Below the skips: some of these import torch or SimpleITK at once.
from benchmark_n import Benchmark  # noqa: E402
from benchmark_n.errors import InputError, UsageError  # noqa: E402
from benchmark_n.evaluators.cardiac.frames import annotated_ventricles  # noqa: E402
from benchmark_n.training.mmdet.model_configs import ModelSettings  # noqa: E402
from benchmark_n.training.options import RunOptions  # noqa: E402
from benchmark_n.training.train import predict, train  # noqa: E402
from benchmark_n.training.unet import ventricles as cardiac  # noqa: E402
from benchmark_n.training.unet.frames import (  # noqa: E402
    augmented,
    read_frames,
    ventricle_targets,
)
from benchmark_n.training.unet.ventricles import predict_ventricles  # noqa: E402
from tests import making  # noqa: E402

FAST = {"epochs": 4, "size": 48, "batch": 4, "rate": 3e-3}
SETTINGS = ModelSettings("tiny-unet", options=FAST)


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    """Twelve patients to train on, and three of the validation's."""
    out = tmp_path_factory.mktemp("phantom") / "clean"
    benchmark = making.make("phantom", "clean", num_images=48, out=out, workers=1)
    path = benchmark.clean_val
    assert path is not None
    document = json.loads(path.read_text())
    document["images"] = document["images"][:12]
    kept = {image["id"] for image in document["images"]}
    document["annotations"] = [a for a in document["annotations"] if a["image_id"] in kept]
    path.write_text(json.dumps(document))
    return benchmark


@pytest.fixture(scope="module")
def trained(phantom: Benchmark, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("unet") / "work"
    train(phantom.path, SETTINGS, RunOptions(folder, device="cpu"))
    return folder


def test_it_finds_ventricles(trained: Path) -> None:
    metrics = json.loads((trained / "results.json").read_text())["metrics"]
    assert metrics["dice_ED"] > 0.6
    assert metrics["missing"] == 0


def test_a_stopped_training_ends_in_the_same_weights(
    phantom: Benchmark, trained: Path, tmp_path: Path
) -> None:
    class Stop(Exception):  # noqa: N818
        pass

    def stop(done: int, total: int) -> None:
        if done == total - 2:
            raise Stop

    run = RunOptions(tmp_path / "w", device="cpu")
    with pytest.raises(Stop):
        train(phantom.path, SETTINGS, replace(run, progress=stop))
    train(phantom.path, SETTINGS, replace(run, resume=True))
    for name in ("weights.safetensors", "predictions-val.json"):
        assert (tmp_path / "w" / name).read_bytes() == (trained / name).read_bytes()


def test_prediction_from_the_weights_alone(
    phantom: Benchmark, trained: Path, tmp_path: Path
) -> None:
    (trained / cardiac.CHECKPOINT).unlink()
    out = predict(phantom.path, trained, out=tmp_path / "p.json", device="cpu")
    assert out.read_bytes() == (trained / "predictions-val.json").read_bytes()


def test_the_loss_of_a_certain_network() -> None:
    targets = torch.zeros(1, 4, 4, dtype=torch.uint8)
    targets[0, :2] = 1
    right = torch.stack([1 - targets.float(), targets.float()], 1) * 100
    assert cardiac._loss(right, targets).item() == pytest.approx(0, abs=1e-6)
    # Nothing known: ln 2 of cross-entropy; Dice (2 * 4 + 1) / (8 + 8 + 1).
    assert cardiac._loss(0 * right, targets).item() == pytest.approx(np.log(2) + 1 - 9 / 17)


def test_augmentation_moves_image_and_mask_together() -> None:
    rng = np.random.default_rng(0)
    masks = np.zeros((3, 64, 64), np.uint8)
    masks[:, 20:44, 16:40] = 1
    seen, drawn = augmented(rng, masks * 200, masks)
    assert not np.array_equal(drawn, masks)
    for image, mask in zip(seen > 90, drawn > 0, strict=True):
        assert (image & mask).sum() / (image | mask).sum() > 0.93


def test_a_network_that_knows_its_targets_finds_the_masks_where_they_are(
    phantom: Benchmark,
) -> None:
    assert phantom.images is not None
    coco = phantom.noisy()
    frames = read_frames(coco, phantom.images, 64)
    targets = torch.from_numpy(ventricle_targets(coco, frames)).float()
    logits = torch.stack([1 - targets, targets], 1) * 100
    given = iter(logits.split(8))
    records = predict_ventricles(lambda _: next(given), frames, 1)
    known, moves = annotated_ventricles(coco), []
    for record in records:
        found = coco_mask.decode(record["segmentation"])
        true = known[record["image_id"]].full()
        centres = [np.argwhere(mask).mean(axis=0) for mask in (found, true)]
        moves.append(centres[0] - centres[1])
    # A pixel of 64 covers about 8 of the picture.
    np.testing.assert_allclose(np.mean(moves, axis=0), 0, atol=0.3)


def test_what_cannot_be_is_told(phantom: Benchmark, scenes_hard: Benchmark, tmp_path: Path) -> None:
    run = RunOptions(tmp_path / "w")
    with pytest.raises(InputError, match="no category 'left ventricle'"):
        train(scenes_hard.path, "tiny-unet", run)
    with pytest.raises(UsageError, match="unknown option 'epoch' of tiny-unet: did you mean"):
        train(phantom.path, ModelSettings("tiny-unet", options={"epoch": 3}), run)
    with pytest.raises(UsageError, match="Expected `int`"):
        train(phantom.path, ModelSettings("tiny-unet", options={"epochs": "x"}), run)
    assert not (tmp_path / "w").exists()
