"""One training of a classifier with dropout, whose loss each method gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence.evidence import Ints
from benchmark_n.evidence.saliency.small_classifiers import SHAPES, pixel_tensor
from benchmark_n.evidence.saliency.training import shifted
from benchmark_n.runtime.optional_imports import import_extra

EPOCHS = 30
_CHUNK = 512
# A batch is a twentieth of the annotations, within these: few annotations are seen often enough.
_SMALLEST, _LARGEST, _STEPS = 16, 128, 20
DROPOUT = 0.25
_PEAK = {True: 4e-3, False: 2e-3}  # learning rate, of crops and of features
_WEIGHT_DECAY = 1e-3
_SHAPE = "plain"
# Epoch, places of the batch in the data, logits, the last layer's input; the loss of the batch.
Step = Callable[[int, NDArray[np.int64], Any, Any], Any]


@dataclass(frozen=True)
class TrainingData:
    """What a classifier learns.

    Parameters
    ----------
    values
        float32 (N, D) features, or uint8 (N, S, S, 3) crops.
    labels
        int64 (N,), below `num_categories`.
    seed
        Of weights, order of the batches, dropout and shifts.
    device
        Of the network.
    """

    values: NDArray[Any]
    labels: Ints
    num_categories: int
    seed: int = 0
    device: str = "cpu"

    @property
    def of_crops(self) -> bool:
        """Whether a small network is trained from scratch."""
        return self.values.ndim == 4

    def at(self, places: NDArray[np.intp]) -> TrainingData:
        """Some of the annotations."""
        return replace(self, values=self.values[places], labels=self.labels[places])

    def tensor(self, places: NDArray[np.int64]) -> Any:
        """Input of the network."""
        import torch

        chosen = self.values[places]
        made = pixel_tensor(chosen) if self.of_crops else torch.from_numpy(chosen)
        return made.to(self.device)

    def network(self) -> Any:
        """A network with weights drawn by the seed."""
        torch = import_extra("torch", "deep", "trainings of classifiers")
        from benchmark_n.nets.feature_classifier import FeatureClassifier
        from benchmark_n.nets.small_classifier import SmallClassifier

        torch.manual_seed(self.seed)
        made: Any
        if self.of_crops:
            made = SmallClassifier(SHAPES[_SHAPE], self.num_categories, DROPOUT)
        else:
            made = FeatureClassifier(self.values.shape[1], self.num_categories, DROPOUT)
        return made.to(self.device)


@contextmanager
def repeatable() -> Iterator[None]:
    """One thread, so that sums are the same everywhere, and torch's generator as it was after."""
    torch = import_extra("torch", "deep", "trainings of classifiers")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_num_threads(threads)


def train(data: TrainingData, network: Any, step: Step, epochs: int = EPOCHS) -> None:
    """Train `network`, in its training mode, by AdamW with one cycle of the learning rate.

    Parameters
    ----------
    step
        Called for each batch with what one pass with dropout gives; returns the loss.
    """
    import torch

    generator = torch.Generator().manual_seed(data.seed)
    count, peak = len(data.labels), _PEAK[data.of_crops]
    optimiser = torch.optim.AdamW(network.parameters(), lr=peak, weight_decay=_WEIGHT_DECAY)
    sizes = batch_sizes(count)
    steps = epochs * len(sizes)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, peak, total_steps=steps)
    network.train()
    for epoch in range(epochs):
        order: Any = torch.randperm(count, generator=generator)
        for chosen in order.split(sizes):
            places = chosen.numpy()
            values = data.tensor(places)
            values = shifted(values, generator) if data.of_crops else values
            logits, hidden = outputs(network, values)
            loss = step(epoch, places, logits, hidden)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    network.eval()


def batch_sizes(count: int) -> list[int]:
    """Annotations in each batch of an epoch.

    The last has those that are left over; one alone, which there is no batch to normalise in, goes
    to those before.

    >>> batch_sizes(40), batch_sizes(33), batch_sizes(1000)[:2], batch_sizes(50000)[-2:]
    ([16, 16, 8], [16, 17], [50, 50], [128, 80])
    """
    size = min(max(count // _STEPS, _SMALLEST), _LARGEST)
    sizes = [size] * (count // size)
    left = count % size
    if left == 1 and sizes:
        sizes[-1] += 1
    elif left:
        sizes.append(left)
    return sizes


def outputs(network: Any, values: Any) -> tuple[Any, Any]:
    """Logits (B, K) and the last layer's input (B, H), the average of maps where it has maps."""
    logits, hidden = network(values)
    return logits, hidden.mean((2, 3)) if hidden.ndim == 4 else hidden


def predict(data: TrainingData, network: Any) -> NDArray[np.float32]:
    """Probabilities float32 (N, K), in the mode that the network is in."""
    import torch

    parts = []
    with torch.no_grad():
        for start in range(0, len(data.labels), _CHUNK):
            places = np.arange(start, min(start + _CHUNK, len(data.labels)))
            parts.append(outputs(network, data.tensor(places))[0].softmax(1).cpu().numpy())
    return np.concatenate(parts)


def cross_entropies(data: TrainingData, places: NDArray[np.int64], logits: Any) -> Any:
    """Loss of each of a batch, (B,)."""
    import torch

    given = torch.from_numpy(data.labels[places]).to(logits.device)
    return torch.nn.functional.cross_entropy(logits, given, reduction="none")


def plain_step(data: TrainingData) -> Step:
    """The mean cross-entropy of each batch."""

    def step(epoch: int, places: NDArray[np.int64], logits: Any, hidden: Any) -> Any:
        return cross_entropies(data, places, logits).mean()

    return step
