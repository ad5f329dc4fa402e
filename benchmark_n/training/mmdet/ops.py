"""MMCV's compiled operations: its own where they are installed, else torchvision's.

``mmcv-lite`` comes without ``mmcv._ext``, which ``mmdet`` needs to be imported at all. The module
put in its place has the three operations of instance segmentation (NMS, RoIAlign and deformable
attention, forward and backward, on CPU and GPU) and answers to every other one with an error.
"""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import torch
import torchvision

from benchmark_n.errors import InputError

EXTENSION = "mmcv._ext"
_AVERAGE = 1
_log = logging.getLogger(__name__)

Tensor = torch.Tensor


class TorchvisionOps(ModuleType):
    """The stand-in for ``mmcv._ext``."""

    nms: Callable[..., Tensor]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)

        def absent(*arguments: object, **keywords: object) -> None:
            raise InputError(
                f"the operation {name} is not in mmcv-lite: install the compiled MMCV "
                "(pip uninstall mmcv-lite; pip install mmcv==2.1.0)"
            )

        return absent


def install_ops() -> bool:
    """Put `TorchvisionOps` in the place of ``mmcv._ext`` unless that is compiled; say so once.

    To be called before ``mmdet`` is imported. Returns whether the compiled operations are used.
    """
    if EXTENSION in sys.modules:
        return not isinstance(sys.modules[EXTENSION], TorchvisionOps)
    if importlib.util.find_spec(EXTENSION) is not None:
        return True
    module = TorchvisionOps(EXTENSION)
    module.__spec__ = ModuleSpec(EXTENSION, None)  # by which MMEngine asks whether it is there
    for operation in (
        nms,
        roi_align_forward,
        roi_align_backward,
        ms_deform_attn_forward,
        ms_deform_attn_backward,
    ):
        setattr(module, operation.__name__, operation)
    sys.modules[EXTENSION] = module
    _log.warning("no compiled MMCV: NMS, RoIAlign and deformable attention are torchvision's")
    return False


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
    """Indices of the boxes that are kept, by falling score.

    Parameters
    ----------
    boxes
        float (N, 4): x0, y0, x1, y1 in px.
    offset
        1 where x1 and y1 are the last pixel of the box, 0 where they are its edge.
    """
    if offset:
        boxes = boxes + boxes.new_tensor([0, 0, offset, offset])
    kept: Tensor = torchvision.ops.nms(boxes, scores, iou_threshold)
    return kept


@dataclass(frozen=True)
class RoiAlignOptions:
    """What MMCV passes by name to RoIAlign, forward and backward.

    Parameters
    ----------
    aligned_height, aligned_width
        Of the output, px.
    spatial_scale
        Side of the features over side of the image.
    sampling_ratio
        Samples along each side of an output pixel; 0 for as many as it covers.
    pool_mode
        1 for the average, the only one that torchvision has.
    aligned
        Whether boxes are shifted by half a pixel.

    Raises
    ------
    InputError
        The maximum is asked for.
    """

    aligned_height: int
    aligned_width: int
    spatial_scale: float
    sampling_ratio: int
    pool_mode: int
    aligned: bool

    def __post_init__(self) -> None:
        if self.pool_mode != _AVERAGE:
            raise InputError("RoIAlign with pool_mode=max is not in torchvision: expected avg")

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the output."""
        return self.aligned_height, self.aligned_width


def roi_align_forward(
    features: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    **options: Any,
) -> None:
    """Write RoIAlign of `features` (B, C, H, W) into `output` (R, C, h, w).

    Parameters
    ----------
    rois
        float (R, 5): place in the batch, then x0, y0, x1, y1 in px of the image.
    options
        Fields of `RoiAlignOptions`, which MMCV passes one by one.
    """
    chosen = RoiAlignOptions(**options)
    scale, ratio = chosen.spatial_scale, chosen.sampling_ratio
    values = torchvision.ops.roi_align(
        features, rois.to(features), chosen.size, scale, ratio, chosen.aligned
    )
    output.copy_(values)


def roi_align_backward(
    gradient: Tensor,
    rois: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    of_features: Tensor,
    **options: Any,
) -> None:
    """Write the gradient of the features (B, C, H, W) into `of_features`; see the forward one."""
    chosen = RoiAlignOptions(**options)
    size = (chosen.spatial_scale, *chosen.size, *of_features.shape)
    values = torch.ops.torchvision._roi_align_backward(
        gradient, rois.to(gradient), *size, chosen.sampling_ratio, chosen.aligned
    )
    of_features.copy_(values)


def ms_deform_attn_forward(
    value: Tensor,
    shapes: Tensor,
    starts: Tensor,
    locations: Tensor,
    weights: Tensor,
    *,
    im2col_step: int,
) -> Tensor:
    """Deformable attention by MMCV's own code for the CPU, which runs on a GPU as well."""
    from mmcv.ops.multi_scale_deform_attn import multi_scale_deformable_attn_pytorch

    result: Tensor = multi_scale_deformable_attn_pytorch(value, shapes, locations, weights)
    return result


def ms_deform_attn_backward(
    value: Tensor,
    shapes: Tensor,
    starts: Tensor,
    locations: Tensor,
    weights: Tensor,
    gradient: Tensor,
    of_value: Tensor,
    of_locations: Tensor,
    of_weights: Tensor,
    *,
    im2col_step: int,
) -> None:
    """Write the gradients into the last three tensors."""
    inputs = [tensor.detach().requires_grad_() for tensor in (value, locations, weights)]
    with torch.enable_grad():
        output = ms_deform_attn_forward(
            inputs[0], shapes, starts, inputs[1], inputs[2], im2col_step=im2col_step
        )
    found = torch.autograd.grad(output, inputs, gradient)
    for target, values in zip((of_value, of_locations, of_weights), found, strict=True):
        target.copy_(values)
