"""Every config builds, and its model computes its losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData

from benchmark_n.errors import InputError, UsageError
from benchmark_n.training.mmdet.model_configs import (
    ModelSettings,
    model_config,
    model_names,
    published_weights,
)

CLASSES = 5
SIDE = 96
PAPER = [name for name in model_names() if not name.startswith("tiny")]


def config_of(model: str, **settings: Any) -> Any:
    return model_config(ModelSettings(model, **{"init": "none", **settings}), CLASSES)


def batch() -> dict[str, Any]:
    """One image with two instances."""
    masks = np.zeros((2, SIDE, SIDE), np.uint8)
    masks[0, 10:60, 20:70] = 1
    masks[1, 40:90, 5:45] = 1
    boxes = torch.tensor([[20.0, 10, 70, 60], [5, 40, 45, 90]])
    instances = InstanceData(
        bboxes=HorizontalBoxes(boxes),
        labels=torch.tensor([0, CLASSES - 1]),
        masks=BitmapMasks(masks, SIDE, SIDE),
    )
    shape = {"img_shape": (SIDE, SIDE), "ori_shape": (SIDE, SIDE), "scale_factor": (1.0, 1.0)}
    sample = DetDataSample(gt_instances=instances, metainfo={"img_id": 1, **shape})
    sample.ignored_instances = InstanceData(bboxes=HorizontalBoxes(boxes[:0]))
    generator = torch.Generator().manual_seed(0)
    image = torch.randint(0, 256, (3, SIDE, SIDE), generator=generator, dtype=torch.uint8)
    return {"inputs": [image], "data_samples": [sample]}


def losses_of(config: Any) -> dict[str, Any]:
    if "batch_augments" in config.model.data_preprocessor:
        config.model.data_preprocessor.batch_augments[0].size = (SIDE, SIDE)
    model = MODELS.build(config.model)
    model.train()
    data = model.data_preprocessor(batch(), training=True)
    return dict(model(**data, mode="loss"))


def total(losses: dict[str, Any]) -> float:
    values = [v for name, each in losses.items() if "loss" in name for v in _flat(each)]
    return float(sum(v.detach().sum() for v in values))


def _flat(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


@pytest.mark.parametrize("model", model_names())
def test_a_model_computes_its_losses(model: str) -> None:
    config = config_of(model)
    if model.startswith("mask2former"):
        # The points at which masks are compared; MMDetection's number takes minutes on a CPU.
        config.model.train_cfg.num_points = 64
        config.model.panoptic_head.transformer_decoder.num_layers = 2
    value = total(losses_of(config))
    assert np.isfinite(value)
    assert value > 0


@pytest.mark.slow
@pytest.mark.parametrize("model", [name for name in PAPER if name.startswith("mask2former")])
def test_mask2former_as_it_is(model: str) -> None:
    assert np.isfinite(total(losses_of(config_of(model))))


@pytest.mark.parametrize("model", model_names())
def test_class_counts_are_the_benchmarks(model: str) -> None:
    text = str(config_of(model).model)
    for name in ("num_classes", "num_things_classes"):
        for part in text.split(f"'{name}': ")[1:]:
            assert part.startswith(f"{CLASSES}"), name


@pytest.mark.parametrize("model", PAPER)
def test_paper_schedule_and_published_weights(model: str) -> None:
    config = config_of(model, schedule="paper")
    assert config.train_cfg.max_epochs == (50 if model.startswith("yolact") else 12)
    ends = [part["end"] for part in config.param_scheduler if part["by_epoch"]]
    assert ends == [config.train_cfg.max_epochs]
    address = published_weights(config.published, model)
    assert address.startswith("https://download.openmmlab.com/")
    started = config_of(model, init="coco")
    assert started.load_from == address
    assert started.model.backbone.init_cfg is None


def test_imagenet_start_is_the_configs_own_and_none_freezes_nothing() -> None:
    backbone = config_of("mask-rcnn_r50", init="imagenet").model.backbone
    assert backbone.init_cfg.checkpoint == "torchvision://resnet50"
    assert backbone.frozen_stages == 1
    backbone = config_of("mask-rcnn_r50", init="none").model.backbone
    assert backbone.init_cfg is None
    assert (backbone.frozen_stages, backbone.norm_eval) == (-1, False)


def test_rates_are_for_the_batch_that_the_config_names() -> None:
    config = config_of("mask-rcnn_r50")
    assert (config.auto_scale_lr.enable, config.auto_scale_lr.base_batch_size) == (True, 16)
    tiny = config_of("tiny-mask-rcnn")
    assert tiny.auto_scale_lr.base_batch_size == tiny.train_dataloader.batch_size


def test_options_replace_values() -> None:
    loss = "model.roi_head.bbox_head.loss_cls.type"
    config = config_of("tiny-mask-rcnn", options={loss: "SymmetricCrossEntropyLoss"})
    model = MODELS.build(config.model)
    assert type(model.roi_head.bbox_head.loss_cls).__name__ == "SymmetricCrossEntropyLoss"
    assert np.isfinite(total(losses_of(config)))


def test_what_cannot_be_is_told() -> None:
    with pytest.raises(UsageError, match="did you mean 'mask-rcnn_r50'"):
        config_of("mask-rcnn_r5")
    with pytest.raises(UsageError, match="no schedule for tiny-mask-rcnn"):
        config_of("tiny-mask-rcnn", schedule="paper")
    with pytest.raises(UsageError, match="no weights are published for tiny-mask-rcnn"):
        config_of("tiny-mask-rcnn", init="coco")
    with pytest.raises(UsageError, match="Mask R-CNN alone, not for SOLO"):
        config_of("solo_r50", instance_losses=True)
    with pytest.raises(UsageError, match="init must be one of imagenet, coco, none"):
        ModelSettings("solo_r50", init="lvis")
    with pytest.raises(InputError, match="no such config file"):
        config_of("nothing.py")
