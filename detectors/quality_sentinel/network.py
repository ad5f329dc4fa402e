"""The network for some settings, and crops as it takes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark_n.coco.pixels import Pixels
from benchmark_n.detectors.quality_sentinel.encoders import make_encoder
from benchmark_n.detectors.quality_sentinel.settings import Settings

# Luma of red, green and blue (ITU-R BT.601).
_LUMA = (0.299, 0.587, 0.114)


def make_network(settings: Settings, condition_width: int, *, pretrained: bool = True) -> Any:
    """A `benchmark_n.nets.quality_sentinel.QualityNetwork` that takes conditions of this width.

    Raises
    ------
    InputError
        An unknown encoder, or one whose packages are not installed.
    """
    encoder, widths = make_encoder(settings.encoder, 2 if settings.gray else 4, pretrained)
    import torch

    from benchmark_n.nets.quality_sentinel import QualityNetwork

    network = QualityNetwork(encoder, widths, condition_width, draws=settings.mask_loss > 0)
    return network.to(memory_format=torch.channels_last)


def to_input(crops: Pixels, device: str) -> Any:
    """Crops uint8 (B, S, S, 4) as float32 (B, 4, S, S), -1 to 1."""
    import torch

    pixels = torch.from_numpy(np.ascontiguousarray(crops)).to(device).permute(0, 3, 1, 2)
    return pixels.float() / 127.5 - 1


def as_gray(values: Any) -> Any:
    """Colour and mask (B, 4, S, S) as brightness and mask (B, 2, S, S)."""
    import torch

    return torch.cat([luma(values), values[:, 3:]], 1)


def luma(values: Any) -> Any:
    """Brightness (B, 1, S, S) of images whose first three channels are red, green and blue."""
    weights = values.new_tensor(_LUMA).view(1, 3, 1, 1)
    return (values[:, :3] * weights).sum(1, keepdim=True)
