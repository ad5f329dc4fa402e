"""Training on pairs of known Dice coefficient."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import Pixels
from benchmark_n.detectors.quality_sentinel.conditions import Table, condition_table
from benchmark_n.detectors.quality_sentinel.loss import (
    assigned_pairs,
    ranking_loss,
    similarities,
)
from benchmark_n.detectors.quality_sentinel.network import as_gray, luma, make_network, to_input
from benchmark_n.detectors.quality_sentinel.pairs import UNCHANGED, Pairs
from benchmark_n.detectors.quality_sentinel.scoring import Sentinel, predict
from benchmark_n.detectors.quality_sentinel.settings import Settings
from benchmark_n.errors import InputError
from benchmark_n.evidence.domain import MOST_ROWS, Domain, describe_crops, fit_domain
from benchmark_n.runtime.optional_imports import import_extra
from benchmark_n.runtime.progress import Progress

_WEIGHT_DECAY = 1e-4
# A condition is sometimes left out, so that a category without one can be scored.
_CONDITION_DROPOUT = 0.15
_GRAY_SHARE = 0.3
_CONTRAST, _LIGHT = 0.25, 0.2


def train(
    pairs: Pairs,
    settings: Settings,
    *,
    start: Sentinel | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Sentinel:
    """Train a network; with `settings.resample` twice, the second time on what scored best.

    Parameters
    ----------
    start
        A trained network of the same structure to go on from.

    Raises
    ------
    InputError
        An encoder or a text encoder that is not installed, or a start of another structure.
    """
    stages = 1 if settings.resample is None else 2
    total = stages * settings.epochs

    def first(done: int, _: int) -> None:
        if progress is not None:
            progress(done, total)

    sentinel = _train_once(pairs, settings, start, device, first)
    if settings.resample is None:
        return sentinel
    kept = best_annotations(pairs, sentinel, settings.resample)

    def second(done: int, _: int) -> None:
        first(settings.epochs + done, total)

    return _train_once(
        pairs.take(np.isin(pairs.annotations, kept)), settings, start, device, second
    )


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


def _train_once(
    pairs: Pairs, settings: Settings, start: Sentinel | None, device: str, progress: Progress
) -> Sentinel:
    torch = import_extra("torch", "deep", "the training of Quality Sentinel")
    table = condition_table(settings.condition, pairs.names)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = make_network(settings, table.shape[1]).to(device)
    if start is not None:
        try:
            network.load_state_dict(start.network.state_dict())
        except RuntimeError:
            raise InputError(
                "the weights to start from are of another structure: expected encoder "
                f"{settings.encoder} with condition {settings.condition} of width {table.shape[1]}"
            ) from None
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
    domain = join_domain(None if start is None else start.domain, pairs.crops)
    return Sentinel(network.eval(), replace(settings), pairs.names, table, device, domain)


def join_domain(before: Domain | None, crops: Pixels) -> Domain:
    """What pictures of a training look like, those of the training before it among them.

    Parameters
    ----------
    crops
        uint8 (N, S, S, 4): picture and mask.
    """
    kept = np.linspace(0, len(crops) - 1, min(len(crops), MOST_ROWS)).astype(np.intp)
    pictures = describe_crops(crops[kept, ..., :3])
    if before is not None:
        pictures = np.concatenate([before.rows * before.scale + before.centre, pictures])
    return fit_domain(pictures)


def _batch_loss(
    network: Any,
    pairs: Pairs,
    rows: NDArray[np.int64],
    table: Table,
    settings: Settings,
    rng: np.random.Generator,
    device: str,
) -> Any:
    """Squared error and ranking loss of a batch (Equation 1), and the loss of the drawn masks."""
    import torch

    labels = pairs.labels[rows]
    turn, mirror = int(rng.integers(4)), bool(rng.random() < 0.5)
    crops = to_input(_turned(pairs.crops[rows], turn, mirror), device)
    _vary(crops, rng)
    crops = as_gray(crops) if settings.gray else crops
    kept = rng.random((len(rows), 1)) >= _CONDITION_DROPOUT
    conditions = torch.from_numpy(table[labels] * kept.astype(np.float32)).to(device)
    true = torch.from_numpy(pairs.dsc[rows]).to(device)
    with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=settings.bfloat16):
        predicted, drawn = network(crops.contiguous(memory_format=torch.channels_last), conditions)
    predicted = predicted.float()
    loss = (predicted - true).square().mean()
    if settings.ranking:
        # Without conditions, categories are like themselves alone.
        known = table if table.shape[1] else np.eye(len(pairs.names), dtype=np.float32)
        partners = assigned_pairs(similarities(known[labels]), settings.pairing)
        loss = loss + settings.ranking * ranking_loss(predicted, true, partners, settings.margin)
    if drawn is not None:
        truth = np.ascontiguousarray(_turned(pairs.truth[rows], turn, mirror))
        loss = loss + settings.mask_loss * torch.nn.functional.binary_cross_entropy_with_logits(
            drawn.float(), torch.from_numpy(truth).to(device).float() / 255
        )
    return loss


def _turned(pictures: Pixels, quarters: int, mirror: bool) -> Pixels:
    """Pictures or masks (n, S, S, …), turned by quarters and perhaps mirrored."""
    turned = np.rot90(pictures, quarters, (1, 2))
    return turned[:, :, ::-1] if mirror else turned


def _vary(crops: Any, rng: np.random.Generator) -> None:
    """Give each of the crops (n, 4, S, S) its own contrast and light, and make some gray."""
    import torch

    image, shape = crops[:, :3], (len(crops), 1, 1, 1)
    gray = torch.from_numpy(rng.random(len(crops)) < _GRAY_SHARE)
    image[gray] = luma(image[gray]).expand(-1, 3, -1, -1)
    image.mul_(torch.from_numpy(rng.uniform(1 - _CONTRAST, 1 + _CONTRAST, shape)).to(crops))
    image.add_(torch.from_numpy(rng.uniform(-_LIGHT, _LIGHT, shape)).to(crops))
