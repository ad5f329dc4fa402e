"""Losses by instance against the losses that MMDetection itself averages."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from mmdet.registry import MODELS

from benchmark_n import Benchmark
from benchmark_n.errors import InputError
from benchmark_n.training.mmdet.instance_losses import InstanceLossHook
from benchmark_n.training.mmdet.loss_files import FOLDER, write_loss_evidence
from benchmark_n.training.mmdet.model_configs import ModelSettings, model_config
from tests.training.mmdet.test_model_configs import batch


def model_and_data(settings: ModelSettings) -> tuple[Any, Any]:
    torch.manual_seed(0)
    model = MODELS.build(model_config(settings, 5).model)
    model.train()
    sample = batch()
    sample["data_samples"][0].gt_instances.instances_ids = torch.tensor([71, 2**50])
    return model, model.data_preprocessor(sample, training=True)


def losses(model: Any, data: Any) -> dict[str, Any]:
    torch.manual_seed(1)
    return dict(model(**data, mode="loss"))


def _parts(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def test_the_model_is_unchanged_and_the_means_agree() -> None:
    plain, data = model_and_data(ModelSettings("tiny-mask-rcnn", init="none"))
    noting, _ = model_and_data(ModelSettings("tiny-mask-rcnn", init="none", instance_losses=True))
    noting.load_state_dict(plain.state_dict())
    expected, found = losses(plain, data), losses(noting, data)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        ours = found[name]
        for a, b in zip(_parts(value), _parts(ours), strict=True):
            torch.testing.assert_close(a, b)
    noted = noting.roi_head.noted
    assert set(noted[0].long().tolist()) == {71, 2**50}
    # The mask loss of a batch is the mean over its positive RoIs.
    assert noted[2].mean().item() == pytest.approx(expected["loss_mask"].item(), rel=1e-5)
    assert bool((noted[1] > 0).all())


def hook_on(folder: Path, head: Any) -> tuple[InstanceLossHook, Any]:
    runner = SimpleNamespace(model=SimpleNamespace(roi_head=head), work_dir=str(folder), epoch=0)
    hook = InstanceLossHook()
    hook.before_train(runner)
    return hook, runner


def test_an_epoch_is_averaged_by_annotation(tmp_path: Path) -> None:
    model, _ = model_and_data(ModelSettings("tiny-mask-rcnn", init="none", instance_losses=True))
    hook, runner = hook_on(tmp_path, model.roi_head)
    for values in ([[7, 3], [1.0, 5.0], [0.2, 0.4]], [[7], [2.0], [0.6]]):
        model.roi_head.noted = torch.tensor(values, dtype=torch.float64)
        hook.after_train_iter(runner, 0)
    hook.after_train_epoch(runner)
    table = pq.read_table(tmp_path / FOLDER / "epoch-0001-rank0.parquet").to_pydict()
    assert table["annotation_id"] == [3, 7]
    assert table["rois"] == [1, 2]
    assert table["class_loss"] == pytest.approx([5.0, 1.5])
    assert table["mask_loss"] == pytest.approx([0.4, 0.4])


def test_another_head_is_one_line() -> None:
    model = MODELS.build(model_config(ModelSettings("tiny-mask-rcnn", init="none"), 5).model)
    with pytest.raises(InputError, match="expected InstanceLossRoIHead"):
        InstanceLossHook().before_train(SimpleNamespace(model=model))


def test_evidence_joins_ranks_and_fills_what_was_not_met(
    scenes_hard: Benchmark, tmp_path: Path
) -> None:
    ids = scenes_hard.noisy().annotation_ids
    folder = tmp_path / FOLDER
    folder.mkdir()
    rows = [
        ("epoch-0001-rank0", ids[1:], 1, 2.0),
        ("epoch-0001-rank1", ids[1:2], 3, 4.0),
        ("epoch-0002-rank0", ids[2:], 1, 1.0),
    ]
    for name, own, rois, loss in rows:
        columns = {"annotation_id": own, "rois": np.full(len(own), rois)}
        columns |= {kind: np.full(len(own), loss) for kind in ("class_loss", "mask_loss")}
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    out = write_loss_evidence(scenes_hard, tmp_path)
    found = np.load(out / "class_losses.npy")
    assert np.load(out / "annotation_ids.npy").tolist() == ids.tolist()
    assert found.shape == (2, len(ids))
    assert found[:, 1].tolist() == pytest.approx([3.5, 3.5])  # (1 x 2 + 3 x 4) / 4; not met later
    assert found[:, 2].tolist() == pytest.approx([2.0, 1.0])
    assert found[:, 0].tolist() == pytest.approx([2.0, 1.0])  # never met: the medians
    with pytest.raises(InputError, match="train with `instance_losses=True`"):
        write_loss_evidence(scenes_hard, tmp_path / "none")
