"""Train a classifier on the labels as given, and draw where it looks by Grad-CAM."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence.evidence import Ints
from benchmark_n.evidence.saliency.grad_cam import on_common_grid, weighted_maps
from benchmark_n.evidence.saliency.lesson import Explained, Lesson, Split
from benchmark_n.nets.devices import torch_device
from benchmark_n.runtime.parallel import ordered_map
from benchmark_n.runtime.progress import Progress

_WEIGHT_DECAY = 1e-3
_SHIFT = 1 / 16
_AT_ONCE = 64


@dataclass(frozen=True)
class Recipe:
    """How a classifier is trained: AdamW, one cycle of the learning rate, shifted batches.

    Parameters
    ----------
    epochs
        At most.
    peak
        The largest learning rate.
    """

    epochs: int
    peak: float
    batch: int = 64


@dataclass(frozen=True)
class Trainer:
    """Trains and explains in a worker; on one thread, so that the sums are the same everywhere.

    Parameters
    ----------
    values
        (N, C, h, w): what the network takes.
    build
        A network with weights drawn by torch's generator; gives logits (B, K) and maps.
    """

    values: NDArray[Any]
    build: Callable[[], Any]
    lesson: Lesson
    recipe: Recipe
    device: str = "cpu"

    def __call__(self, split: Split) -> Explained:
        """What the network of one training says of the places of the split."""
        import torch

        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        seed = self.lesson.seed * 1000 + split.number
        try:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                network = self.build()
                # A quarter faster on a CPU than channels first.
                network = network.to(torch_device(self.device), memory_format=torch.channels_last)
                epochs = self._train(network, split, seed)
            return self._explain(network.eval(), split, epochs)
        finally:
            torch.set_num_threads(threads)

    def _train(self, network: Any, split: Split, seed: int) -> int:
        """Number of epochs whose weights are kept."""
        import torch

        generator = torch.Generator().manual_seed(seed)
        places: Any = torch.from_numpy(np.flatnonzero(split.train))
        recipe = self.recipe
        learnt = [one for one in network.parameters() if one.requires_grad]
        optimiser = torch.optim.AdamW(learnt, lr=recipe.peak, weight_decay=_WEIGHT_DECAY)
        steps = recipe.epochs * -(-len(places) // recipe.batch)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.peak, total_steps=steps)
        best = BestEpoch(network)
        watched = np.flatnonzero(split.watched)
        for epoch in range(1, recipe.epochs + 1):
            network.train()
            order: Any = torch.randperm(len(places), generator=generator)
            for chosen in places[order].split(recipe.batch):
                if len(chosen) > 1:  # one alone has no batch to be normalised in
                    loss = self._loss(network, chosen.numpy(), generator)
                    optimiser.zero_grad()
                    loss.backward()
                    optimiser.step()
                schedule.step()
            if watched.size:
                best.note(epoch, self._watched_loss(network.eval(), watched))
        return best.restore() if watched.size else recipe.epochs

    def _loss(self, network: Any, places: Ints, generator: Any) -> Any:
        """Mean cross-entropy of a batch; shifted by a generator."""
        import torch

        batch = torch.from_numpy(self.values[places]).float()
        if generator is not None:
            batch = shifted(batch, generator)
        device = next(network.parameters()).device
        given = torch.from_numpy(self.lesson.labels[places]).to(device)
        loss: Any = torch.nn.functional.cross_entropy(network(batch.to(device))[0], given)
        return loss

    def _watched_loss(self, network: Any, places: Ints) -> float:
        import torch

        with torch.inference_mode():
            parts = [places[i : i + _AT_ONCE] for i in range(0, len(places), _AT_ONCE)]
            losses = [float(self._loss(network, part, None)) * len(part) for part in parts]
        return sum(losses) / len(places)

    def _explain(self, network: Any, split: Split, epochs: int) -> Explained:
        import torch

        device = next(network.parameters()).device
        probs, maps = [], []
        for start in range(0, len(split.places), _AT_ONCE):
            places = split.places[start : start + _AT_ONCE]
            with torch.enable_grad():
                logits, seen = network(torch.from_numpy(self.values[places]).float().to(device))
                part = logits.detach().softmax(1).cpu().numpy()
                aims = torch.from_numpy(self.lesson.aims(part, places)).to(device)
                score = logits.gather(1, aims[:, None]).sum()
                active = weighted_maps(score, seen)
            probs.append(part)
            maps.append(on_common_grid(active))
        return Explained(np.concatenate(probs), np.concatenate(maps), (epochs,))


class BestEpoch:
    """Early stopping: the weights of the epoch of least loss.

    The training goes on to its end all the same: within a cycle of the learning rate the loss
    rises, and falls again.
    """

    def __init__(self, network: Any) -> None:
        self._network = network
        self._least, self._epoch, self._state = float("inf"), 0, None

    def note(self, epoch: int, loss: float) -> None:
        """The loss after an epoch, 1 for the first."""
        if loss < self._least:
            self._least, self._epoch = loss, epoch
            self._state = copy.deepcopy(self._network.state_dict())

    def restore(self) -> int:
        """Put the best weights back; the epoch they are of."""
        if self._state is not None:
            self._network.load_state_dict(self._state)
        return self._epoch


def train_and_explain(trainer: Trainer, progress: Progress | None = None) -> Explained:
    """Every training of the lesson, in processes where wanted."""
    lesson = trainer.lesson
    splits, made = [*lesson.splits()], Explained.empty(lesson)
    epochs: list[int] = []
    parts = ordered_map(trainer, splits, workers=lesson.workers)
    for done, (split, part) in enumerate(zip(splits, parts, strict=True), 1):
        made.probs[split.places], made.maps[split.places] = part.probs, part.maps
        epochs += part.epochs
        if progress is not None:
            progress(len(lesson.labels) * done // len(splits), len(lesson.labels))
    return Explained(made.probs, made.maps, tuple(epochs))


def shifted(batch: Any, generator: Any) -> Any:
    """A batch moved by up to a sixteenth of its side, mirrored at the border."""
    import torch

    most = max(1, round(_SHIFT * batch.shape[-1]))
    down, across = torch.randint(0, 2 * most + 1, (2,), generator=generator).tolist()
    padded = torch.nn.functional.pad(batch, (most,) * 4, mode="reflect")
    side = batch.shape[-1]
    return padded[:, :, down : down + side, across : across + side]
