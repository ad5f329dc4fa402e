"""Backbones out of torchvision and timm, with the weights that these packages fetch or hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.evidence.pixels import Pixels
from benchmark_n.errors import InputError
from benchmark_n.extras import import_extra

SIZE = 224
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_BATCH = 32


class Pooled:
    """A network whose output (n, D) is the feature of a 224 px crop."""

    size = SIZE
    in_workers = False

    def __init__(self, name: str, version: str, network: Any, device: str) -> None:
        self.name, self.version = name, version
        self.network = network.eval().requires_grad_(False).to(device)
        self._device = device

    def describe(self, crops: Pixels, masks: Pixels) -> NDArray[np.float32]:
        """Features float32 (n, D) of crops (n, 224, 224, 3)."""
        import torch

        parts = []
        with torch.inference_mode():
            for start in range(0, len(crops), _BATCH):
                batch = self.to_tensor(crops[start : start + _BATCH])
                parts.append(self.network(batch).flatten(1).cpu().numpy())
        return np.concatenate(parts)

    def to_tensor(self, crops: Pixels) -> Any:
        """Crops (n, 224, 224, 3) as the network's input, float32 (n, 3, 224, 224)."""
        import torch

        mean = torch.tensor(_MEAN, device=self._device)[:, None, None]
        deviation = torch.tensor(_DEVIATION, device=self._device)[:, None, None]
        pixels = torch.from_numpy(np.ascontiguousarray(crops)).to(self._device)
        return (pixels.permute(0, 3, 1, 2).float() / 255 - mean) / deviation


def make_torchvision(argument: str, device: str) -> Pooled:
    """``torchvision:NAME`` with its default weights."""
    models = import_extra("torchvision.models", "deep", "backbone torchvision")
    import torch

    def build() -> Any:
        network = models.get_model(argument, weights="DEFAULT")
        # The last layer of every classifier of torchvision is linear: take what goes into it.
        name, last = [m for m in network.named_modules() if isinstance(m[1], torch.nn.Linear)][-1]
        parent, _, leaf = name.rpartition(".")
        setattr(network.get_submodule(parent), leaf, torch.nn.Identity())
        del last
        return network

    version = str(import_extra("torchvision", "deep", "backbone torchvision").__version__)
    return Pooled(f"torchvision:{argument}", version, _loaded(build, argument), device)


def make_timm(argument: str, device: str) -> Pooled:
    """``timm:NAME`` with its pretrained weights."""
    try:
        import timm
    except ImportError:
        raise InputError("backbone timm needs timm: run pip install timm") from None

    def build() -> Any:
        return timm.create_model(argument, pretrained=True, num_classes=0)

    return Pooled(f"timm:{argument}", str(timm.__version__), _loaded(build, argument), device)


def _loaded(build: Callable[[], Any], name: str) -> Any:
    try:
        return build()
    except (ValueError, KeyError, RuntimeError, OSError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"backbone '{name}' cannot be loaded: {first:.200}") from None
