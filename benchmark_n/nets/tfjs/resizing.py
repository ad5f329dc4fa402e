"""``ResizeBilinear`` in TensorFlow's three readings of where a pixel lies."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from benchmark_n.nets.tfjs.layout import Attributes


def resize_bilinear(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    """Pictures (n, h, w, c) of the size (height, width) that the second input tells.

    With ``align_corners`` the corners' middles meet, with ``half_pixel_centers`` the borders; with
    neither, pixel i of the result is taken at i * old size / new size.
    """
    values = inputs[0].permute(0, 3, 1, 2)
    height, width = (int(side) for side in inputs[1].tolist())
    corners = bool(attributes.get("align_corners"))
    if corners or attributes.get("half_pixel_centers"):
        resized = interpolate(values, (height, width), mode="bilinear", align_corners=corners)
    else:
        resized = _from_origin(_from_origin(values, 2, height), 3, width)
    return resized.permute(0, 2, 3, 1)


def _from_origin(values: Tensor, axis: int, size: int) -> Tensor:
    """One axis resized, with pixel 0 on pixel 0."""
    old = values.shape[axis]
    place = torch.arange(size, dtype=values.dtype, device=values.device) * (old / size)
    low = place.floor().long().clamp(max=old - 1)
    high = (low + 1).clamp(max=old - 1)
    share = (place - low).reshape([-1 if i == axis else 1 for i in range(4)])
    return values.index_select(axis, low) * (1 - share) + values.index_select(axis, high) * share
