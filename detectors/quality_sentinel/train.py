"""Training on pairs of known Dice coefficient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.quality_sentinel.conditions import Table, condition_table
from benchmark_n.detectors.quality_sentinel.loss import (
    assigned_pairs,
    ranking_loss,
    similarities,
)
from benchmark_n.detectors.quality_sentinel.network import luma, make_network, to_input
from benchmark_n.detectors.quality_sentinel.pairs import UNCHANGED, Pairs
from benchmark_n.detectors.quality_sentinel.scoring import Sentinel, predict
from benchmark_n.detectors.quality_sentinel.settings import Settings
from benchmark_n.extras import import_extra

_WEIGHT_DECAY = 1e-4
# A condition is sometimes left out, so that a category without one can be scored.
_CONDITION_DROPOUT = 0.15
_GRAY_SHARE = 0.3
_CONTRAST, _LIGHT = 0.25, 0.2
Progress = Callable[[int, int], None]


def train(
    pairs: Pairs, settings: Settings, *, device: str = "cpu", progress: Progress | None = None
) -> Sentinel:
    """Train a network; with `settings.resample` twice, the second time on what scored best.

    Raises
    ------
    InputError
        An encoder or a text encoder that is not installed.
    """
    stages = 1 if settings.resample is None else 2
    total = stages * settings.epochs

    def first(done: int, _: int) -> None:
        if progress is not None:
            progress(done, total)

    sentinel = _train_once(pairs, settings, device, first)
    if settings.resample is None:
        return sentinel
    kept = best_annotations(pairs, sentinel, settings.resample)

    def second(done: int, _: int) -> None:
        first(settings.epochs + done, total)

    return _train_once(pairs.take(np.isin(pairs.annotations, kept)), settings, device, second)


def best_annotations(pairs: Pairs, sentinel: Sentinel, share: float) -> NDArray[np.int64]:
    """Annotations whose own mask scores among the best `share` of their category."""
    own = pairs.take(np.array([kind == UNCHANGED for kind in pairs.kinds]))
    scores = predict(sentinel, own.crops, own.labels)
    kept = []
    for label in np.unique(own.labels):
        rows = np.flatnonzero(own.labels == label)
        count = max(1, round(share * len(rows)))
        kept.append(own.annotations[rows[np.argsort(-scores[rows], kind="stable")[:count]]])
    return np.sort(np.concatenate(kept))


def _train_once(pairs: Pairs, settings: Settings, device: str, progress: Progress) -> Sentinel:
    torch = import_extra("torch", "deep", "the training of Quality Sentinel")
    table = condition_table(settings.condition, pairs.names)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = make_network(settings.encoder, table.shape[1], settings.gray).to(device)
    rng = np.random.default_rng([settings.seed, len(pairs)])
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=settings.rate, weight_decay=_WEIGHT_DECAY
    )
    batches = max(1, len(pairs) // settings.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.rate, total_steps=settings.epochs * batches, pct_start=0.15
    )
    network.train()
    for epoch in range(settings.epochs):
        for rows in np.array_split(rng.permutation(len(pairs)), batches):
            loss = _batch_loss(network, pairs, rows, table, settings, rng, device)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        progress(epoch + 1, settings.epochs)
    return Sentinel(network.eval(), replace(settings), pairs.names, table, device)


def _batch_loss(
    network: Any,
    pairs: Pairs,
    rows: NDArray[np.int64],
    table: Table,
    settings: Settings,
    rng: np.random.Generator,
    device: str,
) -> Any:
    """Squared error and ranking loss of a batch (Equation 1)."""
    import torch

    labels = pairs.labels[rows]
    crops = _varied(to_input(pairs.crops[rows], False, device), rng)
    if settings.gray:
        crops = torch.cat([luma(crops), crops[:, 3:]], 1)
    kept = rng.random((len(rows), 1)) >= _CONDITION_DROPOUT
    conditions = torch.from_numpy(table[labels] * kept.astype(np.float32)).to(device)
    true = torch.from_numpy(pairs.dsc[rows]).to(device)
    predicted = network(crops.contiguous(memory_format=torch.channels_last), conditions)
    loss = (predicted - true).square().mean()
    if settings.ranking:
        # Without conditions, categories are like themselves alone.
        known = table if table.shape[1] else np.eye(len(pairs.names), dtype=np.float32)
        partners = assigned_pairs(similarities(known[labels]), settings.pairing)
        loss = loss + settings.ranking * ranking_loss(predicted, true, partners, settings.margin)
    return loss


def _varied(crops: Any, rng: np.random.Generator) -> Any:
    """A batch turned and mirrored, each image with its own contrast and light, some gray."""
    import torch

    crops = torch.rot90(crops, int(rng.integers(4)), (2, 3))
    crops = crops.flip(3) if rng.random() < 0.5 else crops
    shape = (len(crops), 1, 1, 1)
    contrast = torch.from_numpy(rng.uniform(1 - _CONTRAST, 1 + _CONTRAST, shape)).to(crops)
    light = torch.from_numpy(rng.uniform(-_LIGHT, _LIGHT, shape)).to(crops)
    gray = torch.from_numpy(rng.random(shape) < _GRAY_SHARE).to(crops.device)
    image = torch.where(gray, luma(crops).expand(-1, 3, -1, -1), crops[:, :3])
    return torch.cat([image * contrast + light, crops[:, 3:]], 1)
