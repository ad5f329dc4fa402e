"""The network: an encoder of image and mask, weighted by the category's condition.

Where it draws masks (`Settings.mask_loss`), a small decoder outlines the true mask at a quarter of
the crop's resolution, and how the given mask overlaps it joins the features: a trained drawer needs
far fewer pairs than a network that has to find out from one number a pair.

References
----------
.. [1] Chen, Zhou, Yuille: Quality Sentinel, 2024, Equation 2: with features f and condition phi,
       ``[w1, w2] = MLP([f, phi])`` and the prediction ``g2(w2 * g1(w1 * f))``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark_n.coco.pixels import Pixels
from benchmark_n.detectors.quality_sentinel.encoders import make_encoder
from benchmark_n.detectors.quality_sentinel.settings import Settings

HIDDEN = 64
_DECODER = 32
_OVERLAPS = 4
# Luma of red, green and blue (ITU-R BT.601).
_LUMA = (0.299, 0.587, 0.114)


def make_network(settings: Settings, condition_width: int, *, pretrained: bool = True) -> Any:
    """The network, a ``torch.nn.Module``.

    It takes crops float32 (B, 2 or 4, S, S) and conditions float32 (B, condition_width), and gives
    Dice coefficients float32 (B,), not cut to 0 to 1, and the logits of the true mask, float32
    (B, S / 4, S / 4), or None.

    Raises
    ------
    InputError
        An unknown encoder, or one whose packages are not installed.
    """
    body, widths = make_encoder(settings.encoder, 2 if settings.gray else 4, pretrained)
    import torch
    from torch import nn

    draws = settings.mask_loss > 0
    width = widths[-1] + (_OVERLAPS if draws else 0)

    class Network(nn.Module):
        """``weigh`` is the equation's MLP, ``first`` and ``second`` its g1 and g2."""

        def __init__(self) -> None:
            super().__init__()
            self.encoder = body
            self.draw = make_decoder(widths) if draws else None
            last = nn.Linear(HIDDEN, width + HIDDEN)
            self.weigh = nn.Sequential(nn.Linear(width + condition_width, HIDDEN), nn.ReLU(), last)
            self.first = nn.Sequential(nn.Linear(width, HIDDEN), nn.ReLU())
            self.second = nn.Linear(HIDDEN, 1)
            # Weights of one and a coefficient in the middle: a start that no category bends.
            nn.init.zeros_(last.weight)
            nn.init.ones_(last.bias)
            nn.init.constant_(self.second.bias, 0.75)

        def forward(self, crops: Any, conditions: Any) -> Any:
            maps = self.encoder(crops)
            features, drawn = maps[-1].mean((2, 3)), None
            if self.draw is not None:
                drawn = self.draw(maps)
                features = torch.cat([features, overlaps(drawn, crops[:, -1])], 1)
            weights = self.weigh(torch.cat([features, conditions], 1))
            hidden = self.first(weights[:, :width] * features)
            return self.second(weights[:, width:] * hidden)[:, 0], drawn

    return Network().to(memory_format=torch.channels_last)


def make_decoder(widths: list[int]) -> Any:
    """Feature maps to logits (B, h, w) of the size of the first map."""
    from torch import nn

    class Decoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.narrow = nn.ModuleList([nn.Conv2d(w, _DECODER, 1) for w in widths])
            self.mix = nn.Sequential(
                nn.ReLU(),
                nn.Conv2d(_DECODER, _DECODER, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(_DECODER, 1, 1),
            )

        def forward(self, maps: Any) -> Any:
            size = maps[0].shape[-2:]
            total = self.narrow[0](maps[0])
            for narrow, one in zip(self.narrow[1:], maps[1:], strict=True):
                total = total + nn.functional.interpolate(
                    narrow(one), size=size, mode="bilinear", align_corners=False
                )
            return self.mix(total)[:, 0]

    return Decoder()


def overlaps(drawn: Any, masks: Any) -> Any:
    """How a drawn mask and the given one overlap, (B, 4): shares of the crop, and soft Dice.

    Parameters
    ----------
    drawn
        Logits (B, h, w).
    masks
        Given masks (B, S, S), -1 to 1.
    """
    import torch

    given = torch.nn.functional.adaptive_avg_pool2d((masks[:, None] + 1) / 2, drawn.shape[-2:])
    likely, given = drawn.sigmoid(), given[:, 0]
    shared, first, second = ((a).mean((1, 2)) for a in (likely * given, likely, given))
    return torch.stack([shared, first, second, 2 * shared / (first + second + 1e-4)], 1)


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
