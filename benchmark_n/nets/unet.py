"""U-Net with group normalisation: segmentation of whole images.

References
----------
.. [1] Ronneberger, Fischer, Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation,
       MICCAI 2015.
.. [2] Wu, He: Group Normalization, ECCV 2018: what batches of a few images need.
"""

from __future__ import annotations

import torch
from torch import nn

from benchmark_n.errors import InputError

# Variant to its width and depth.
VARIANTS = {"standard": (64, 4), "small": (24, 4), "tiny": (12, 3)}
_GROUP = 4


class UNet(nn.Module):
    """A U-Net whose output has the size of its input.

    It takes float32 (B, in_channels, H, W) and gives float32 (B, num_classes, H, W); H and W are
    multiples of ``2 ** depth``. `down`, `up` and `merge` have an entry for each level.

    Parameters
    ----------
    in_channels
        Channels of the images.
    num_classes
        Logits for each pixel, the background's among them.
    width
        Channels of the first level, a multiple of 4; each level below has twice as many.
    depth
        Number of times the size is halved.

    Raises
    ------
    InputError
        A width or depth that cannot be.
    """

    def __init__(
        self, in_channels: int = 1, num_classes: int = 2, *, width: int = 64, depth: int = 4
    ) -> None:
        if width < _GROUP or width % _GROUP or depth < 1:
            raise InputError(
                f"U-Net of width {width} and depth {depth}: expected a width that is a multiple of "
                f"{_GROUP} and a depth of 1 or more"
            )
        super().__init__()
        widths = [width * 2**level for level in range(depth + 1)]
        pairs = list(zip([in_channels, *widths], widths, strict=False))
        self.down = nn.ModuleList(_convolutions(a, b) for a, b in pairs)
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, stride=2) for w in widths[:-1])
        self.merge = nn.ModuleList(_convolutions(2 * w, w) for w in widths[:-1])
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Conv2d(width, num_classes, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of images."""
        levels = [self.down[0](images)]
        for block in self.down[1:]:
            levels.append(block(self.pool(levels[-1])))
        values: torch.Tensor = levels.pop()
        for level in range(len(self.up) - 1, -1, -1):
            values = torch.cat([levels[level], self.up[level](values)], 1)
            values = self.merge[level](values)
        logits: torch.Tensor = self.head(values)
        return logits


def named_unet(variant: str, in_channels: int, num_classes: int) -> UNet:
    """The U-Net of a named size: ``standard``, ``small``, or ``tiny`` for a CPU.

    Raises
    ------
    InputError
        An unknown variant.
    """
    if variant not in VARIANTS:
        raise InputError(f"unknown U-Net '{variant}', expected one of {', '.join(VARIANTS)}")
    width, depth = VARIANTS[variant]
    return UNet(in_channels, num_classes, width=width, depth=depth)


def _convolutions(before: int, after: int) -> nn.Sequential:
    """Two 3 x 3 convolutions, each with group normalisation (groups of 4 channels) and ReLU."""
    layers: list[nn.Module] = []
    for a, b in ((before, after), (after, after)):
        layers += [nn.Conv2d(a, b, 3, padding=1, bias=False), nn.GroupNorm(b // _GROUP, b)]
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)
