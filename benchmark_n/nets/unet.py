"""U-Net with group normalisation: segmentation of whole images.

References
----------
.. [1] Ronneberger, Fischer, Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation,
       MICCAI 2015.
.. [2] Wu, He: Group Normalization, ECCV 2018: what batches of a few images need.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmark_n.errors import InputError
from benchmark_n.runtime.optional_imports import import_extra

SIZE = 256
# Variant to its width and depth.
VARIANTS = {"standard": (64, 4), "small": (24, 4), "tiny": (12, 3)}
_GROUP = 4


def unet(
    in_channels: int = 1,
    num_classes: int = 2,
    *,
    width: int = 64,
    depth: int = 4,
) -> Any:
    """A U-Net whose output has the size of its input.

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

    Returns
    -------
    torch.nn.Module
        float32 (B, in_channels, H, W) to float32 (B, num_classes, H, W); H and W are multiples of
        ``2 ** depth``.

    Raises
    ------
    InputError
        A width or depth that cannot be, or torch is not installed.
    """
    if width < _GROUP or width % _GROUP or depth < 1:
        raise InputError(
            f"U-Net of width {width} and depth {depth}: expected a width that is a multiple of "
            f"{_GROUP} and a depth of 1 or more"
        )
    torch = import_extra("torch", "deep", "the U-Net")
    nn = torch.nn
    widths = [width * 2**level for level in range(depth + 1)]

    class UNet(nn.Module):  # type: ignore[name-defined,misc]
        """The network; ``down``, ``up`` and ``merge`` have an entry for each level."""

        def __init__(self) -> None:
            super().__init__()
            pairs = list(zip([in_channels, *widths], widths, strict=False))
            self.down = nn.ModuleList(_convolutions(nn, a, b) for a, b in pairs)
            self.up = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, stride=2) for w in widths[:-1])
            self.merge = nn.ModuleList(_convolutions(nn, 2 * w, w) for w in widths[:-1])
            self.pool = nn.MaxPool2d(2)
            self.head = nn.Conv2d(width, num_classes, 1)

        def forward(self, images: Any) -> Any:
            levels = [self.down[0](images)]
            for block in self.down[1:]:
                levels.append(block(self.pool(levels[-1])))
            values = levels.pop()
            for level in range(depth - 1, -1, -1):
                values = torch.cat([levels[level], self.up[level](values)], 1)
                values = self.merge[level](values)
            return self.head(values)

    return UNet()


def named_unet(variant: str, in_channels: int, num_classes: int) -> Any:
    """The U-Net of a named size: ``standard``, ``small``, or ``tiny`` for a CPU.

    Raises
    ------
    InputError
        An unknown variant.
    """
    if variant not in VARIANTS:
        raise InputError(f"unknown U-Net '{variant}', expected one of {', '.join(VARIANTS)}")
    width, depth = VARIANTS[variant]
    return unet(in_channels, num_classes, width=width, depth=depth)


def count_parameters(parameters: Iterable[Any]) -> int:
    """Number of weights."""
    return sum(int(p.numel()) for p in parameters)


def _convolutions(nn: Any, before: int, after: int) -> Any:
    """Two 3 x 3 convolutions, each with group normalisation (groups of 4 channels) and ReLU."""
    layers = []
    for a, b in ((before, after), (after, after)):
        layers += [nn.Conv2d(a, b, 3, padding=1, bias=False), nn.GroupNorm(b // _GROUP, b)]
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)
