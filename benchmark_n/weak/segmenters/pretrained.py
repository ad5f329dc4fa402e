"""What the segmenters made of torch networks share."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark_n.errors import InputError
from benchmark_n.masks import CropMask
from benchmark_n.nets.pretrained import first_line
from benchmark_n.runtime.optional_imports import import_extra

# Prompts decoded together: their masks of the image's size are in memory at once.
BATCH = 16


def import_torch(what: str) -> Any:
    """The torch module; where it is missing, the error names the extra."""
    return import_extra("torch", "weak", what)


def logits_to_crops(logits: Any) -> list[CropMask]:
    """Masks where logits (n, height, width) are above 0."""
    masks = (logits > 0).cpu().numpy()
    return [CropMask.from_full(np.asarray(mask)) for mask in masks]


def on_device(network: Any, device: str) -> Any:
    """The network ready to infer, in half precision on a GPU.

    Raises
    ------
    InputError
        There is no such device.
    """
    try:
        placed = network.eval().to(device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"device '{device}' cannot be used: {first_line(error)}") from None
    return placed.half() if device.startswith("cuda") else placed
