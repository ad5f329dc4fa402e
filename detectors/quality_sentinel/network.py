"""The network: an encoder of image and mask, weighted by the category's condition.

References
----------
.. [1] Chen, Zhou, Yuille: Quality Sentinel, 2024, Equation 2: with features f and condition phi,
       ``[w1, w2] = MLP([f, phi])`` and the prediction ``g2(w2 * g1(w1 * f))``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark_n.detectors.evidence.pixels import Pixels
from benchmark_n.detectors.quality_sentinel.encoders import make_encoder

HIDDEN = 64
# Luma of red, green and blue (ITU-R BT.601).
_LUMA = (0.299, 0.587, 0.114)


def make_network(encoder: str, condition_width: int, gray: bool, *, pretrained: bool = True) -> Any:
    """The network, a ``torch.nn.Module``.

    It takes crops float32 (B, 2 or 4, S, S) and conditions float32 (B, condition_width), and gives
    Dice coefficients float32 (B,), not cut to 0 to 1.

    Raises
    ------
    InputError
        An unknown encoder, or one whose packages are not installed.
    """
    body, width = make_encoder(encoder, 2 if gray else 4, pretrained)
    import torch
    from torch import nn

    class Network(nn.Module):
        """``weigh`` is the equation's MLP, ``first`` and ``second`` its g1 and g2."""

        def __init__(self) -> None:
            super().__init__()
            self.encoder = body
            last = nn.Linear(HIDDEN, width + HIDDEN)
            self.weigh = nn.Sequential(nn.Linear(width + condition_width, HIDDEN), nn.ReLU(), last)
            self.first = nn.Sequential(nn.Linear(width, HIDDEN), nn.ReLU())
            self.second = nn.Linear(HIDDEN, 1)
            # Weights of one and a coefficient in the middle: a start that no category bends.
            nn.init.zeros_(last.weight)
            nn.init.ones_(last.bias)
            nn.init.constant_(self.second.bias, 0.75)

        def forward(self, crops: Any, conditions: Any) -> Any:
            features = self.encoder(crops)
            weights = self.weigh(torch.cat([features, conditions], 1))
            hidden = self.first(weights[:, :width] * features)
            return self.second(weights[:, width:] * hidden)[:, 0]

    return Network().to(memory_format=torch.channels_last)


def to_input(crops: Pixels, gray: bool, device: str) -> Any:
    """Crops uint8 (B, S, S, 4) as the network's input, float32, about -1 to 1."""
    import torch

    pixels = torch.from_numpy(np.ascontiguousarray(crops)).to(device).permute(0, 3, 1, 2)
    values = pixels.float() / 127.5 - 1
    return torch.cat([luma(values), values[:, 3:]], 1) if gray else values


def luma(values: Any) -> Any:
    """Brightness (B, 1, S, S) of images whose first three channels are red, green and blue."""
    weights = values.new_tensor(_LUMA).view(1, 3, 1, 1)
    return (values[:, :3] * weights).sum(1, keepdim=True)
