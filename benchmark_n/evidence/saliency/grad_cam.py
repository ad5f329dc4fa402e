"""Saliency maps: where in a crop a classifier finds the category.

For a category's logit that is linear in the averages of the last feature maps, Grad-CAM is the
class activation map: both are the sum of the maps weighted by the head, up to a factor that the
normalisation takes away.

References
----------
.. [1] Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: Grad-CAM: Visual Explanations from Deep
       Networks via Gradient-based Localization, ICCV 2017 (equations 1 and 2).
.. [2] Zhou, Khosla, Lapedriza, Oliva, Torralba: Learning Deep Features for Discriminative
       Localization, CVPR 2016 (equation 2): the class activation map.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence.evidence import Floats

GRID = 16
_FLAT = 1e-12


def class_activation(maps: Floats, weights: Floats) -> NDArray[np.float32]:
    """What speaks for a category in each place: ReLU of the weighted sum of the maps.

    Parameters
    ----------
    maps, weights
        (n, C, h, w) and (n, C): feature maps, and the category's weights for each crop.

    Returns
    -------
    float32 (n, h, w), 0 or more.
    """
    summed = np.einsum("nchw,nc->nhw", maps.astype(np.float32), weights.astype(np.float32))
    return np.asarray(np.maximum(summed, 0), np.float32)


def on_common_grid(maps: Floats, side: int = GRID) -> NDArray[np.float16]:
    """Each map (n, h, w) from 0 to 1 by its own minimum and maximum, then (n, side, side).

    A flat map says nothing of any place: it becomes zeros.
    """
    low, high = maps.min((1, 2), keepdims=True), maps.max((1, 2), keepdims=True)
    spread = high - low
    scaled = np.where(spread > _FLAT, (maps - low) / np.maximum(spread, _FLAT), 0)
    kind = cv2.INTER_AREA if maps.shape[1] > side else cv2.INTER_LINEAR
    resized = [
        cv2.resize(one, (side, side), interpolation=kind) for one in scaled.astype(np.float32)
    ]
    return np.asarray(resized, np.float16).reshape(-1, side, side)


def grad_cam(network: Any, layer: Any, batch: Any, directions: Any) -> NDArray[np.float32]:
    """Grad-CAM of a linear combination of the network's outputs, by a backward pass.

    Parameters
    ----------
    network, layer
        A torch module in evaluation mode, and one inside it whose output is (n, C, h, w).
    batch, directions
        Input of the network, and the weights (n, D) of its outputs (n, D) that make the score.

    Returns
    -------
    float32 (n, h, w), 0 or more.
    """
    import torch

    kept: list[Any] = []

    def keep(module: Any, inputs: Any, output: Any) -> Any:
        kept.append(output)
        # A copy goes on: what follows may write into it.
        return output.clone()

    hook = layer.register_forward_hook(keep)
    try:
        with torch.enable_grad():
            outputs = network(batch.requires_grad_()).flatten(1)
            return weighted_maps((outputs * directions).sum(), kept[-1])
    finally:
        hook.remove()


def weighted_maps(score: Any, maps: Any) -> NDArray[np.float32]:
    """Grad-CAM from a graph: ReLU of the maps, weighted by the average derivative of the score.

    Parameters
    ----------
    score, maps
        Torch tensors: one number, the sum over the crops of what is explained, and (n, C, h, w),
        of which it was computed, each crop's score of its own maps alone.

    Returns
    -------
    float32 (n, h, w), 0 or more.
    """
    import torch

    (gradients,) = torch.autograd.grad(score, maps)
    summed = (gradients.mean((2, 3), keepdim=True) * maps.detach()).sum(1)
    active: NDArray[np.float32] = torch.relu(summed).float().cpu().numpy()
    return active
