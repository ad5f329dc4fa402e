"""TensorFlow's operators by their names, in torch: those that the known graphs are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from benchmark_n.nets.tfjs import shapes, windows
from benchmark_n.nets.tfjs.layout import Attributes
from benchmark_n.nets.tfjs.resizing import resize_bilinear

# Inputs and attributes of a node to its value, or to its values where it has several.
Operator = Callable[[Sequence[Tensor], Attributes], Any]


def _add(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    return inputs[0] + inputs[1]


def _multiply(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    return inputs[0] * inputs[1]


def _mean(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    axes = tuple(inputs[1].reshape(-1).tolist())
    return inputs[0].mean(axes, keepdim=bool(attributes.get("keep_dims")))


def _identity(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    return inputs[0]


def _activation(name: str) -> Operator:
    def activate(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
        return windows.activation(name, inputs[0], attributes.get("alpha", windows.LEAKY_ALPHA))

    return activate


OPERATORS: Mapping[str, Operator] = {
    "Add": _add,
    "AddV2": _add,
    "BiasAdd": _add,
    "Cast": shapes.cast,
    "ConcatV2": shapes.concatenate,
    "Conv2D": windows.convolution,
    "DepthwiseConv2dNative": windows.depthwise,
    "ExpandDims": shapes.expand,
    "FusedDepthwiseConv2dNative": windows.depthwise,
    "Identity": _identity,
    "LeakyRelu": _activation("LeakyRelu"),
    "MaxPool": windows.max_pool,
    "Mean": _mean,
    "Mul": _multiply,
    "Pad": shapes.pad,
    "PadV2": shapes.pad,
    "Reshape": shapes.reshape,
    "ResizeBilinear": resize_bilinear,
    "SparseToDense": shapes.sparse_to_dense,
    "SplitV": shapes.split,
    "Transpose": shapes.transpose,
    "_FusedConv2D": windows.convolution,
    **{name: _activation(name) for name in windows.ACTIVATIONS},
}
# How the constant kernel of an operator, its second input, is laid out once for all calls.
KERNELS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "Conv2D": windows.kernel,
    "_FusedConv2D": windows.kernel,
    "DepthwiseConv2dNative": windows.depthwise_kernel,
    "FusedDepthwiseConv2dNative": windows.depthwise_kernel,
}
