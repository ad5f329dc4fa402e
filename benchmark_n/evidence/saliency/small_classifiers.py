"""Small networks of different shape, trained from scratch, for images too small for a backbone.

Each ends in the average of its last maps and a linear layer, so that its class activation map is
its Grad-CAM.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import Pixels
from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.evidence.evidence import Ints
from benchmark_n.evidence.saliency.explained import Explained, Lesson
from benchmark_n.evidence.saliency.grad_cam import class_activation, on_common_grid
from benchmark_n.runtime.optional_imports import import_extra
from benchmark_n.runtime.parallel import ordered_map

VERSION = 2
EPOCHS = 12
SIZES = (16, 32)
_BATCH = 64
_PEAK = 4e-3
_WEIGHT_DECAY = 1e-3
_SHIFT = 1 / 16
# Name to (width, side of the kernel, convolutions) of the stages; a pooling between two stages.
SHAPES = {
    "plain": ((16, 3, 1), (32, 3, 1), (64, 3, 1)),
    "wide": ((24, 5, 1), (48, 3, 1)),
    "deep": ((12, 3, 2), (24, 3, 2), (48, 3, 1)),
    "slim": ((16, 5, 1), (32, 5, 1), (32, 3, 1)),
    "long": ((16, 3, 2), (32, 3, 2)),
}


@dataclass(frozen=True)
class Training:
    """One training: annotations to learn from, bool (N,), and places of those to explain."""

    shape: str
    train: NDArray[np.bool_]
    places: Ints
    seed: int


def explain_scratch(
    shape: str,
    crops: Pixels,
    lesson: Lesson,
    *,
    epochs: int = EPOCHS,
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> Explained:
    """Train the network called `shape` for each split, and explain what it predicts.

    Parameters
    ----------
    crops
        uint8 (N, S, S, 3).

    Raises
    ------
    InputError
        An unknown shape, or PyTorch is not installed.
    """
    if shape not in SHAPES:
        raise InputError(f"unknown network 'scratch:{shape}': {did_you_mean(shape, SHAPES)}")
    import_extra("torch", "deep", f"training scratch:{shape}")
    tasks = [
        Training(shape, train, places, lesson.seed * 1000 + number)
        for number, (train, places) in enumerate(lesson.splits())
    ]
    run = _Run(crops, lesson, epochs, device)
    made = Explained.empty(lesson)
    parts = ordered_map(run, tasks, workers=lesson.workers)
    for done, (task, part) in enumerate(zip(tasks, parts, strict=True), 1):
        made.probs[task.places], made.maps[task.places] = part.probs, part.maps
        if progress is not None:
            progress(len(crops) * done // len(tasks), len(crops))
    return made


@dataclass(frozen=True)
class _Run:
    """Trains and explains in a worker; on one thread, so that the sums are the same everywhere."""

    crops: Pixels
    lesson: Lesson
    epochs: int
    device: str

    def __call__(self, task: Training) -> Explained:
        import torch

        from benchmark_n.nets.small_classifier import SmallClassifier

        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(task.seed)
                network: Any = SmallClassifier(SHAPES[task.shape], self.lesson.num_categories)
            # A quarter faster on a CPU than channels first.
            network = network.to(self.device, memory_format=torch.channels_last)
            self._train(network, task)
            return self._explain(network.eval(), task)
        finally:
            torch.set_num_threads(threads)

    def _train(self, network: Any, task: Training) -> None:
        import torch

        generator = torch.Generator().manual_seed(task.seed)
        places: Any = torch.from_numpy(np.flatnonzero(task.train))
        given = torch.from_numpy(self.lesson.labels)
        cross_entropy: Any = torch.nn.functional.cross_entropy
        optimiser = torch.optim.AdamW(network.parameters(), lr=_PEAK, weight_decay=_WEIGHT_DECAY)
        steps = self.epochs * -(-len(places) // _BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _PEAK, total_steps=steps)
        network.train()
        for _ in range(self.epochs):
            for chosen in places[torch.randperm(len(places), generator=generator)].split(_BATCH):
                if len(chosen) > 1:
                    batch = shifted(pixel_tensor(self.crops[chosen.numpy()]), generator)
                    logits, _ = network(batch.to(self.device))
                    loss = cross_entropy(logits, given[chosen].to(self.device))
                    optimiser.zero_grad()
                    loss.backward()
                    optimiser.step()
                schedule.step()

    def _explain(self, network: Any, task: Training) -> Explained:
        import torch

        probs, activations = [], []
        weights = network.head.weight.detach().cpu().numpy()
        for start in range(0, len(task.places), 4 * _BATCH):
            places = task.places[start : start + 4 * _BATCH]
            with torch.inference_mode():
                logits, maps = network(pixel_tensor(self.crops[places]).to(self.device))
            part = logits.softmax(1).cpu().numpy()
            aims = self.lesson.aims(part, places)
            probs.append(part)
            activations.append(class_activation(maps.cpu().numpy(), weights[aims]))
        return Explained(np.concatenate(probs), on_common_grid(np.concatenate(activations)))


def pixel_tensor(crops: Pixels) -> Any:
    """Crops uint8 (n, S, S, 3) as float32 (n, 3, S, S), -1 to 1."""
    import torch

    return torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 127.5 - 1


def shifted(batch: Any, generator: Any) -> Any:
    """A batch moved by up to a sixteenth of its side, mirrored at the border."""
    import torch

    most = max(1, round(_SHIFT * batch.shape[-1]))
    down, across = torch.randint(0, 2 * most + 1, (2,), generator=generator).tolist()
    padded = torch.nn.functional.pad(batch, (most,) * 4, mode="reflect")
    side = batch.shape[-1]
    return padded[:, :, down : down + side, across : across + side]
