"""A small network trained from scratch, for the loss of each annotation in each epoch.

It classifies the crop of an instance and segments it: `benchmark_n.nets.small_crops`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import Pixels
from benchmark_n.evidence.evidence import Ints
from benchmark_n.runtime.optional_imports import import_extra

VERSION = 3
SIZE = 32
EPOCHS = 24
_BATCH = 64
_RATE = 2e-3
_PEAK = 1e-2
_WARM_UP = 0.15
_WEIGHT_DECAY = 1e-4
_RING = 2  # px of the grid that masks are drawn on


@dataclass(frozen=True)
class Losses:
    """Losses of N annotations after each of E epochs.

    Parameters
    ----------
    class_losses, mask_losses
        float32 (E, N): cross-entropy of the given category; mean binary cross-entropy of the
        given mask's pixels.
    margins
        float32 (E, N): logit of the given category less the largest other.
    pixel_support
        float16 (N, S / 2, S / 2): probability after the last epoch of what the given mask says of
        each pixel, inside the mask and in a ring of 2 px around it; NaN elsewhere.
    """

    class_losses: NDArray[np.float32]
    mask_losses: NDArray[np.float32]
    margins: NDArray[np.float32]
    pixel_support: NDArray[np.float16]


def train_losses(
    crops: Pixels,
    masks: Pixels,
    labels: Ints,
    num_categories: int,
    *,
    epochs: int = EPOCHS,
    seed: int = 0,
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> Losses:
    """Train on all annotations and note each one's losses after each epoch.

    AdamW with one cycle of the learning rate; each crop is turned by quarters and mirrored.

    Parameters
    ----------
    crops, masks
        uint8 (N, S, S, 3) and (N, S, S), 0 to 255; S is a multiple of 8.
    """
    torch = import_extra("torch", "deep", "training from scratch")
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network(num_categories).to(device, memory_format=torch.channels_last)
    pixels = torch.from_numpy(crops).permute(0, 3, 1, 2)
    size = crops.shape[1] // 2
    shapes = torch.from_numpy(masks)[:, None].float() / 255
    shapes = torch.nn.functional.adaptive_avg_pool2d(shapes, size)
    data = (pixels, shapes, torch.from_numpy(labels))
    optimiser, schedule = _optimiser(network, epochs * -(-len(labels) // _BATCH))
    made = np.zeros((3, epochs, len(labels)), np.float32)
    for epoch in range(epochs):
        _train_epoch(network, data, optimiser, schedule, generator)
        made[:, epoch] = _epoch_losses(network, data)
        if progress is not None:
            progress(epoch + 1, epochs)
    return Losses(made[0], made[1], made[2], _pixel_support(network, data))


def _optimiser(network: Any, steps: int) -> tuple[Any, Any]:
    """AdamW, and its learning rate over all steps: one cycle."""
    import torch

    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, _PEAK, total_steps=steps, pct_start=_WARM_UP
    )
    return optimiser, schedule


def _train_epoch(
    network: Any, data: tuple[Any, Any, Any], optimiser: Any, schedule: Any, generator: Any
) -> None:
    """One step for each batch of the crops, in an order of its own."""
    import torch

    pixels, shapes, given = data
    network.train()
    order: Any = torch.randperm(len(given), generator=generator)
    for chosen in order.split(_BATCH):
        if len(chosen) < 2:
            schedule.step()
            continue
        seen, drawn = _turned(pixels[chosen], shapes[chosen], generator)
        losses = _batch_losses(network, seen, drawn, given[chosen])
        optimiser.zero_grad()
        (losses[0].mean() + losses[1].mean()).backward()
        optimiser.step()
        schedule.step()


def _epoch_losses(network: Any, data: tuple[Any, Any, Any]) -> NDArray[np.float32]:
    """Class loss, mask loss and margin of each annotation, float32 (3, N)."""
    import torch

    pixels, shapes, given = data
    made = np.zeros((3, len(given)), np.float32)
    places: Any = torch.arange(len(given))
    network.eval()
    with torch.inference_mode():
        for chosen in places.split(4 * _BATCH):
            losses = _batch_losses(network, pixels[chosen], shapes[chosen], given[chosen])
            made[:, chosen.numpy()] = torch.stack(losses).cpu().numpy()
    return made


def _pixel_support(network: Any, data: tuple[Any, Any, Any]) -> NDArray[np.float16]:
    """Probability of what each given mask says of the pixels at it, float16 (N, h, w)."""
    import torch

    pixels, shapes, _ = data
    device = next(network.parameters()).device
    places: Any = torch.arange(len(pixels))
    parts = []
    network.eval()
    with torch.inference_mode():
        for chosen in places.split(4 * _BATCH):
            given = shapes[chosen].to(device)
            _, drawn = network(pixels[chosen].to(device).float() / 127.5 - 1, given)
            parts.append(supported(drawn.sigmoid(), given).half().cpu().numpy())
    return np.concatenate(parts)


def supported(drawn: Any, shapes: Any) -> Any:
    """Probability of the given label of each pixel of masks and their rings, (n, h, w).

    Parameters
    ----------
    drawn, shapes
        (n, 1, h, w), 0 to 1: probability of the mask, and the given one.
    """
    import torch

    inside = shapes >= 1 / 2
    near = torch.nn.functional.max_pool2d(inside.float(), 2 * _RING + 1, 1, _RING) > 0
    support = torch.where(inside, drawn, 1 - drawn)
    return torch.where(near, support, torch.nan)[:, 0]


def _turned(pixels: Any, shapes: Any, generator: Any) -> tuple[Any, Any]:
    """Each of a batch in one of the eight positions that quarter turns and a mirror give."""
    import torch

    position = torch.randint(0, 8, (len(pixels),), generator=generator)
    pair = [values.clone() for values in (pixels, shapes)]
    for values in pair:
        for number in range(1, 8):
            turned = torch.rot90(values[position == number], number % 4, (2, 3))
            values[position == number] = turned.flip(3) if number > 3 else turned
    return pair[0], pair[1]


def _batch_losses(network: Any, pixels: Any, shapes: Any, given: Any) -> list[Any]:
    """Class loss, mask loss and margin of each annotation of a batch."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

    device = next(network.parameters()).device
    given, shapes = given.to(device), shapes.to(device)
    logits, drawn = network(pixels.to(device).float() / 127.5 - 1, shapes)
    of_class = cross_entropy(logits, given, reduction="none")
    of_mask = binary_cross_entropy_with_logits(drawn, shapes, reduction="none").mean((1, 2, 3))
    own = logits.gather(1, given[:, None])[:, 0]
    others = logits.scatter(1, given[:, None], -torch.inf).amax(1)
    margins = own - others if logits.shape[1] > 1 else own
    return [of_class, of_mask, margins.detach()]


def _network(num_categories: int) -> Any:
    from benchmark_n.nets.small_crops import SmallCropNetwork

    return SmallCropNetwork(num_categories)
