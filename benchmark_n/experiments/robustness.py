"""How much of a model's precision is left when it is trained on each tier: the paper's Table 3."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark_n._version import __version__
from benchmark_n.datasets import SourceOptions
from benchmark_n.errors import InputError, UsageError
from benchmark_n.generation.make import make
from benchmark_n.training.mmdet.model_configs import ModelSettings
from benchmark_n.training.options import RunOptions
from benchmark_n.training.train import train
from benchmark_n.training.unet.ventricles import MODELS as CARDIAC_MODELS
from benchmark_n.training.work_dir import RUN, choose_work_dir, finished_run

KINDS = ("segm", "boundary", "bbox")
# The noise of the paper's tables: every spatial noise on every instance.
PAPER_TIERS = ("clean", "paper-easy", "paper-mid", "paper-hard")
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
    model: str | ModelSettings,
    dataset: str,
    tiers: Sequence[str] = PAPER_TIERS,
    seeds: Sequence[int] = (1, 2, 3),
    *,
    run: RunOptions = RunOptions(),
    source: SourceOptions = SourceOptions(),
) -> Robustness:
    """Make each tier with each seed, train on it, judge on clean labels, and compare.

    What is finished is not done again, and an interrupted training is taken up at its last
    checkpoint; so several processes may share the work, each with some of the tiers.

    Parameters
    ----------
    model
        As for `benchmark_n.training.train.train`; its seed is that of each run.
    tiers, seeds
        Tiers, the one to compare with first, and seeds of noise and training.
    run
        As for `train`; its work directory is by default
        ``work_dirs/<dataset>-<model>-robustness``, and has one for each run.
    source
        The clean annotations, as for `benchmark_n.make`.

    Raises
    ------
    UsageError, InputError
        No tiers or seeds, or what `make` and `train` raise.
    """
    settings = ModelSettings(model) if isinstance(model, str) else model
    if not tiers or not seeds:
        raise UsageError("robustness needs a tier and a seed")
    if settings.model in CARDIAC_MODELS:
        raise UsageError(
            f"robustness compares average precisions, which {settings.model} has none of"
        )
    name = f"{dataset}-{Path(settings.model).stem}-robustness"
    root = choose_work_dir(run.work_dir, name)
    metrics = {}
    for seed in seeds:
        for tier in tiers:
            benchmark = root / "benchmarks" / f"{dataset}-n-{tier}-seed{seed}"
            if not benchmark.is_dir():
                make(dataset, tier, seed=seed, out=benchmark, source=source)
            folder = root / f"{tier}-seed{seed}"
            metrics[tier, seed] = _metrics(benchmark, replace(settings, seed=seed), run, folder)
    provenance = _provenance(root / f"{tiers[0]}-seed{seeds[0]}")
    return Robustness(settings.model, dataset, tier_scores(metrics, tiers, seeds), provenance)


def _metrics(
    benchmark: Path, settings: ModelSettings, run: RunOptions, folder: Path
) -> Mapping[str, float]:
    """What one training reaches; it is taken up where it stopped."""
    start = time.process_time()
    of_tier = replace(run, work_dir=folder, resume=(folder / RUN).is_file())
    done = train(benchmark, settings, of_tier)
    _log.info("%s: %.0f CPU s", folder.name, time.process_time() - start)
    return done.metrics


def _provenance(first: Path) -> dict[str, Any]:
    """What was trained, and with which versions, as the first training tells it."""
    known = finished_run(first).run
    provenance = {"benchmark-n": __version__}
    for key in ("settings", "environment"):
        if key not in known:
            raise InputError(f"{first / RUN}: no training: '{key}' is missing")
        provenance[key] = known[key]
    found: dict[str, Any] = json.loads(json.dumps(provenance))
    return found


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
