"""From a benchmark directory to detections: training, stopping, going on, predicting, judging."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import benchmark_n
from benchmark_n import Benchmark
from benchmark_n.benchmark.labels import training_labels
from benchmark_n.cli import run
from benchmark_n.coco import read_coco
from benchmark_n.detection.detect import detect
from benchmark_n.errors import InputError
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.runtime.progress import Progress
from benchmark_n.training.mmdet.folds import fold_images
from benchmark_n.training.mmdet.held_out import held_out_fold, held_out_labels
from benchmark_n.training.mmdet.model_configs import ModelSettings
from benchmark_n.training.mmdet.training import newest_checkpoint
from benchmark_n.training.options import RunOptions
from benchmark_n.training.train import predict, predict_folds, train
from tests import making
from tests.training.mmdet.samples import FAST, small_benchmark

SETTINGS = ModelSettings("tiny-mask-rcnn", init="none")
_ONE = ("train_cfg.max_epochs", "train_cfg.val_interval", "param_scheduler.0.total_steps")
ONE_EPOCH = replace(SETTINGS, options={**FAST, **dict.fromkeys(_ONE, 1)})


class Stop(Exception):  # noqa: N818  it is no error
    """Thrown into a training."""


def stop_at(iteration: int) -> Progress:
    def progress(done: int, total: int) -> None:
        assert total == 4
        if done == iteration:
            raise Stop

    return progress


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    return small_benchmark(tmp_path_factory.mktemp("mmdet") / "small")


@pytest.fixture(scope="module")
def trained(benchmark: Benchmark, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training that was stopped in its second epoch and taken up again."""
    folder = tmp_path_factory.mktemp("mmdet") / "work"
    # Weights to start from, of no layer: a resumed training must not begin with them again.
    start = folder.with_name("start.pth")
    torch.save({"state_dict": {}, "meta": {}}, start)
    options = {**FAST, "load_from": str(start)}
    settings = replace(SETTINGS, options=options, instance_losses=True)
    with pytest.raises(Stop):
        train(benchmark.path, settings, RunOptions(folder, progress=stop_at(3)))
    assert not (folder / "weights.safetensors").exists()
    # As a kill may leave it: half of the next checkpoint, and a name of one that is gone.
    first = (folder / "epoch_1.pth").read_bytes()
    (folder / "epoch_2.pth").write_bytes(first[: len(first) // 2])
    (folder / "last_checkpoint").write_text(str(folder / "epoch_0.pth"))
    train(benchmark.path, settings, RunOptions(folder, resume=True))
    return folder


def test_a_resumed_training_starts_where_it_stopped(trained: Path) -> None:
    logs = sorted(trained.glob("*/vis_data/scalars.json"))
    lines = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == [2, 4]
    tables = sorted(path.name for path in (trained / "instance_losses").iterdir())
    assert tables == ["epoch-0001-rank0.parquet", "epoch-0002-rank0.parquet"]


def test_a_resumed_training_ends_as_an_undisturbed_one(
    trained: Path, benchmark: Benchmark, tmp_path: Path
) -> None:
    train(benchmark.path, replace(SETTINGS, options=FAST), RunOptions(tmp_path / "w"))
    for name in ("weights.safetensors", "predictions-val.json", "results.json"):
        assert (tmp_path / "w" / name).read_bytes() == (trained / name).read_bytes(), name


def test_a_checkpoint_is_taken_only_whole(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path) is None
    for name in ("epoch_9.pth", "epoch_10.pth", "epoch_11.pth", "best_coco_segm_mAP_epoch_12.pth"):
        torch.save({"weight": torch.zeros(1000)}, tmp_path / name)
    path = tmp_path / "epoch_11.pth"
    path.write_bytes(path.read_bytes()[:-100])
    assert newest_checkpoint(tmp_path) == tmp_path / "epoch_10.pth"


def test_prediction_reads_the_weights_alone(
    trained: Path, benchmark: Benchmark, tmp_path: Path
) -> None:
    for path in trained.glob("*.pth"):
        path.rename(tmp_path / path.name)
    out = predict(benchmark.path, trained, out=tmp_path / "found.json", device="cpu")
    again = json.loads(out.read_text())
    during = json.loads((trained / "predictions-val.json").read_text())
    assert len(again) == len(during)
    for a, b in zip(again, during, strict=True):
        assert (a["image_id"], a["category_id"]) == (b["image_id"], b["category_id"])
        assert a["score"] == pytest.approx(b["score"], abs=1e-5)


def test_the_metrics_are_those_of_eval(trained: Path, benchmark: Benchmark) -> None:
    found = benchmark_n.evaluate(
        ground_truth=benchmark.clean_val, predictions=trained / "predictions-val.json"
    ).results
    metrics = json.loads((trained / "results.json").read_text())["metrics"]
    for kind in ("bbox", "segm", "boundary"):
        assert metrics[f"{kind}_AP"] == pytest.approx(found[kind]["statistics"]["AP"], abs=1e-9)


def test_losses_by_instance_are_evidence(trained: Path, benchmark: Benchmark) -> None:
    (result,) = detect(
        benchmark.annotations,
        None,
        "loss_separation",
        evidence=EvidenceOptions(
            (f"files:{trained / 'evidence'}",), evidence_dir=trained / "cache"
        ),
    )
    ids = result.scores["annotation_id"].to_numpy()
    assert set(ids) == set(benchmark.noisy().annotation_ids.tolist())


def test_out_of_fold_predictions_cover_all_images(benchmark: Benchmark, tmp_path: Path) -> None:
    path = predict_folds(benchmark.path, ONE_EPOCH, 2, RunOptions(tmp_path / "f"))
    seen = {record["image_id"] for record in json.loads(path.read_text())}
    assert seen <= set(benchmark.noisy().images)
    parts = [
        {r["image_id"] for r in json.loads(part.read_text())}
        for part in sorted((tmp_path / "f").glob("fold-*/predictions-held-out.json"))
    ]
    assert len(parts) == 2
    assert not parts[0] & parts[1]


def test_weights_of_other_categories_are_one_line(
    trained: Path, benchmark: Benchmark, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    (other / "annotations").mkdir(parents=True)
    for path in benchmark.path.iterdir():
        if path.is_file():
            (other / path.name).write_bytes(path.read_bytes())
    for path in (benchmark.path / "annotations").iterdir():
        document = msgspec.json.decode(path.read_bytes())
        document["categories"].append({"id": 99, "name": "kite", "supercategory": "toy"})
        (other / "annotations" / path.name).write_bytes(msgspec.json.encode(document))
    with pytest.raises(InputError, match="weights for 12 categories, expected 13"):
        predict(other, trained, device="cpu")


def test_weights_are_finite_and_named(trained: Path) -> None:
    tensors = load_file(trained / "weights.safetensors")
    assert "roi_head.mask_head.conv_logits.weight" in tensors
    assert all(np.isfinite(t.numpy()).all() for t in tensors.values() if t.is_floating_point())


def arguments(benchmark: Benchmark, folder: Path) -> list[str]:
    parts = ["train", str(benchmark.path), "--model", "tiny-mask-rcnn", "--init", "none", "-q"]
    return [*parts, "--work-dir", str(folder)]


def test_errors_are_one_line(
    trained: Path,
    benchmark: Benchmark,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(parts: list[str], code: int, text: str) -> None:
        assert run(parts) == code
        error = capsys.readouterr().err
        assert text in error
        assert len(error.strip().splitlines()) == 1, error

    fails(arguments(benchmark, trained), 1, "holds a training already: --resume")
    fails([*arguments(benchmark, trained), "--resume", "--seed", "5"], 1, "of other settings")
    fails([*arguments(benchmark, tmp_path), "--device", "cuda"], 1, "no GPU was found")
    fails([*arguments(benchmark, tmp_path), "--gpus", "2"], 1, "2 GPUs were asked for, but 0")
    fails(["train", str(tmp_path), "--model", "solo_r50", "-q"], 1, "not a benchmark directory")
    fails(["train", str(benchmark.path), "--model", "solo", "-q"], 2, "did you mean 'solo_r50'")
    fails(["predict", str(benchmark.path), "-q"], 2, "give --work-dir of a training")
    parts = ["predict", str(benchmark.path), "--work-dir", str(tmp_path), "-q"]
    fails(parts, 1, "no training: expected a work directory")
    folder = str(tmp_path / "nowhere")
    parts = [*arguments(benchmark, tmp_path / "w"), "--val-images", folder]
    fails(parts, 1, "clean_val.json: 3 of 3 images are missing")
    monkeypatch.setitem(sys.modules, "mmengine", None)  # as if it were not installed
    fails(
        arguments(benchmark, tmp_path), 1, "needs mmengine: run pip install '.[mmdet]' in the clone"
    )


@pytest.fixture(scope="module")
def single(benchmark: Benchmark, tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    """A benchmark of one COCO file, which has no validation split."""
    source = benchmark.images
    assert source is not None
    path = tmp_path_factory.mktemp("single") / "my.json"
    path.write_bytes(benchmark.annotations.read_bytes())
    return making.make(
        "custom",
        "hard",
        annotations=path,
        images=source,
        out=path.with_name("benchmark"),
        workers=1,
    )


def test_images_are_held_out_where_there_are_no_validation_labels(
    single: Benchmark, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = replace(SETTINGS, options=FAST)
    done = train(single.path, settings, RunOptions(tmp_path / "work"))
    assert "no clean validation labels: 2 of 8 images (by seed 0) are held out" in caplog.text
    assert done.run["held_out"] == {"count": 5, "fold": 0, "seed": 0}
    assert "segm_AP" in done.metrics
    found = json.loads(predict(single.path, done.path, device="cpu").read_text())
    folds = fold_images(single.noisy(), 5, 0)
    held = {image for image, fold in folds.items() if fold == 0}
    assert len(held) == 2
    assert {d["image_id"] for d in found} <= held


def test_the_held_out_labels_are_the_clean_ones(single: Benchmark) -> None:
    noisy = training_labels(single)
    fold = held_out_fold(noisy, 0)
    held = held_out_labels(single, noisy, fold)
    clean = {record["id"]: record for record in single.clean().records()}
    chosen = {i for i, own in fold_images(noisy.coco, 5, 0).items() if own == 0}
    assert set(held.coco.images) == chosen
    expected = [record for record in clean.values() if record["image_id"] in chosen]
    assert list(read_coco(held.coco.path).records()) == expected
    assert list(held.coco.records()) == expected


def test_folds_are_predicted_without_validation_labels(single: Benchmark, tmp_path: Path) -> None:
    path = predict_folds(single.path, ONE_EPOCH, 2, RunOptions(tmp_path / "folds"))
    assert isinstance(json.loads(path.read_text()), list)
    for fold in range(2):
        run_file = json.loads((tmp_path / "folds" / f"fold-{fold}" / "run.json").read_text())
        assert run_file["held_out"] == run_file["folds"] == {"count": 2, "fold": fold, "seed": 0}


def test_one_group_of_images_cannot_be_parted(single: Benchmark, tmp_path: Path) -> None:
    document = json.loads(single.annotations.read_bytes())
    for image in document["images"]:
        image["patient"] = "one"
    path = tmp_path / "one.json"
    path.write_text(json.dumps(document))
    made = making.make(
        "custom", "clean", annotations=path, images=single.images, out=tmp_path / "b", workers=1
    )
    with pytest.raises(InputError, match=r"1 patient by patient, of which none can be held out"):
        train(made.path, SETTINGS, RunOptions(tmp_path / "w"))
