"""Operators that slide a window over pictures: convolutions and pooling."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from benchmark_n.nets.tfjs.layout import Attributes, from_first, lowest, padded, pair, to_first

LEAKY_ALPHA = 0.2  # TensorFlow's own where the node tells none
ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "Elu": functional.elu,
    "Relu": functional.relu,
    "Relu6": functional.relu6,
    "Sigmoid": torch.sigmoid,
}


def kernel(weights: Tensor) -> Tensor:
    """The kernel of a convolution, (h, w, in, out), as torch has it: (out, in, h, w)."""
    return weights.permute(3, 2, 0, 1).contiguous()


def depthwise_kernel(weights: Tensor) -> Tensor:
    """That of a depthwise one, (h, w, in, multiplier), as (in * multiplier, 1, h, w)."""
    height, width, channels, multiplier = weights.shape
    laid = weights.permute(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    return laid.contiguous()


def convolution(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    """``Conv2D`` and ``_FusedConv2D``; the kernel is one of `kernel`."""
    groups = to_first(inputs[0], attributes).shape[1] // inputs[1].shape[1]
    return _convolve(inputs, attributes, groups)


def depthwise(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    """``DepthwiseConv2dNative`` and its fused form; the kernel is one of `depthwise_kernel`."""
    return _convolve(inputs, attributes, to_first(inputs[0], attributes).shape[1])


def _convolve(inputs: Sequence[Tensor], attributes: Attributes, groups: int) -> Tensor:
    weights = inputs[1]
    fused = attributes.get("fused_ops") or []
    values = functional.conv2d(
        padded(to_first(inputs[0], attributes), weights.shape[2:], attributes),
        weights,
        inputs[2] if "BiasAdd" in fused else None,
        stride=pair(attributes, "strides"),
        dilation=pair(attributes, "dilations"),
        groups=groups,
    )
    for name in fused:
        if name != "BiasAdd":
            values = activation(name, values, attributes.get("leakyrelu_alpha", LEAKY_ALPHA))
    return from_first(values, attributes)


def activation(name: str, values: Tensor, alpha: float) -> Tensor:
    """An activation, such as may be fused with a convolution."""
    if name == "LeakyRelu":
        return functional.leaky_relu(values, alpha)
    return ACTIVATIONS[name](values)


def max_pool(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    """``MaxPool``."""
    window = pair(attributes, "ksize")
    values = to_first(inputs[0], attributes)
    values = padded(values, window, attributes, lowest(values))
    pooled = functional.max_pool2d(values, window, pair(attributes, "strides"))
    return from_first(pooled, attributes)
