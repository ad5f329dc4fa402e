"""A small network that classifies the crop of an instance and segments it, as Mask R-CNN does."""

from __future__ import annotations

import torch
from torch import nn

_WIDTHS = (32, 64, 128)
_MASK_WIDTH = 24


class SmallCropNetwork(nn.Module):
    """A class logit for each category, and one mask without classes.

    It takes crops float32 (B, 3, S, S) and given masks float32 (B, 1, h, w), 0 to 1, where S is a
    multiple of 8, and gives logits (B, num_categories) and mask logits (B, 1, S / 2, S / 2). For
    the class, features are averaged over the given mask too; the mask is drawn from the pixels
    alone.
    """

    def __init__(self, num_categories: int) -> None:
        super().__init__()
        first, second, third = _WIDTHS
        self.stages = nn.ModuleList(
            [_stage(3, first), _stage(first, second), _stage(second, third)]
        )
        self.classes = nn.Linear(first + second + 3 * third, num_categories)
        self.coarse = nn.Conv2d(third, _MASK_WIDTH, 1)
        self.fine = nn.Conv2d(first + _MASK_WIDTH, _MASK_WIDTH, 3, padding=1)
        self.mask = nn.Conv2d(_MASK_WIDTH, 1, 1)

    def forward(
        self, values: torch.Tensor, shapes: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Class logits and mask logits of crops and their given masks."""
        maps, inside = [], []
        for stage in self.stages:
            values = stage(values)
            maps.append(values)
            height, width = values.shape[-2:]
            weights = nn.functional.adaptive_avg_pool2d(shapes, (height, width)) + 1e-6
            inside.append((values * weights).sum((2, 3)) / weights.sum((2, 3)))
        whole = [values.mean((2, 3)), values.amax((2, 3))]
        logits = self.classes(torch.cat([*whole, *inside], 1))
        up = nn.functional.interpolate(self.coarse(values), size=maps[0].shape[-2:])
        drawn = self.mask(torch.relu(self.fine(torch.cat([maps[0], up], 1))))
        return logits, drawn


def _stage(before: int, after: int) -> nn.Module:
    # The first halves the crop by its stride: at full size it would cost more than the others.
    stride = 2 if before == 3 else 1
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(),
        nn.Identity() if stride == 2 else nn.MaxPool2d(2),
    )
