"""Operators that move numbers about without changing them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from benchmark_n.nets.tfjs.layout import Attributes

# The types that ``Cast`` may ask for.
_TYPES = {"DT_FLOAT": torch.float32, "DT_INT32": torch.int64, "DT_INT64": torch.int64}


def transpose(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    """``Transpose``: axes in the order of the second input."""
    return inputs[0].permute(*inputs[1].tolist())


def reshape(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    """``Reshape`` to the second input, in which -1 stands for what is left."""
    return inputs[0].reshape(*inputs[1].tolist())


def expand(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    """``ExpandDims``: a new axis at the place that the second input tells."""
    return inputs[0].unsqueeze(int(inputs[1]))


def concatenate(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    """``ConcatV2`` along the axis that the last input tells."""
    return torch.cat(list(inputs[:-1]), int(inputs[-1]))


def split(inputs: Sequence[Tensor], attributes: Attributes) -> list[Tensor]:
    """``SplitV`` into parts of the second input's lengths, along the third's axis."""
    return list(torch.split(inputs[0], inputs[1].tolist(), int(inputs[2])))


def pad(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    """``Pad`` and ``PadV2``: the second input has the border of each axis, the third a value."""
    border: list[Any] = []
    for before, after in reversed(inputs[1].tolist()):
        border += [before, after]
    return functional.pad(inputs[0], border, value=float(inputs[2]) if len(inputs) > 2 else 0.0)


def sparse_to_dense(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    """``SparseToDense``: indices, shape, values and the default value."""
    indices, shape, values, default = inputs
    dense = torch.zeros(shape.tolist(), dtype=values.dtype, device=values.device) + default
    rows = indices.reshape(-1, dense.dim())
    dense[tuple(rows.T)] = values.expand(len(rows))
    return dense


def cast(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    """``Cast`` to the type of ``DstT``."""
    return inputs[0].to(_TYPES[attributes["DstT"]])
