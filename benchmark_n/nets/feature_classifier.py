"""A classifier of features with dropout, for trainings on what a frozen backbone gives."""

from __future__ import annotations

import torch
from torch import nn

_WIDTH = 256


class FeatureClassifier(nn.Module):
    """Two hidden layers with dropout behind each, and a linear layer.

    It takes float32 (B, D) and gives logits (B, K) and what the last layer reads, (B, 256).

    Parameters
    ----------
    length, num_categories
        D and K.
    dropout
        Chance to drop a value.
    """

    def __init__(self, length: int, num_categories: int, dropout: float) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before in (length, _WIDTH):
            layers += [nn.Linear(before, _WIDTH), nn.ReLU(), nn.Dropout(dropout)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(_WIDTH, num_categories)

    def forward(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits and the last layer's input."""
        hidden = self.body(values)
        return self.head(hidden), hidden
