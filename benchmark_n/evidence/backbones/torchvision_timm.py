"""Backbones of torchvision and timm: weights of their hubs, or of a file.

``timm:NAME`` and ``torchvision:NAME`` take the default weights, which the library fetches where it
has not done so before; ``timm:NAME@FILE`` takes a state dict (``.pth`` or ``.safetensors``), and
``timm:NAME@random`` none: a start for classifiers that are trained end to end.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import Pixels
from benchmark_n.errors import InputError
from benchmark_n.files.provenance import file_digest
from benchmark_n.runtime.optional_imports import import_extra

SIZE = 224
RANDOM = "random"
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_BATCH = 32
_NO_MASKS = np.zeros((1, 0, 0), np.uint8)


class Pooled:
    """A network whose output (n, D) is the feature of a crop."""

    in_workers = False

    def __init__(self, name: str, version: str, network: Any, device: str) -> None:
        self.name, self.version = name, version
        self.is_random = version.endswith(RANDOM)
        self.network = network.eval().requires_grad_(False).to(device)
        self._device = device
        # What timm says of its networks; those of torchvision are all alike.
        told = getattr(network, "pretrained_cfg", {})
        self.size: int = told["input_size"][-1] if told.get("fixed_input_size") else SIZE
        self.mean, self.deviation = told.get("mean", _MEAN), told.get("std", _DEVIATION)

    def describe(self, crops: Pixels, masks: Pixels) -> NDArray[np.float32]:
        """Features float32 (n, D) of crops (n, size, size, 3)."""
        import torch

        parts = []
        with torch.inference_mode():
            for start in range(0, len(crops), _BATCH):
                batch = self.to_tensor(crops[start : start + _BATCH])
                parts.append(self.network(batch).flatten(1).cpu().numpy())
        return np.concatenate(parts)

    def to_tensor(self, crops: Pixels) -> Any:
        """Crops (n, size, size, 3) as the network's input, float32 (n, 3, size, size)."""
        import torch

        mean = torch.tensor(self.mean, device=self._device)[:, None, None]
        deviation = torch.tensor(self.deviation, device=self._device)[:, None, None]
        pixels = torch.from_numpy(np.ascontiguousarray(crops)).to(self._device)
        return (pixels.permute(0, 3, 1, 2).float() / 255 - mean) / deviation


def make_torchvision(argument: str, device: str) -> Pooled:
    """``torchvision:NAME`` or ``torchvision:NAME@FILE``."""
    library = import_extra("torchvision", "deep", "backbone torchvision")
    models = import_extra("torchvision.models", "deep", "backbone torchvision")

    def build(name: str, pretrained: bool) -> Any:
        return _headless(models.get_model(name, weights="DEFAULT" if pretrained else None))

    return _pooled("torchvision", str(library.__version__), argument, build, device)


def make_timm(argument: str, device: str) -> Pooled:
    """``timm:NAME`` or ``timm:NAME@FILE``."""
    try:
        import timm
    except ImportError:
        raise InputError("backbone timm needs timm: run pip install timm") from None

    def build(name: str, pretrained: bool) -> Any:
        return timm.create_model(name, pretrained=pretrained, num_classes=0)

    return _pooled("timm", str(timm.__version__), argument, build, device)


def _pooled(
    library: str, version: str, argument: str, build: Callable[[str, bool], Any], device: str
) -> Pooled:
    name, at, file = argument.partition("@")
    path, is_random = Path(file), file == RANDOM
    if at and not is_random and not path.is_file():
        raise InputError(f"backbone '{library}:{argument}': {path}: no such file of weights")
    try:
        network = _random(build, name) if is_random else build(name, not at)
        if is_random:
            version = f"{version}, {RANDOM}"
        elif at:
            _load(network, path)
            version = f"{version}, weights {file_digest(path)[:16]}"
        made = Pooled(f"{library}:{name}", version, network, device)
        # One empty crop, to see that the network takes crops of this size.
        made.describe(np.zeros((1, made.size, made.size, 3), np.uint8), _NO_MASKS)
    except InputError:
        raise
    except Exception as error:  # Of hubs, archives and networks alike: any kind may come.
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        fault = f"backbone '{library}:{argument}' cannot be loaded: {first:.200}"
        raise InputError(fault) from None
    return made


def _random(build: Callable[[str, bool], Any], name: str) -> Any:
    """A network whose weights are the same draws each time."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return build(name, False)


def _headless(network: Any) -> Any:
    """A classifier of torchvision without its last linear layer: what goes into it comes out."""
    from torch import nn

    linear = [name for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise ValueError("it has no linear layer to take off, expected a classifier that ends so")
    parent, _, leaf = linear[-1].rpartition(".")
    setattr(network.get_submodule(parent), leaf, nn.Identity())
    return network


def _load(network: Any, path: Path) -> None:
    """Weights of a file into a network without its last layer, whose own weights are left over."""
    if path.suffix == ".safetensors":
        weights = import_extra("safetensors.torch", "deep", path.name).load_file(path)
    else:
        import torch

        weights = torch.load(path, map_location="cpu", weights_only=True)
    lacking = network.load_state_dict(weights, strict=False).missing_keys
    if lacking:
        raise InputError(
            f"{path.name}: no weights of '{lacking[0]}' ({len(lacking)} such): expected a state "
            "dict of this backbone"
        )
