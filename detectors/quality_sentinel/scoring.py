"""A trained network, and the Dice coefficients that it predicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.pixels import Pixels
from benchmark_n.detectors.quality_sentinel.conditions import Table
from benchmark_n.detectors.quality_sentinel.crops import cut_pair, read_pixels
from benchmark_n.detectors.quality_sentinel.network import as_gray, to_input
from benchmark_n.detectors.quality_sentinel.settings import Settings
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.domain import FEATURES, Domain, describe_crops
from benchmark_n.evidence.evidence import Ints
from benchmark_n.masks import rle_to_crop
from benchmark_n.runtime.progress import Progress

_BATCH = 64


@dataclass(frozen=True)
class Sentinel:
    """A trained network.

    Parameters
    ----------
    network
        A `benchmark_n.nets.quality_sentinel.QualityNetwork` in evaluation mode.
    names, table
        Categories of the training, and their conditions, float32 (K, D).
    domain
        What the training's pictures look like; None where its file does not say.
    """

    network: Any
    settings: Settings
    names: tuple[str, ...]
    table: Table
    device: str = "cpu"
    domain: Domain | None = None


class Scored(NamedTuple):
    """Dice coefficients float32 (n,), and features of the pictures float32 (n, D).

    What has no pixels, and no picture, has zeros.
    """

    dsc: NDArray[np.float32]
    pictures: NDArray[np.float32]


def predict(
    sentinel: Sentinel,
    crops: Pixels,
    labels: Ints,
    table: Table | None = None,
) -> NDArray[np.float32]:
    """Predicted Dice coefficients float32 (N,), 0 to 1, of crops uint8 (N, S, S, 4).

    Parameters
    ----------
    labels, table
        int64 (N,): rows of `table`, by default of the training's conditions.
    """
    import torch

    known = sentinel.table if table is None else table
    made = np.zeros(len(crops), np.float32)
    with torch.inference_mode():
        for start in range(0, len(crops), _BATCH):
            part = slice(start, start + _BATCH)
            pixels = to_input(crops[part], sentinel.device)
            pixels = as_gray(pixels) if sentinel.settings.gray else pixels
            conditions = torch.from_numpy(known[labels[part]]).to(sentinel.device)
            pixels = pixels.contiguous(memory_format=torch.channels_last)
            made[part] = sentinel.network(pixels, conditions)[0].cpu().numpy()
    return np.clip(made, 0, 1)


def score_masks(
    sentinel: Sentinel,
    evidence: Evidence,
    coco: CocoFile,
    paths: Mapping[int, Path],
    rows: Ints,
    table: Table,
    progress: Progress | None = None,
) -> Scored:
    """Predicted Dice coefficients of the given masks of annotations `rows` (n,), and pictures.

    Parameters
    ----------
    table
        Conditions of the evidence's categories, float32 (K, D).
    """
    size, window = sentinel.settings.size, sentinel.settings.window
    made = np.zeros(len(evidence), np.float32)
    pictures = np.zeros((len(evidence), FEATURES), np.float32)
    waiting: list[tuple[int, Pixels]] = []
    done = 0

    def score() -> None:
        places = np.array([place for place, _ in waiting], np.int64)
        crops = np.stack([crop for _, crop in waiting])
        made[places] = predict(sentinel, crops, evidence.labels[places], table)
        pictures[places] = describe_crops(crops[..., :3])
        waiting.clear()

    by_image: dict[int, list[int]] = {}
    for place in rows.tolist():
        by_image.setdefault(int(evidence.image_ids[place]), []).append(place)
    for image_id, places in by_image.items():
        pixels = read_pixels(paths[image_id], coco.images[image_id], window)
        for place in places:
            mask = rle_to_crop(evidence.masks[place])
            if mask.area:
                waiting.append((place, cut_pair(pixels, mask, size)))
        done += len(places)
        if len(waiting) >= _BATCH:
            score()
        if progress is not None:
            progress(done, len(rows))
    if waiting:
        score()
    return Scored(made[rows], pictures[rows])
