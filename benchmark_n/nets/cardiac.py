"""Segmentation of the left ventricle by a U-Net, trained on the noisy labels of an echo benchmark.

The images are resized to a square, the network tells ventricle from background, and what it finds
is written as COCO results, from which the evaluators measure ejection fraction and distances.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.coco import CocoFile
from benchmark_n.errors import InputError
from benchmark_n.evaluators.echo_frames import annotated_ventricles
from benchmark_n.nets.unet import named_unet

CHECKPOINT = "last.pt"
_TURN = 10.0  # degrees
_STRETCH = 0.1
_SHIFT = 0.05  # of the side
_GAIN = 0.2

Pixels = NDArray[np.uint8]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class CardiacSettings:
    """How a U-Net is trained.

    Parameters
    ----------
    variant
        Of `benchmark_n.nets.unet.VARIANTS`.
    size
        Side of the square images, px.
    epochs, batch, rate
        Adam with a cosine schedule down to 0; cross-entropy plus soft Dice.
    seed
        Of weights, order and augmentation.
    """

    variant: str
    size: int = 256
    epochs: int = 50
    batch: int = 8
    rate: float = 1e-3
    seed: int = 0


# Model name of the command line to its settings; the second is for a CPU.
MODELS = {
    "unet": CardiacSettings("standard"),
    "tiny-unet": CardiacSettings("tiny", size=128, epochs=6),
}


@dataclass(frozen=True)
class Frames:
    """N frames: image ids, uint8 (N, S, S) images, and their sizes (height, width) in px."""

    ids: list[int]
    images: Pixels
    sizes: list[tuple[int, int]]


def read_frames(coco: CocoFile, folder: Path, size: int) -> Frames:
    """All images of a file as grey squares of `size` px.

    Raises
    ------
    InputError
        An image that cannot be read.
    """
    images = np.zeros((len(coco.images), size, size), np.uint8)
    for place, image in enumerate(coco.images.values()):
        pixels = cv2.imread(str(folder / str(image.file_name)), cv2.IMREAD_GRAYSCALE)
        if pixels is None:
            raise InputError(f"{folder / str(image.file_name)}: cannot be read as an image")
        images[place] = cv2.resize(pixels, (size, size), interpolation=cv2.INTER_AREA)
    return Frames(list(coco.images), images, [(i.height, i.width) for i in coco.images.values()])


def ventricle_targets(coco: CocoFile, frames: Frames) -> Pixels:
    """Annotated left ventricles, uint8 (N, S, S) of 0 and 1; zeros where there is none."""
    size = frames.images.shape[1]
    targets = np.zeros_like(frames.images)
    known = annotated_ventricles(coco)
    for place, identity in enumerate(frames.ids):
        if identity in known:
            full = known[identity].full()
            targets[place] = cv2.resize(full, (size, size), interpolation=cv2.INTER_NEAREST)
    return targets


def train_unet(
    frames: Frames,
    targets: Pixels,
    settings: CardiacSettings,
    *,
    device: str = "cpu",
    checkpoint: Path | None = None,
    progress: Progress | None = None,
) -> Any:
    """The trained network, in evaluation mode.

    Parameters
    ----------
    checkpoint
        Where the state is kept after each epoch; a training goes on from one that is there.
    progress
        Called with (iterations done, iterations in all).
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = named_unet(settings.variant, 1, 2).to(device)
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.rate)
    steps = settings.epochs * -(-len(frames.ids) // settings.batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    parts = {"network": network, "optimiser": optimiser, "schedule": schedule}
    first = _restore(parts, checkpoint)
    for epoch in range(first, settings.epochs):
        rng = np.random.default_rng([settings.seed, epoch])
        network.train()
        for chosen in np.array_split(rng.permutation(len(frames.ids)), steps // settings.epochs):
            seen, drawn = _augmented(rng, frames.images[chosen], targets[chosen])
            loss = _loss(network(_tensor(seen, device)), torch.from_numpy(drawn).to(device))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            if progress is not None:
                progress(schedule.last_epoch, steps)
        if checkpoint is not None:
            _keep(parts, epoch + 1, checkpoint)
    return network.eval()


def _restore(parts: Mapping[str, Any], checkpoint: Path | None) -> int:
    import torch

    if checkpoint is None or not checkpoint.is_file():
        return 0
    state = torch.load(checkpoint, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return int(state["epoch"])


def _keep(parts: Mapping[str, Any], epoch: int, checkpoint: Path) -> None:
    import torch

    part = checkpoint.with_suffix(".part")
    states = {name: each.state_dict() for name, each in parts.items()}
    torch.save({**states, "epoch": epoch}, part)
    part.replace(checkpoint)


def _tensor(images: Pixels, device: str) -> Any:
    import torch

    return torch.from_numpy(images)[:, None].to(device).float() / 127.5 - 1


def _loss(logits: Any, targets: Any) -> Any:
    """Cross-entropy plus one less the soft Dice of the ventricle over the batch."""
    import torch

    given = targets.long()
    probability = torch.softmax(logits, 1)[:, 1]
    shared = (probability * given).sum()
    dice = (2 * shared + 1) / (probability.sum() + given.sum() + 1)
    return torch.nn.functional.cross_entropy(logits, given) + 1 - dice


def _augmented(rng: np.random.Generator, images: Pixels, targets: Pixels) -> tuple[Pixels, Pixels]:
    """A batch turned, stretched and shifted a little, and made brighter or darker."""
    size = images.shape[1]
    seen, drawn = np.empty_like(images), np.empty_like(targets)
    for place in range(len(images)):
        turn, stretch, x, y, gain = rng.uniform(-1, 1, 5)
        centre = (size / 2, size / 2)
        matrix = cv2.getRotationMatrix2D(centre, _TURN * turn, 1 + _STRETCH * stretch)
        matrix[:, 2] += _SHIFT * size * np.array([x, y])
        lit = np.clip(images[place] * (1 + _GAIN * gain), 0, 255).astype(np.uint8)
        seen[place] = cv2.warpAffine(lit, matrix, (size, size))
        drawn[place] = cv2.warpAffine(targets[place], matrix, (size, size), flags=cv2.INTER_NEAREST)
    return seen, drawn


def predict_ventricles(
    network: Any, frames: Frames, category_id: int, *, device: str = "cpu", batch: int = 8
) -> list[dict[str, Any]]:
    """COCO results records: one ventricle a frame, none where nothing was found.

    The score is the mean probability inside the mask.
    """
    import torch

    records = []
    for start in range(0, len(frames.ids), batch):
        stop = min(start + batch, len(frames.ids))
        with torch.inference_mode():
            logits = network(_tensor(frames.images[start:stop], device))
            found = torch.softmax(logits, 1)[:, 1].cpu().numpy()
        for place, probability in zip(range(start, stop), found, strict=True):
            height, width = frames.sizes[place]
            full = cv2.resize(probability, (width, height), interpolation=cv2.INTER_LINEAR)
            inside = full > 0.5
            if not inside.any():
                continue
            rle = coco_mask.encode(np.asfortranarray(inside.astype(np.uint8)))
            records.append(
                {
                    "image_id": frames.ids[place],
                    "category_id": category_id,
                    "score": float(full[inside].mean()),
                    "segmentation": {"size": rle["size"], "counts": rle["counts"].decode()},
                }
            )
    return records
