"""Train a U-Net on an echo benchmark and predict with it: files around `benchmark_n.nets`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.benchmark import load
from benchmark_n.benchmark.labels import Labels, split_labels, training_labels, validation_labels
from benchmark_n.coco import CocoFile
from benchmark_n.errors import UsageError, did_you_mean
from benchmark_n.evaluation.ejection_fraction import evaluate_ejection_fraction
from benchmark_n.evaluation.evaluation_input import EvaluationInput
from benchmark_n.evaluators.cardiac.frames import INSTANTS, ventricle_id
from benchmark_n.files.atomic import write_whole
from benchmark_n.nets.devices import torch_device
from benchmark_n.nets.weights import WEIGHTS, load_weights, save_weights
from benchmark_n.training.mmdet.model_configs import ModelSettings
from benchmark_n.training.options import RunOptions
from benchmark_n.training.subset import write_subset
from benchmark_n.training.unet import ventricles as cardiac
from benchmark_n.training.unet.frames import read_frames, ventricle_targets
from benchmark_n.training.work_dir import (
    PREDICTIONS,
    TrainingRun,
    choose_work_dir,
    describe,
    finish_work_dir,
    finished_run,
    open_work_dir,
)


def train_cardiac(
    benchmark: Path | str,
    asked: ModelSettings,
    run: RunOptions,
) -> TrainingRun:
    """Train a U-Net on the noisy left ventricles of an echo benchmark; see `train`.

    The metrics are those of the clean validation labels: ``ef_error`` and ``ef_bias`` (percentage
    points), ``dice`` (a fraction), ``hausdorff_mm`` at ED and ES.
    """
    opened = load(benchmark)
    settings = _settings(asked.model, asked.seed, asked.options)
    labels = training_labels(opened, run.images)
    validation = validation_labels(opened, run.val_images)
    ventricle_id(labels.coco)
    name = f"{opened.path.resolve().name}-{asked.model}-seed{asked.seed}"
    folder = choose_work_dir(run.work_dir, name)
    chosen = torch_device(run.device)
    description = describe(opened, {"settings": {"model": asked.model, **asdict(settings)}})
    if not open_work_dir(folder, description, run.resume):
        return finished_run(folder)
    write_subset(folder, labels.coco, opened.recipe)
    frames = read_frames(labels.coco, labels.images, settings.size)
    network = cardiac.train_unet(
        frames,
        ventricle_targets(labels.coco, frames),
        settings,
        device=chosen,
        checkpoint=folder / cardiac.CHECKPOINT,
        progress=run.progress,
    )
    save_weights(network, folder / WEIGHTS, labels.names)
    _write_predictions(network, validation, settings.size, folder / PREDICTIONS, chosen)
    finish_work_dir(folder, _metrics(validation.coco, folder / PREDICTIONS))
    return finished_run(folder)


def predict_cardiac(
    benchmark: Path | str,
    work_dir: Path | str,
    *,
    split: str = "val",
    out: Path | str | None = None,
    device: str = "auto",
    images: Path | None = None,
) -> Path:
    """Write the left ventricles that a trained U-Net finds; see `predict`."""
    trained = finished_run(work_dir)
    labels = split_labels(load(benchmark), split, images)
    variant, size = (trained.run["settings"][name] for name in ("variant", "size"))
    chosen = torch_device(device)
    from benchmark_n.nets.unet import named_unet

    network = named_unet(variant, 1, 2).to(chosen)
    load_weights(network, trained.path / WEIGHTS, labels.names)
    target = Path(out) if out else trained.path / f"predictions-{split}.json"
    _write_predictions(network.eval(), labels, size, target, chosen)
    return target


def _settings(model: str, seed: int, options: Mapping[str, Any]) -> cardiac.CardiacSettings:
    base = replace(cardiac.MODELS[model], seed=seed)
    known = [field.name for field in fields(base) if field.name not in ("variant", "seed")]
    for name in options:
        if name not in known:
            raise UsageError(f"unknown option '{name}' of {model}: {did_you_mean(name, known)}")
    try:
        return msgspec.convert({**asdict(base), **options}, cardiac.CardiacSettings)
    except msgspec.ValidationError as error:
        raise UsageError(f"options of {model}: {error}") from None


def _write_predictions(network: Any, labels: Labels, size: int, target: Path, device: str) -> None:
    frames = read_frames(labels.coco, labels.images, size)
    category = ventricle_id(labels.coco)
    found = cardiac.predict_ventricles(network, frames, category, device=device)
    write_whole(target, msgspec.json.encode(found))


def _metrics(truth: CocoFile, predictions: Path) -> dict[str, float]:
    labels = EvaluationInput(ground_truth=truth.path)
    results = evaluate_ejection_fraction(labels, predictions).results
    found = results["all_patients"]
    metrics = {"ef_error": found["ef_mae"], "ef_bias": found["bias"], "missing": found["missing"]}
    for instant in INSTANTS:
        for name in ("dice", "hausdorff_mm"):
            metrics[f"{name}_{instant}"] = found[instant][name]
    return {name: value for name, value in metrics.items() if value is not None}
