"""Vision encoders whose stem takes the mask as one more channel: pictures to feature maps."""

from __future__ import annotations

from typing import Any

from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.evidence.backbones.efficientnet_lite import feature_maps, load_network
from benchmark_n.runtime.optional_imports import import_extra

_LITE = ("lite0", "lite1", "lite2")
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
        return _small(channels)
    known = [*_LITE, "small", "timm:NAME"]
    raise InputError(f"unknown encoder '{name}': {did_you_mean(name, known)}")


def _lite(number: int, channels: int) -> tuple[Any, list[int]]:
    network = load_network(number, "cpu").requires_grad_(True)
    import torch
    from torch import nn

    from benchmark_n.nets.mask_encoders import InnerMaps, adapt_stem

    adapt_stem(network._conv_stem, channels)
    # The classifier is not used, and would make a third of the weights' file.
    network._fc = nn.Identity()
    encoder = InnerMaps(network, feature_maps, _LITE_MAPS).eval()
    with torch.inference_mode():
        maps = encoder(torch.zeros(1, channels, 64, 64))
    return encoder.train(), [int(one.shape[1]) for one in maps]


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


def _small(channels: int) -> tuple[Any, list[int]]:
    import_extra("torch", "deep", "encoder small")
    from benchmark_n.nets.mask_encoders import SMALL_WIDTHS, SmallEncoder

    return SmallEncoder(channels), list(SMALL_WIDTHS[1:])
