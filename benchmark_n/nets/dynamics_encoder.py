"""An encoder of training dynamics, as DynaCor's."""

from __future__ import annotations

import torch
from torch import nn

EMBEDDING = 512


class DynamicsEncoder(nn.Module):
    """Series of E values of unit length, three convolutions of width 3, and a linear layer.

    It takes float32 (B, E) and gives embeddings (B, 512).
    """

    def __init__(self, length: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in ((1, 16), (16, 32), (32, 32)):
            layers += [nn.Conv1d(before, after, 3, padding=1), nn.ReLU()]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(32 * length, EMBEDDING))

    def forward(self, series: torch.Tensor) -> torch.Tensor:
        """Embeddings of series."""
        unit = nn.functional.normalize(series, dim=1)
        return torch.as_tensor(self.body(unit[:, None]))
