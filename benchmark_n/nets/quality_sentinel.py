"""The network of Quality Sentinel: an encoder of image and mask, weighted by a condition.

Where it draws masks, a small decoder outlines the true mask at a quarter of the crop's resolution,
and how the given mask overlaps it joins the features: a trained drawer needs far fewer pairs than a
network that has to find out from one number a pair.

References
----------
.. [1] Chen, Zhou, Yuille: Quality Sentinel, 2024, Equation 2: with features f and condition phi,
       ``[w1, w2] = MLP([f, phi])`` and the prediction ``g2(w2 * g1(w1 * f))``.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

_HIDDEN = 64
_DECODER = 32
_OVERLAPS = 4


class QualityNetwork(nn.Module):
    """Crops and conditions to Dice coefficients.

    It takes crops float32 (B, 2 or 4, S, S) and conditions float32 (B, condition_width), and gives
    Dice coefficients float32 (B,), not cut to 0 to 1, and the logits of the true mask, float32
    (B, S / 4, S / 4), or None. `weigh` is the equation's MLP, `first` and `second` its g1 and g2.

    Parameters
    ----------
    encoder
        Crops to a list of feature maps: the first of stride 4, the last of stride 32.
    widths
        Channels of these maps.
    condition_width
        Length of a condition.
    draws
        Whether it draws the true mask.
    """

    def __init__(
        self, encoder: nn.Module, widths: Sequence[int], condition_width: int, *, draws: bool
    ) -> None:
        super().__init__()
        self.width = widths[-1] + (_OVERLAPS if draws else 0)
        self.encoder = encoder
        self.draw = MaskDecoder(widths) if draws else None
        last = nn.Linear(_HIDDEN, self.width + _HIDDEN)
        self.weigh = nn.Sequential(
            nn.Linear(self.width + condition_width, _HIDDEN), nn.ReLU(), last
        )
        self.first = nn.Sequential(nn.Linear(self.width, _HIDDEN), nn.ReLU())
        self.second = nn.Linear(_HIDDEN, 1)
        # Weights of one and a coefficient in the middle: a start that no category bends.
        nn.init.zeros_(last.weight)
        nn.init.ones_(last.bias)
        nn.init.constant_(self.second.bias, 0.75)

    def forward(
        self, crops: torch.Tensor, conditions: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Dice coefficients, and the logits of the true masks where it draws them."""
        maps = self.encoder(crops)
        features, drawn = maps[-1].mean((2, 3)), None
        if self.draw is not None:
            drawn = self.draw(maps)
            features = torch.cat([features, overlaps(drawn, crops[:, -1])], 1)
        weights = self.weigh(torch.cat([features, conditions], 1))
        hidden = self.first(weights[:, : self.width] * features)
        return self.second(weights[:, self.width :] * hidden)[:, 0], drawn


class MaskDecoder(nn.Module):
    """Feature maps to logits (B, h, w) of the size of the first map.

    Parameters
    ----------
    widths
        Channels of the maps.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.narrow = nn.ModuleList([nn.Conv2d(w, _DECODER, 1) for w in widths])
        self.mix = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(_DECODER, _DECODER, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(_DECODER, 1, 1),
        )

    def forward(self, maps: Sequence[torch.Tensor]) -> torch.Tensor:
        """Logits of the mask."""
        size = maps[0].shape[-2:]
        total = self.narrow[0](maps[0])
        for narrow, one in zip(self.narrow[1:], maps[1:], strict=True):
            total = total + nn.functional.interpolate(
                narrow(one), size=size, mode="bilinear", align_corners=False
            )
        logits: torch.Tensor = self.mix(total)[:, 0]
        return logits


def overlaps(drawn: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """How a drawn mask and the given one overlap, (B, 4): shares of the crop, and soft Dice.

    Parameters
    ----------
    drawn
        Logits (B, h, w).
    masks
        Given masks (B, S, S), -1 to 1.
    """
    height, width = drawn.shape[-2:]
    given = nn.functional.adaptive_avg_pool2d((masks[:, None] + 1) / 2, (height, width))[:, 0]
    likely = drawn.sigmoid()
    shared, first, second = (a.mean((1, 2)) for a in (likely * given, likely, given))
    return torch.stack([shared, first, second, 2 * shared / (first + second + 1e-4)], 1)
