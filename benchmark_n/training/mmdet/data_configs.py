"""Where a config's data lie: dataloaders and evaluators of a benchmark directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark_n.benchmark.labels import Labels


def set_training(config: Any, labels: Labels, folds: Mapping[str, Any] | None = None) -> None:
    """Train on `labels`, or on all folds of it but one."""
    _set_loader(config.train_dataloader, labels, folds and {**folds, "held_out": False})


def set_validation(config: Any, labels: Labels, dilation_ratio: float, outfile: Path) -> None:
    """Evaluate on `labels` in the training, and write the detections."""
    _set_loader(config.val_dataloader, labels, None)
    config.val_evaluator = _evaluator(labels, outfile, dilation_ratio=dilation_ratio)


def set_prediction(
    config: Any, labels: Labels, outfile: Path, folds: Mapping[str, Any] | None = None
) -> None:
    """Predict `labels`' images, or those of one fold, and write the detections."""
    for name in ("train_dataloader", "train_cfg", "optim_wrapper", "param_scheduler"):
        config[name] = None
    for name in ("val_dataloader", "val_cfg", "val_evaluator"):
        config[name] = None
    _set_loader(config.test_dataloader, labels, folds and {**folds, "held_out": True})
    config.test_evaluator = _evaluator(labels, outfile, format_only=True)


def _evaluator(labels: Labels, outfile: Path, **options: Any) -> dict[str, Any]:
    return {
        "type": "BoundaryCocoMetric",
        "ann_file": str(labels.coco.path),
        "outfile": str(outfile),
        **options,
    }


def _set_loader(loader: Any, labels: Labels, folds: Mapping[str, Any] | None) -> None:
    known = loader.dataset
    test_mode = bool(known.get("test_mode", False))
    pipeline = [part for part in known.pipeline if not (test_mode and _reads_labels(part))]
    loader.dataset = {
        "type": "NoisyCocoDataset",
        "ann_file": str(labels.coco.path),
        "data_prefix": {"img": str(labels.images)},
        "pipeline": pipeline,
        "test_mode": test_mode,
        "filter_cfg": known.get("filter_cfg"),
        "folds": folds,
    }


def _reads_labels(part: Mapping[str, Any]) -> bool:
    """Predictions are made from pixels alone: the metric reads the labels itself."""
    return str(part["type"]) == "LoadAnnotations"
