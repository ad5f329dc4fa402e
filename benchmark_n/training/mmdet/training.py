"""Train a model of MMDetection on a benchmark directory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

from benchmark_n.benchmark import Benchmark, load
from benchmark_n.benchmark.labels import Labels, training_labels, validation_labels
from benchmark_n.errors import InputError
from benchmark_n.runtime.progress import Progress
from benchmark_n.training.mmdet.data_configs import set_training, set_validation
from benchmark_n.training.mmdet.held_out import held_out_fold, held_out_labels
from benchmark_n.training.mmdet.loss_files import write_loss_evidence
from benchmark_n.training.mmdet.model_configs import ModelSettings, model_config
from benchmark_n.training.mmdet.runner import (
    is_first_process,
    require_mmdet,
    running,
    set_device,
    wait_for_others,
)
from benchmark_n.training.options import RunOptions
from benchmark_n.training.subset import write_subset
from benchmark_n.training.work_dir import (
    PREDICTIONS,
    RESULTS,
    TrainingRun,
    choose_work_dir,
    describe,
    finish_work_dir,
    finished_run,
    open_work_dir,
)

_CHECKPOINT = re.compile(r"(?:epoch|iter)_(\d+)\.pth")
_PREFIX = "coco/"
_STATISTICS = f"val/{_PREFIX}"


def train_mmdet(
    benchmark: Benchmark | Path | str,
    settings: ModelSettings,
    run: RunOptions = RunOptions(),
    *,
    folds: Mapping[str, int] | None = None,
) -> TrainingRun:
    """Train on the noisy labels, judge on clean ones: of the validation split, or held out.

    Parameters
    ----------
    run
        Work directory, device, and where the images are.
    folds
        ``count``, ``fold`` and ``seed``: train on the images of all folds but one.

    Raises
    ------
    UsageError, InputError
        An unknown model, a missing extra, GPU, image or label, or a work directory in use.
    """
    require_mmdet("training")
    set_device(run.device)
    opened = load(benchmark) if isinstance(benchmark, Path | str) else benchmark
    labels = training_labels(opened, run.images)
    held_out = None if opened.clean_val else folds or held_out_fold(labels, settings.seed)
    validation = _validation(opened, labels, held_out, run.val_images)
    name = f"{opened.path.resolve().name}-{Path(settings.model).stem}-seed{settings.seed}"
    folder = choose_work_dir(run.work_dir, name)
    if labels.names != validation.names:
        raise InputError(f"{validation.coco.path}: other categories than {labels.coco.path.name}")
    config = model_config(settings, len(labels.coco.categories))
    set_training(config, labels, folds or held_out)
    ratio = float(opened.recipe.get("dilation_ratio", 0.02))
    set_validation(config, validation, ratio, folder / PREDICTIONS)
    description = describe(opened, _training(settings, folds, held_out))
    if not _opened(folder, description, run.resume):
        return finished_run(folder)
    if is_first_process():
        write_subset(folder, labels.coco, opened.recipe, folds or held_out)
    if run.resume:
        _go_on(config, folder)
    with running(config, folder) as runner:
        _run(runner, run.progress)
        if is_first_process():
            _finish(runner, folder, validation.names)
            if settings.instance_losses:
                write_loss_evidence(opened, folder)
        wait_for_others()
    return finished_run(folder)


def _training(
    settings: ModelSettings, folds: Mapping[str, int] | None, held_out: Mapping[str, int] | None
) -> dict[str, Any]:
    """What tells this training from others; without images held out as it always was."""
    held = {"held_out": held_out} if held_out else {}
    return {"settings": asdict(settings), "folds": folds, **held}


def _validation(
    opened: Benchmark, labels: Labels, held_out: Mapping[str, int] | None, images: Path | None
) -> Labels:
    """What the model is judged on: the validation split, else the images held out."""
    if held_out is None:
        return validation_labels(opened, images)
    return held_out_labels(opened, labels, held_out)


def _run(runner: Any, progress: Progress | None) -> None:
    """Train, with states of the random generators in each checkpoint."""
    from benchmark_n.training.mmdet.random_states import RandomStatesHook

    runner.register_hook(RandomStatesHook())
    if progress is not None:
        from benchmark_n.training.mmdet.progress import ProgressHook

        runner.register_hook(ProgressHook(progress))
    runner.train()


def newest_checkpoint(folder: Path) -> Path | None:
    """The checkpoint of the highest number that is whole; None where there is none.

    MMEngine writes a checkpoint in place and says afterwards in ``last_checkpoint`` which it was:
    a run that is killed meanwhile leaves half a file, and the name of one that had to make room.
    A checkpoint is a ZIP archive, whose end is written last.
    """
    found = {path: _CHECKPOINT.fullmatch(path.name) for path in folder.glob("*.pth")}
    whole = {path: int(match[1]) for path, match in found.items() if match and is_zipfile(path)}
    return max(whole, key=whole.__getitem__, default=None)


def _go_on(config: Any, folder: Path) -> None:
    """Let the training start from the newest whole checkpoint, if there is one."""
    newest = newest_checkpoint(folder)
    if newest is not None:
        config.resume, config.load_from = True, str(newest)


def _opened(folder: Path, description: Mapping[str, Any], resume: bool) -> bool:
    """Whether there is something to train; of several processes the first opens the folder."""
    if is_first_process():
        return open_work_dir(folder, description, resume)
    return not (folder / RESULTS).is_file()


def _finish(runner: Any, folder: Path, categories: tuple[str, ...]) -> None:
    from benchmark_n.nets.weights import WEIGHTS, save_weights

    save_weights(runner.model, folder / WEIGHTS, categories)
    metrics = {
        name.removeprefix(_STATISTICS): float(buffer.current())
        for name, buffer in runner.message_hub.log_scalars.items()
        if name.startswith(_STATISTICS)
    }
    if not metrics:  # stopped between the last epoch and its validation, and taken up again
        found = runner.val()
        metrics = {name.removeprefix(_PREFIX): float(value) for name, value in found.items()}
    finish_work_dir(folder, metrics)
