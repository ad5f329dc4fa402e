"""`train` and `predict`: models on a benchmark's noisy labels, judged on clean ones."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark_n.errors import InputError, UsageError
from benchmark_n.runtime.optional_imports import import_extra
from benchmark_n.training.mmdet.model_configs import ModelSettings, model_names
from benchmark_n.training.options import RunOptions
from benchmark_n.training.unet import train as cardiac_training
from benchmark_n.training.unet.ventricles import MODELS as CARDIAC_MODELS
from benchmark_n.training.work_dir import TrainingRun, finished_run


def known_models() -> list[str]:
    """Names that `model` takes: those of MMDetection, then the U-Nets of echo datasets."""
    return [*model_names(), *CARDIAC_MODELS]


def train(
    benchmark: Path | str, model: str | ModelSettings, run: RunOptions = RunOptions()
) -> TrainingRun:
    """Train a model on a benchmark's noisy labels; judge it on the clean validation labels.

    A benchmark without these, such as one of a single COCO file, has one image in five held out by
    the seed, and the model judged by their clean labels (not for a U-Net).

    Parameters
    ----------
    benchmark
        A benchmark directory.
    model
        One of `known_models`, an MMDetection config file, or settings with one of these. For a
        U-Net their `options` are the fields of
        `benchmark_n.training.unet.ventricles.CardiacSettings`; of the others the seed counts.
    run
        Work directory, device, and where the images are.

    Raises
    ------
    UsageError, InputError
        An unknown model, a missing extra, GPU, image or label, or a work directory in use.

    Examples
    --------
    >>> settings = ModelSettings("tiny-mask-rcnn", init="none")
    >>> train("benchmarks/scenes-n-hard-seed1", settings)  # doctest: +SKIP
    """
    settings = ModelSettings(model) if isinstance(model, str) else model
    if settings.model in CARDIAC_MODELS:
        return cardiac_training.train_cardiac(benchmark, settings, run)
    from benchmark_n.training.mmdet.training import train_mmdet

    return train_mmdet(benchmark, settings, run)


def predict(
    benchmark: Path | str,
    work_dir: Path | str,
    *,
    split: str = "val",
    out: Path | str | None = None,
    device: str = "auto",
    images: Path | None = None,
) -> Path:
    """Write what a finished training finds in a benchmark's images, in COCO's results format.

    Parameters
    ----------
    work_dir
        Of the training; of it ``weights.safetensors`` and ``run.json`` are read, and no pickle.
    split
        ``val``: the images of the clean validation labels, or those that the training held out;
        ``train``: those of the noisy ones.
    out
        By default ``predictions-<split>.json`` in `work_dir`.
    images
        Folder of the split's images, where the benchmark does not know it.

    Raises
    ------
    UsageError, InputError
        No finished training, weights of other categories, or images that are not there.
    """
    keywords: dict[str, Any] = {"split": split, "out": out, "device": device, "images": images}
    if finished_run(work_dir).run["settings"]["model"] in CARDIAC_MODELS:
        return cardiac_training.predict_cardiac(benchmark, work_dir, **keywords)
    from benchmark_n.training.mmdet.prediction import predict_mmdet

    return predict_mmdet(benchmark, work_dir, **keywords)


def predict_folds(
    benchmark: Path | str,
    model: str | ModelSettings,
    folds: int,
    run: RunOptions = RunOptions(),
) -> Path:
    """Train `folds` models, each predicting the images that it did not see; see `train`.

    Returns
    -------
    Path
        The detections: evidence ``predictions:FILE`` of `detect`, trained on ``noisy-oof``.
    """
    settings = ModelSettings(model) if isinstance(model, str) else model
    if settings.model in CARDIAC_MODELS:
        raise UsageError("folds are for MMDetection's models, not for a U-Net")
    from benchmark_n.training.mmdet.prediction import predict_out_of_fold

    return predict_out_of_fold(benchmark, settings, folds, run)


def launch(gpus: int, arguments: Sequence[str]) -> int:
    """Run ``benchmark-n`` with `arguments` on several GPUs, by PyTorch's launcher.

    MMEngine sees the launcher's environment and does the rest. On several nodes one starts
    ``torchrun … -m benchmark_n train …`` on each.

    Returns
    -------
    int
        The launcher's exit code.

    Raises
    ------
    InputError
        Fewer GPUs than asked for.
    """
    torch = import_extra("torch", "mmdet", "training")
    found = torch.cuda.device_count()
    if gpus > found:
        raise InputError(f"{gpus} GPUs were asked for, but {found} were found")
    launcher = [sys.executable, "-m", "torch.distributed.run", f"--nproc_per_node={gpus}"]
    command = [*launcher, "-m", "benchmark_n", *arguments]
    return subprocess.run(command, env=os.environ, check=False).returncode
