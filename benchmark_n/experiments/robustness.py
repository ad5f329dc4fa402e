"""How much of a model's precision is left when it is trained on each tier: the paper's Table 3."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark_n._version import __version__
from benchmark_n.datasets import SourceOptions
from benchmark_n.errors import InputError, UsageError
from benchmark_n.generation.make import make
from benchmark_n.training.train import train
from benchmark_n.training.unet.ventricles import MODELS as CARDIAC_MODELS
from benchmark_n.training.work_dir import RUN, choose_work_dir, finished_run

KINDS = ("segm", "boundary", "bbox")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TierScore:
    """What models trained on one tier reach on clean validation labels.

    Parameters
    ----------
    seeds
        Of the runs; each seeds the noise and the training.
    ap
        IoU type to the AP of each run, fractions.
    kept
        IoU type to each run's share of the mean AP of the first tier.
    """

    tier: str
    seeds: Sequence[int]
    ap: Mapping[str, Sequence[float]]
    kept: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Robustness:
    """The tiers in the order asked for; the first is what the others are compared with."""

    model: str
    dataset: str
    tiers: Sequence[TierScore]
    provenance: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def robustness(
    model: str,
    dataset: str,
    tiers: Sequence[str] = ("clean", "easy", "mid", "hard"),
    seeds: Sequence[int] = (1, 2, 3),
    *,
    work_dir: Path | str | None = None,
    source: SourceOptions = SourceOptions(),
    **training: Any,
) -> Robustness:
    """Make each tier with each seed, train on it, judge on clean labels, and compare.

    What is finished is not done again, and an interrupted training is taken up at its last
    checkpoint; so several processes may share the work, each with some of the tiers.

    Parameters
    ----------
    tiers, seeds
        Tiers, the one to compare with first, and seeds of noise and training.
    work_dir
        By default ``work_dirs/<dataset>-<model>-robustness``.
    source
        The clean annotations, as for `benchmark_n.make`.
    training
        Keywords of `benchmark_n.training.train.train`.

    Raises
    ------
    UsageError, InputError
        No tiers or seeds, or what `make` and `train` raise.
    """
    if not tiers or not seeds:
        raise UsageError("robustness needs a tier and a seed")
    if model in CARDIAC_MODELS:
        raise UsageError(f"robustness compares average precisions, which {model} has none of")
    name = f"{dataset}-{Path(model).stem}-robustness"
    root = choose_work_dir(work_dir, name)
    runs = {}
    for seed in seeds:
        for tier in tiers:
            benchmark = root / "benchmarks" / f"{dataset}-n-{tier}-seed{seed}"
            if not benchmark.is_dir():
                make(dataset, tier, seed=seed, out=benchmark, source=source)
            folder = root / f"{tier}-seed{seed}"
            start = time.process_time()
            runs[tier, seed] = train(
                benchmark,
                model,
                seed=seed,
                work_dir=folder,
                resume=(folder / RUN).is_file(),
                **training,
            )
            _log.info("%s: %.0f CPU s", folder.name, time.process_time() - start)
    metrics = {key: run.metrics for key, run in runs.items()}
    first = root / f"{tiers[0]}-seed{seeds[0]}"
    known = finished_run(first).run
    provenance = {"benchmark-n": __version__}
    for key in ("settings", "environment"):
        if key not in known:
            raise InputError(f"{first / RUN}: no training: '{key}' is missing")
        provenance[key] = known[key]
    scores = tier_scores(metrics, tiers, seeds)
    return Robustness(model, dataset, scores, json.loads(json.dumps(provenance)))


def tier_scores(
    metrics: Mapping[tuple[str, int], Mapping[str, float]],
    tiers: Sequence[str],
    seeds: Sequence[int],
) -> list[TierScore]:
    """AP and the share kept, by tier, out of the metrics of each (tier, seed)."""
    ap = {
        tier: {kind: [metrics[tier, seed][f"{kind}_AP"] for seed in seeds] for kind in KINDS}
        for tier in tiers
    }
    first = {kind: float(np.mean(values)) for kind, values in ap[tiers[0]].items()}
    return [
        TierScore(
            tier,
            list(seeds),
            ap[tier],
            {
                kind: [value / first[kind] if first[kind] else 0.0 for value in values]
                for kind, values in ap[tier].items()
            },
        )
        for tier in tiers
    ]
