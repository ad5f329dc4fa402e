"""Vision encoders whose stem takes the mask as one more channel: pictures to feature maps."""

from __future__ import annotations

from typing import Any

from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.evidence.backbones.efficientnet_lite import feature_maps, load_network
from benchmark_n.runtime.optional_imports import import_extra

_LITE = ("lite0", "lite1", "lite2")
_SMALL_WIDTHS = (16, 32, 64, 128, 256)
# Keys of the maps of EfficientNet-Lite that are taken; the last is the head's, of stride 32.
_LITE_MAPS = (4, 8, 16, 64)


def make_encoder(name: str, channels: int, pretrained: bool = True) -> tuple[Any, list[int]]:
    """An encoder, and the widths of its maps.

    It takes float32 (B, channels, S, S) and gives a list of maps: the first of stride 4, the last
    of stride 32.

    Parameters
    ----------
    name
        ``small``, trained from scratch; ``lite0``, ``lite1`` or ``lite2`` (ImageNet weights of
        their packages); ``timm:NAME`` (ImageNet weights that timm has at hand or fetches).
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
        return _small(channels), list(_SMALL_WIDTHS[1:])
    known = [*_LITE, "small", "timm:NAME"]
    raise InputError(f"unknown encoder '{name}': {did_you_mean(name, known)}")


def _lite(number: int, channels: int) -> tuple[Any, list[int]]:
    network = load_network(number, "cpu").requires_grad_(True)
    import torch
    from torch import nn

    adapt_stem(network._conv_stem, channels)
    # The classifier is not used, and would make a third of the weights' file.
    network._fc = nn.Identity()

    class Lite(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, values: Any) -> Any:
            maps = feature_maps(self.network, values)
            return [maps[key] for key in _LITE_MAPS]

    encoder = Lite().eval()
    with torch.inference_mode():
        maps = encoder(torch.zeros(1, channels, 64, 64))
    return encoder.train(), [int(one.shape[1]) for one in maps]


def adapt_stem(stem: Any, channels: int) -> None:
    """Give a convolution of three channels the image's and the mask's, in place.

    An image of one channel has the sum of the three kernels, the mask their mean.
    """
    import torch

    kernel = stem.weight.data
    image = kernel.sum(1, keepdim=True) if channels == 2 else kernel
    stem.weight = torch.nn.Parameter(torch.cat([image, kernel.mean(1, keepdim=True)], 1))
    stem.in_channels = channels


def _timm(name: str, channels: int, pretrained: bool) -> tuple[Any, list[int]]:
    timm = import_extra("timm", "deep", f"encoder timm:{name}")
    try:
        encoder = timm.create_model(
            name,
            pretrained=pretrained,
            features_only=True,
            out_indices=(1, 2, 3, 4),
            in_chans=channels,
        )
    except (RuntimeError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"encoder timm:{name} cannot be made: {reason}") from None
    return encoder, list(encoder.feature_info.channels())


def _small(channels: int) -> Any:
    from torch import nn

    def stage(before: int, after: int) -> nn.Module:
        layers: list[nn.Module] = []
        for a, stride in ((before, 2), (after, 1)):
            layers.append(nn.Conv2d(a, after, 3, stride=stride, padding=1, bias=False))
            layers += [nn.BatchNorm2d(after), nn.ReLU()]
        return nn.Sequential(*layers)

    class Small(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            befores = (channels, *_SMALL_WIDTHS)
            self.stages = nn.ModuleList(
                [stage(a, b) for a, b in zip(befores, _SMALL_WIDTHS, strict=False)]
            )

        def forward(self, values: Any) -> Any:
            maps = []
            for one in self.stages:
                values = one(values)
                maps.append(values)
            return maps[1:]

    return Small()
