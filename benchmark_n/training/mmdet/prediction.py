"""Detections of trained models, as COCO results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.benchmark import Benchmark, load
from benchmark_n.benchmark.labels import Labels, split_labels
from benchmark_n.files.atomic import write_whole
from benchmark_n.training.mmdet.data_configs import set_prediction
from benchmark_n.training.mmdet.folds import fold_images
from benchmark_n.training.mmdet.held_out import predicted_labels
from benchmark_n.training.mmdet.model_configs import ModelSettings, model_config
from benchmark_n.training.mmdet.runner import require_mmdet, running, set_device
from benchmark_n.training.mmdet.training import train_mmdet
from benchmark_n.training.options import RunOptions
from benchmark_n.training.work_dir import TrainingRun, choose_work_dir, finished_run

OUT_OF_FOLD = "predictions-oof.json"


def predict_mmdet(
    benchmark: Benchmark | Path | str,
    work_dir: Path | str,
    *,
    split: str = "val",
    out: Path | str | None = None,
    device: str = "auto",
    images: Path | None = None,
    folds: Mapping[str, int] | None = None,
) -> Path:
    """Write what a finished training finds in a benchmark's images, in COCO's results format.

    Parameters
    ----------
    work_dir
        Of the training; its ``weights.safetensors`` alone is read, and no pickle.
    split
        ``val``: the images of the clean validation labels, or those that the training held out;
        ``train``: those of the noisy ones.
    out
        By default ``predictions-<split>.json`` in `work_dir`.
    images
        Folder of the images, where the benchmark does not know it.
    folds
        ``count``, ``fold`` and ``seed``: the images of one fold alone.

    Raises
    ------
    UsageError, InputError
        No finished training, weights of other categories, or images that are not there.
    """
    require_mmdet("prediction")
    set_device(device)
    opened = load(benchmark) if isinstance(benchmark, Path | str) else benchmark
    trained = finished_run(work_dir)
    labels = _labels(opened, trained, split, images)
    target = Path(out) if out else trained.path / f"predictions-{split}.json"
    _predict(trained.path, trained.run, labels, target, folds)
    return target


def _labels(opened: Benchmark, trained: TrainingRun, split: str, images: Path | None) -> Labels:
    if split != "val" or opened.clean_val is not None:
        return split_labels(opened, split, images)
    noisy = split_labels(opened, "train", images)
    return predicted_labels(opened, noisy, trained.run, trained.path)


def _predict(
    folder: Path,
    run: Mapping[str, Any],
    labels: Labels,
    target: Path,
    folds: Mapping[str, int] | None,
) -> None:
    from benchmark_n.nets.weights import WEIGHTS, check_categories, load_weights

    weights, names = folder / WEIGHTS, labels.names
    check_categories(weights, run["categories"], names)
    settings = ModelSettings(**run["settings"])
    config = model_config(replace(settings, init="none", instance_losses=False), len(names))
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    set_prediction(config, labels, part, folds)
    with running(config, folder) as runner:
        load_weights(runner.model, weights, names)
        runner.test()
    part.replace(target)


def predict_out_of_fold(
    benchmark: Benchmark | Path | str,
    settings: ModelSettings,
    count: int,
    run: RunOptions = RunOptions(),
) -> Path:
    """Train `count` models, each on all folds but one, and join what each finds in its own fold.

    The result is evidence ``predictions:FILE`` with `trained_on` ``noisy-oof``. Folds that are
    done are not done again.

    Returns
    -------
    Path
        ``predictions-oof.json`` in the work directory.
    """
    opened = load(benchmark) if isinstance(benchmark, Path | str) else benchmark
    fold_images(opened.noisy(), count, settings.seed)
    name = f"{opened.path.resolve().name}-{Path(settings.model).stem}-{count}folds"
    root = choose_work_dir(run.work_dir, name)
    found: list[msgspec.Raw] = []
    for fold in range(count):
        folds = {"count": count, "fold": fold, "seed": settings.seed}
        folder = root / f"fold-{fold}"
        of_fold = replace(run, work_dir=folder, resume=folder.is_dir())
        train_mmdet(opened, settings, of_fold, folds=folds)
        part = folder / "predictions-held-out.json"
        if not part.is_file():
            predict_mmdet(
                opened,
                folder,
                split="train",
                out=part,
                device=run.device,
                images=run.images,
                folds=folds,
            )
        found += msgspec.json.decode(part.read_bytes(), type=list[msgspec.Raw])
    target = root / OUT_OF_FOLD
    write_whole(target, msgspec.json.encode(found))
    return target
