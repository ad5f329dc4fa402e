"""Small pictures whose masks are right or wrong, for Quality Sentinel."""

from __future__ import annotations

import numpy as np

from benchmark_n.detectors.quality_sentinel.crops import cut_pair, cut_truth
from benchmark_n.detectors.quality_sentinel.degrade import dice
from benchmark_n.detectors.quality_sentinel.pairs import Pairs
from benchmark_n.masks import CropMask


def disk(x: float, y: float, radius: float, size: int = 64) -> CropMask:
    """A filled disk in a square image."""
    rows, columns = np.mgrid[:size, :size]
    return CropMask.from_full((columns - x) ** 2 + (rows - y) ** 2 <= radius**2)


def disk_pairs(count: int, seed: int = 0, size: int = 32) -> Pairs:
    """Bright disks, each with a mask that is too small or too large by a drawn factor."""
    rng = np.random.default_rng(seed)
    crops, truths, dsc = [], [], []
    for _ in range(count):
        x, y = rng.uniform(24, 40, 2)
        radius = float(rng.uniform(8, 14))
        truth = disk(x, y, radius)
        given = disk(x, y, radius * float(rng.uniform(0.55, 1.6)))
        pixels = np.full((64, 64, 3), 60, np.uint8)
        pixels[truth.full() > 0] = 200
        crops.append(cut_pair(pixels, given, size))
        truths.append(cut_truth(truth, given, size // 4))
        dsc.append(dice(truth, given))
    return Pairs(
        np.stack(crops),
        np.stack(truths),
        np.array(dsc, np.float32),
        np.arange(count) % 2,
        np.arange(count),
        ("resized",) * count,
        ("sun", "moon"),
    )
