"""Segmentation of the left ventricle by a U-Net, trained on the noisy labels of an echo benchmark.

The images are resized to a square, the network tells ventricle from background, and what it finds
is written as COCO results, from which the evaluators measure ejection fraction and distances.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from benchmark_n.errors import InputError
from benchmark_n.masks import rle_record
from benchmark_n.runtime.optional_imports import import_extra
from benchmark_n.runtime.progress import Progress
from benchmark_n.training.unet.frames import Frames, Pixels, augmented

CHECKPOINT = "last.pt"
_WARM_UP = 0.2
_LARGEST_GRADIENT = 1.0


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
        Adam; the rate rises to `rate` over the first fifth and falls to 0 by a cosine, gradients
        are clipped: without both, one of three short trainings never found the ventricle. The
        loss is cross-entropy plus soft Dice.
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
    torch = import_extra("torch", "deep", "a U-Net")
    from benchmark_n.nets.unet import named_unet

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = named_unet(settings.variant, 1, 2).to(device)
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.rate)
    steps = settings.epochs * -(-len(frames.ids) // settings.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, partial(_rate_at, steps))
    parts = {"network": network, "optimiser": optimiser, "schedule": schedule}
    first = _restore(parts, checkpoint)
    for epoch in range(first, settings.epochs):
        rng = np.random.default_rng([settings.seed, epoch])
        network.train()
        for chosen in np.array_split(rng.permutation(len(frames.ids)), steps // settings.epochs):
            seen, drawn = augmented(rng, frames.images[chosen], targets[chosen])
            loss = _loss(network(_tensor(seen, device)), torch.from_numpy(drawn).to(device))
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
            optimiser.step()
            schedule.step()
            if progress is not None:
                progress(schedule.last_epoch, steps)
        if checkpoint is not None:
            _keep(parts, epoch + 1, checkpoint)
    return network.eval()


def _rate_at(steps: int, step: int) -> float:
    """Share of the full rate at a step: a rise over the first fifth, then half a cosine."""
    rise = max(1, round(_WARM_UP * steps))
    fall = max(0, step - rise) / max(1, steps - rise)
    return min((step + 1) / rise, (1 + math.cos(math.pi * fall)) / 2)


def _restore(parts: Mapping[str, Any], checkpoint: Path | None) -> int:
    import torch

    if checkpoint is None or not checkpoint.is_file():
        return 0
    try:
        state = torch.load(checkpoint, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(state[name])
        return int(state["epoch"])
    except Exception as error:  # what a damaged archive raises may be of any kind
        fault = " ".join(str(error).split())
        raise InputError(f"{checkpoint}: not a checkpoint of this training: {fault:.160}") from None


def _keep(parts: Mapping[str, Any], epoch: int, checkpoint: Path) -> None:
    import torch

    part = checkpoint.with_suffix(".part")
    states = {name: each.state_dict() for name, each in parts.items()}
    try:
        torch.save({**states, "epoch": epoch}, part)
        part.replace(checkpoint)
    except (OSError, RuntimeError) as error:  # PyTorch's writer raises the latter
        part.unlink(missing_ok=True)
        fault = " ".join(str(error).split())
        raise InputError(f"{checkpoint}: cannot be written: {fault:.160}") from None


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
                    "segmentation": rle_record(rle),
                }
            )
    return records
