"""Masks that a small U-Net predicts at rising epochs: the errors that models make.

The network segments whole images by category; what it gives the annotation's category near the
annotation is the annotation's predicted mask.

References
----------
.. [1] Chen, Zhou, Yuille: Quality Sentinel, 2024, Section 3: pseudo-labels of checkpoints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.pixels import Pixels
from benchmark_n.detectors.quality_sentinel.crops import read_pixels, square
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.evidence import Ints
from benchmark_n.masks import CropMask, Rle, crop_to_rle, rle_to_crop
from benchmark_n.runtime.optional_imports import import_extra

SIZE = 128
_BATCH = 8
_RATE = 2e-3
_CONTEXT = 1.3


def predict_masks(
    evidence: Evidence,
    coco: CocoFile,
    paths: Mapping[int, Path],
    epochs: Sequence[int],
    *,
    variant: str = "tiny",
    seed: int = 0,
    device: str = "cpu",
    window: tuple[float, float] | None = None,
) -> list[tuple[Rle, ...]]:
    """For each annotation a mask after each of the `epochs` of a training on all images."""
    torch = import_extra("torch", "deep", "the U-Net of the pairs")
    from benchmark_n.nets.unet import named_unet

    ids = list(dict.fromkeys(evidence.image_ids.tolist()))
    images = np.stack([_small(read_pixels(paths[i], coco.images[i], window)) for i in ids])
    maps = np.stack([_category_map(evidence, coco, i) for i in ids])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = named_unet(variant, 3, len(evidence.category_ids) + 1).to(device)
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE)
    rng = np.random.default_rng([seed, len(ids)])
    made: list[tuple[Rle, ...]] = [() for _ in range(len(evidence))]
    for epoch in range(1, max(epochs) + 1):
        network.train()
        for rows in np.array_split(rng.permutation(len(ids)), max(1, len(ids) // _BATCH)):
            loss = torch.nn.functional.cross_entropy(
                network(_to_tensor(images[rows], device)), torch.from_numpy(maps[rows]).to(device)
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        if epoch in epochs:
            predicted = _predict(network, images, device)
            for image_id, found in zip(ids, predicted, strict=True):
                _add_masks(made, evidence, coco, image_id, found)
    return made


def _small(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.resize(pixels, (SIZE, SIZE), interpolation=cv2.INTER_AREA), np.uint8)


def _category_map(evidence: Evidence, coco: CocoFile, image_id: int) -> Ints:
    """Category of each pixel, 0 for the background, int64 (SIZE, SIZE); large masks below."""
    image = coco.images[image_id]
    canvas = np.zeros((image.height, image.width), np.uint16)
    rows = np.flatnonzero(evidence.image_ids == image_id)
    masks = [(rle_to_crop(evidence.masks[i]), int(evidence.labels[i])) for i in rows.tolist()]
    for mask, label in sorted(masks, key=lambda pair: -pair[0].area):
        h, w = mask.pixels.shape
        canvas[mask.y : mask.y + h, mask.x : mask.x + w][mask.pixels > 0] = label + 1
    small = cv2.resize(canvas, (SIZE, SIZE), interpolation=cv2.INTER_NEAREST)
    return np.asarray(small, np.int64)


def _to_tensor(images: Pixels, device: str) -> Any:
    import torch

    return torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1


def _predict(network: Any, images: Pixels, device: str) -> NDArray[np.int64]:
    import torch

    network.eval()
    with torch.inference_mode():
        parts = [
            network(_to_tensor(images[i : i + _BATCH], device)).argmax(1).cpu().numpy()
            for i in range(0, len(images), _BATCH)
        ]
    return np.concatenate(parts)


def _add_masks(
    made: list[tuple[Rle, ...]],
    evidence: Evidence,
    coco: CocoFile,
    image_id: int,
    found: NDArray[np.int64],
) -> None:
    image = coco.images[image_id]
    whole = cv2.resize(
        found.astype(np.uint16), (image.width, image.height), interpolation=cv2.INTER_NEAREST
    )
    for place in np.flatnonzero(evidence.image_ids == image_id).tolist():
        x, y, side = square(evidence.boxes[place].tolist(), _CONTEXT)
        left, top = max(x, 0), max(y, 0)
        part = whole[top : y + side, left : x + side] == evidence.labels[place] + 1
        pixels = np.ascontiguousarray(part).view(np.uint8)
        mask = CropMask(pixels, left, top, image.height, image.width).tight()
        made[place] = (*made[place], crop_to_rle(mask))
