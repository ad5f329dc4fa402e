"""`train_quality`: a network that predicts the Dice coefficient of masks, trained on clean ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark_n.coco import read_coco
from benchmark_n.coco.lacking_masks import require_masks
from benchmark_n.coco.pixels import image_files
from benchmark_n.datasets import DATASETS, SourceOptions
from benchmark_n.datasets.open import open_source
from benchmark_n.detectors.quality_sentinel.degrade import TRAINING_KINDS
from benchmark_n.detectors.quality_sentinel.pair_making import PairMaker, make_pairs
from benchmark_n.detectors.quality_sentinel.pairs import Pairs, join_pairs
from benchmark_n.detectors.quality_sentinel.settings import Settings
from benchmark_n.errors import UsageError
from benchmark_n.evidence import annotation_evidence
from benchmark_n.nets.devices import torch_device
from benchmark_n.runtime.execution import Execution

ROUNDS = 6
# Epochs of the small U-Net after which its masks make pairs.
UNET_EPOCHS = (3, 6)
DEFAULTS = Settings()
_LEAST_DSC = 0.1


@dataclass(frozen=True)
class PairRequest:
    """Pairs that are wanted of a dataset.

    Parameters
    ----------
    dataset, data_seed, num_images
        As for `benchmark_n.make`; `annotations` and `images` name a COCO file and a folder.
    rounds
        Degraded masks of each annotation.
    kinds
        What degrades them (`benchmark_n.detectors.quality_sentinel.degrade.KINDS`).
    unet_epochs
        Epochs of a small U-Net whose predicted masks are pairs too; empty for none.
    own
        Whether each annotation's own mask is a pair too.
    """

    dataset: str
    data_seed: int = 0
    num_images: int | None = None
    annotations: Path | None = None
    images: Path | None = None
    rounds: int = ROUNDS
    kinds: tuple[str, ...] = TRAINING_KINDS
    unet_epochs: tuple[int, ...] = UNET_EPOCHS
    own: bool = True

    def source(self) -> dict[str, Any]:
        """What a weights file says of it."""
        drawn = DATASETS.load(self.dataset).embedded and self.annotations is None
        return {
            "dataset": self.dataset,
            "data_seed": self.data_seed if drawn else None,
            "rounds": self.rounds,
            "kinds": list(self.kinds),
            "unet_epochs": list(self.unet_epochs),
        }


def dataset_pairs(
    request: PairRequest,
    *,
    size: int = 128,
    window: tuple[float, float] | None = None,
    seed: int = 0,
    device: str = "cpu",
    workers: int | None = None,
) -> Pairs:
    """Pairs of image and mask of known Dice coefficient, from clean annotations.

    Raises
    ------
    InputError
        Anything wrong with the dataset or its images.
    """
    source = open_source(
        DATASETS.load(request.dataset),
        SourceOptions(
            annotations=request.annotations,
            images=request.images,
            data_seed=request.data_seed,
            num_images=request.num_images,
        ),
        Execution(workers),
    )
    coco = require_masks(read_coco(source.annotations), "the training of Quality Sentinel")
    evidence = annotation_evidence(coco)
    paths = image_files(source.images, coco.images, evidence.image_ids)
    predicted = None
    if request.unet_epochs:
        from benchmark_n.detectors.quality_sentinel.unet_masks import predict_masks

        predicted = predict_masks(
            evidence, coco, paths, request.unet_epochs, seed=seed, device=device, window=window
        )
    maker = PairMaker(request.rounds, request.kinds, size, seed, request.own, window)
    pairs = make_pairs(evidence, coco, paths, maker, predicted=predicted, workers=workers)
    # What an early network finds is often nothing of the instance.
    return pairs.take(pairs.dsc >= _LEAST_DSC)


def train_quality(
    requests: Iterable[PairRequest],
    out: Path | str,
    *,
    settings: Settings = DEFAULTS,
    start: Path | str | None = None,
    device: str = "cpu",
    execution: Execution = Execution(),
) -> Settings:
    """Train Quality Sentinel and write its weights to `out`.

    Parameters
    ----------
    requests
        Clean annotations to make pairs of.
    settings
        Of network and training; see `named_settings` for the presets.
    start
        Weights to go on from.
    execution
        Its progress is told (epochs done, epochs in all).

    Returns
    -------
    Settings
        Those that were trained with.

    Raises
    ------
    UsageError
        No dataset.
    InputError
        Anything wrong with a dataset or the output.
    """
    from benchmark_n.detectors.quality_sentinel.train import train
    from benchmark_n.detectors.quality_sentinel.weights import load_sentinel, save_sentinel

    asked = list(requests)
    if not asked:
        raise UsageError("name a dataset to train on")
    device = torch_device(device)
    pairs, sources = _joined_pairs(asked, settings, device, execution.workers)
    sources = _sources_before(start) + sources
    before = None if start is None else load_sentinel(Path(start), device)
    progress = execution.progress
    sentinel = train(pairs, settings, start=before, device=device, progress=progress)
    save_sentinel(sentinel, Path(out), sources)
    return settings


def _joined_pairs(
    requests: list[PairRequest], settings: Settings, device: str, workers: int | None
) -> tuple[Pairs, list[dict[str, Any]]]:
    """The pairs of all datasets, and what a weights file says of each."""
    parts = [
        dataset_pairs(
            request,
            size=settings.size,
            window=settings.window,
            seed=settings.seed,
            device=device,
            workers=workers,
        )
        for request in requests
    ]
    sources = [
        {**request.source(), "pairs": len(part)}
        for request, part in zip(requests, parts, strict=True)
    ]
    return join_pairs(parts), sources  # the parts, as large as the whole, end here


def _sources_before(start: Path | str | None) -> list[dict[str, Any]]:
    from benchmark_n.detectors.quality_sentinel.weights import read_meta

    return [] if start is None else list(read_meta(Path(start))["sources"])
