"""A classifier in two parts: what stays as it was trained elsewhere, and what is trained."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


class Scaled(nn.Module):
    """Pixels (B, 3, S, S), 0 to 255, less a mean and over a deviation of each channel."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, mean: Sequence[float], deviation: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean)[:, None, None])
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None])

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Input of a network, float32."""
        return (pixels.float() - self.mean) / self.deviation


@dataclass(frozen=True)
class Family:
    """A network in two parts.

    Parameters
    ----------
    frozen
        Pixels uint8 (B, 3, S, S) to what `trained` takes.
    trained
        What is trained: to maps (B, `width`, h, w), or with a `layer` to features (B, `width`).
    layer
        Name of the module of `trained` whose output are the maps, where the network is no chain of
        modules; its early stages, if these stay as they are, ask for no gradient.
    """

    frozen: nn.Module
    trained: nn.Module
    width: int
    layer: str | None = None

    def classifier(self, num_categories: int) -> nn.Module:
        """A copy of `trained` with a linear layer of random weights on top.

        It gives logits (B, K), and the maps. Of one copy for all trainings, each would begin with
        what the one before has learnt from annotations that this one must not know.
        """
        body = copy.deepcopy(self.trained)
        if self.layer is None:
            return MapClassifier(body, self.width, num_categories)
        return LayerClassifier(body, self.layer, self.width, num_categories)


class MapClassifier(nn.Module):
    """A chain of modules that ends in maps, their average, and a linear layer."""

    def __init__(self, body: nn.Module, width: int, num_categories: int) -> None:
        super().__init__()
        self.body = body
        self.head = nn.Linear(width, num_categories)

    def forward(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (B, K) and last maps (B, C, h, w)."""
        maps = self.body(values)
        return self.head(maps.mean((2, 3))), maps


class LayerClassifier(nn.Module):
    """A network that ends in features, a linear layer, and the maps of one of its modules."""

    def __init__(self, body: nn.Module, layer: str, width: int, num_categories: int) -> None:
        super().__init__()
        self.body, self.layer = body, layer
        self.head = nn.Linear(width, num_categories)

    def train(self, mode: bool = True) -> LayerClassifier:
        """Modules whose parameters stay as they are keep their averages too."""
        super().train(mode)
        for module in self.body.modules():
            own = [*module.parameters(recurse=False)]
            if own and not any(one.requires_grad for one in own):
                module.eval()
        return self

    def forward(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (B, K) and the layer's maps (B, C, h, w)."""
        kept: list[torch.Tensor] = []

        def keep(module: nn.Module, inputs: Any, output: torch.Tensor) -> torch.Tensor:
            if torch.is_grad_enabled() and not output.requires_grad:
                output = output.detach().requires_grad_()  # of a stage that is not trained
            kept.append(output)
            # A copy goes on: what follows may write into it.
            return output.clone()

        hook = self.body.get_submodule(self.layer).register_forward_hook(keep)
        try:
            logits = self.head(self.body(values).flatten(1))
        finally:
            hook.remove()
        return logits, kept[-1]
