"""A small classifier of crops whose class activation map is its Grad-CAM."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class SmallClassifier(nn.Module):
    """Convolutions, the average of the last maps, and a linear layer.

    It takes float32 (B, 3, S, S) and gives logits (B, K) and the last maps (B, C, h, w).

    Parameters
    ----------
    stages
        (width, side of the kernel, number of convolutions) of each stage; a pooling that halves
        the size stands between two stages.
    num_categories
        K.
    dropout
        Chance to drop a value after each pooling; 0 for none.
    """

    def __init__(
        self,
        stages: Sequence[tuple[int, int, int]],
        num_categories: int,
        dropout: float = 0,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for number, (width, kernel, count) in enumerate(stages):
            if number:
                layers.append(nn.MaxPool2d(2))
                layers += [nn.Dropout(dropout)] if dropout else []
            for _ in range(count):
                convolution = nn.Conv2d(before, width, kernel, padding=kernel // 2, bias=False)
                layers += [convolution, nn.BatchNorm2d(width), nn.ReLU()]
                before = width
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(before, num_categories)

    def forward(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits and last maps of crops."""
        maps = self.body(values)
        return self.head(maps.mean((2, 3))), maps
