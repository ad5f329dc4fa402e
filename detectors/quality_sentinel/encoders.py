"""Vision encoders whose stem takes the mask as one more channel."""

from __future__ import annotations

from typing import Any

from benchmark_n.detectors.evidence.lite import feature_maps, load_network
from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.extras import import_extra

_LITE = ("lite0", "lite1", "lite2")
_SMALL_WIDTHS = (16, 32, 64, 128, 256)


def make_encoder(name: str, channels: int, pretrained: bool = True) -> tuple[Any, int]:
    """An encoder, float32 (B, channels, S, S) to features (B, D), and D.

    Parameters
    ----------
    name
        ``lite0``, ``lite1`` or ``lite2`` (ImageNet weights of their packages); ``timm:NAME``
        (ImageNet weights that timm has at hand or fetches); ``small``, from scratch.
    channels
        Of the image, and one of the mask.
    pretrained
        Whether timm's weights are wanted: not where others are loaded over them.

    Raises
    ------
    InputError
        An unknown encoder, or one whose packages are not installed.
    """
    kind, _, argument = name.partition(":")
    if kind in _LITE:
        return _lite(int(kind[-1]), channels)
    if kind == "timm" and argument:
        return _timm(argument, channels, pretrained)
    if name == "small":
        return _small(channels), _SMALL_WIDTHS[-1]
    raise InputError(
        f"unknown encoder '{name}': {did_you_mean(name, [*_LITE, 'small', 'timm:NAME'])}"
    )


def _lite(number: int, channels: int) -> tuple[Any, int]:
    network = load_network(number, "cpu").requires_grad_(True)
    import torch
    from torch import nn

    adapt_stem(network._conv_stem, channels)

    class Lite(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, values: Any) -> Any:
            return feature_maps(self.network, values)[64].mean((2, 3))

    # The classifier is not used, and would make half of the weights' file.
    network._fc = nn.Identity()
    encoder = Lite()
    with torch.inference_mode():
        width = encoder.eval()(torch.zeros(1, channels, 64, 64)).shape[1]
    return encoder.train(), int(width)


def adapt_stem(stem: Any, channels: int) -> None:
    """Give a convolution of three channels the image's and the mask's, in place.

    An image of one channel has the sum of the three kernels, the mask their mean.
    """
    import torch

    kernel = stem.weight.data
    image = kernel.sum(1, keepdim=True) if channels == 2 else kernel
    stem.weight = torch.nn.Parameter(torch.cat([image, kernel.mean(1, keepdim=True)], 1))
    stem.in_channels = channels


def _timm(name: str, channels: int, pretrained: bool) -> tuple[Any, int]:
    timm = import_extra("timm", "deep", f"encoder timm:{name}")
    try:
        encoder = timm.create_model(name, pretrained=pretrained, num_classes=0, in_chans=channels)
    except (RuntimeError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"encoder timm:{name} cannot be made: {reason}") from None
    return encoder, int(encoder.num_features)


def _small(channels: int) -> Any:
    from torch import nn

    layers: list[Any] = []
    for before, after in zip((channels, *_SMALL_WIDTHS), _SMALL_WIDTHS, strict=False):
        for a, stride in ((before, 2), (after, 1)):
            layers.append(nn.Conv2d(a, after, 3, stride=stride, padding=1, bias=False))
            layers += [nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
