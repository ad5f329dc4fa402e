"""Between TensorFlow's order of axes, NHWC, and torch's, NCHW; and TensorFlow's padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

Attributes = Mapping[str, Any]


def is_last(attributes: Attributes) -> bool:
    """Whether the operator's pictures have their channels last."""
    return bool(attributes.get("data_format", "NHWC") == "NHWC")


def to_first(values: Tensor, attributes: Attributes) -> Tensor:
    """Pictures (n, c, h, w); a view."""
    return values.permute(0, 3, 1, 2) if is_last(attributes) else values


def from_first(values: Tensor, attributes: Attributes) -> Tensor:
    """Pictures in the operator's order, out of (n, c, h, w); a view."""
    return values.permute(0, 2, 3, 1) if is_last(attributes) else values


def pair(attributes: Attributes, name: str) -> tuple[int, int]:
    """What an attribute of four numbers says of height and width; (1, 1) where it is absent."""
    four = attributes.get(name) or [1, 1, 1, 1]
    height, width = four[1:3] if is_last(attributes) else four[2:4]
    return height, width


def padded(
    values: Tensor,
    window: Sequence[int],
    attributes: Attributes,
    fill: float = 0.0,
) -> Tensor:
    """Pictures (n, c, h, w) with the border that the operator's window wants.

    ``SAME`` makes the result as large as the picture over the stride, rounded up, and puts the odd
    pixel at the end; ``EXPLICIT`` tells the border of each axis.
    """
    kind = attributes.get("padding", "VALID")
    if kind == "VALID":
        return values
    if kind == "EXPLICIT":
        told = attributes["explicit_paddings"]
        top, bottom, left, right = told[2:6] if is_last(attributes) else told[4:8]
        return pad(values, (left, right, top, bottom), value=fill)
    border: list[int] = []
    for axis in (1, 0):
        stride = pair(attributes, "strides")[axis]
        reach = (window[axis] - 1) * pair(attributes, "dilations")[axis] + 1
        size = values.shape[2 + axis]
        more = max(0, (-(-size // stride) - 1) * stride + reach - size)
        border += [more // 2, more - more // 2]
    return pad(values, border, value=fill) if any(border) else values


def lowest(values: Tensor) -> float:
    """What no maximum is below."""
    return float(torch.finfo(values.dtype).min)
