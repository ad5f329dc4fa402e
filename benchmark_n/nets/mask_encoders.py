"""Encoders whose stem takes the mask as one more channel: pictures to feature maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

SMALL_WIDTHS = (16, 32, 64, 128, 256)
MapsOf = Callable[[Any, torch.Tensor], Mapping[int, torch.Tensor]]


class SmallEncoder(nn.Module):
    """Five stages of two convolutions, to be trained from scratch.

    It takes float32 (B, channels, S, S) and gives the maps of the last four stages, of strides 4
    to 32 and of the last four of `SMALL_WIDTHS` channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        befores = (channels, *SMALL_WIDTHS)
        self.stages = nn.ModuleList(
            [_stage(a, b) for a, b in zip(befores, SMALL_WIDTHS, strict=False)]
        )

    def forward(self, values: torch.Tensor) -> list[torch.Tensor]:
        """The maps of pictures."""
        maps = []
        for stage in self.stages:
            values = stage(values)
            maps.append(values)
        return maps[1:]


class InnerMaps(nn.Module):
    """Some of the feature maps that a network makes on its way.

    Parameters
    ----------
    network
        Its parameters are this module's.
    maps_of
        The network and a batch float32 (B, C, S, S) to its maps by their keys.
    keys
        Of the maps that are given, in their order.
    """

    def __init__(self, network: nn.Module, maps_of: MapsOf, keys: Sequence[int]) -> None:
        super().__init__()
        self.network = network
        self._maps_of, self._keys = maps_of, tuple(keys)

    def forward(self, values: torch.Tensor) -> list[torch.Tensor]:
        """The chosen maps of pictures."""
        maps = self._maps_of(self.network, values)
        return [maps[key] for key in self._keys]


def adapt_stem(stem: nn.Conv2d, channels: int) -> None:
    """Give a convolution of three channels the image's and the mask's, in place.

    An image of one channel has the sum of the three kernels, the mask their mean.
    """
    kernel = stem.weight.data
    image = kernel.sum(1, keepdim=True) if channels == 2 else kernel
    stem.weight = nn.Parameter(torch.cat([image, kernel.mean(1, keepdim=True)], 1))
    stem.in_channels = channels


def _stage(before: int, after: int) -> nn.Module:
    layers: list[nn.Module] = []
    for a, stride in ((before, 2), (after, 1)):
        layers.append(nn.Conv2d(a, after, 3, stride=stride, padding=1, bias=False))
        layers += [nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers)
