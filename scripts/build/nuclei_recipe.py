"""Fit `human-nuclei-expert`: how one expert draws the nuclei that another one drew.

    python scripts/build/nuclei_recipe.py

Reads experts 3 and 5 of `cfos_experts` ($BENCHMARK_N_SHARED_DATA; Segebarth et al., eLife 2020) and
prints the parameters of `ellipse` with 95 % intervals by images, from the half of the images that
`benchmark-n realism` does not look at, and the share of annotations without a partner.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import read_coco
from benchmark_n.evaluators.realism.pairs import MaskPairs, held_out_images, pair_masks
from benchmark_n.generation.label_rates import label_rates
from benchmark_n.masks import CropMask

SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", "../shared/data")) / "cfos_experts"
REPLICATES = 200
Floats = NDArray[np.float64]


def boxes(masks: tuple[CropMask, ...]) -> Floats:
    """x, y, width and height, px, float64 (N, 4)."""
    return np.array([mask.bbox for mask in masks], np.float64)


def fitted(first: Floats, second: Floats, area: Floats) -> dict[str, float]:
    """Parameters of `ellipse` by least squares and moments of what the lines leave."""
    (x, y, w, h), (u, v, wide, high) = first.T, second.T
    size = np.sqrt(w * h)
    scale_growth, level = np.polyfit(np.log(size), np.log(wide * high) / 2, 1)
    aspects = np.log(w / h), np.log(wide / high)
    aspect_growth = (aspects[0] @ aspects[1]) / (aspects[0] @ aspects[0])
    size = np.exp(level) * size**scale_growth
    longer = np.exp(aspect_growth * aspects[0] / 2)
    gains = np.stack([wide - size * longer, high - size / longer]) / 2
    moved = np.stack([u + wide / 2 - x - w / 2, v + high / 2 - y - h / 2])
    left = np.stack([gains.sum(axis=0) / 2, (gains[0] - gains[1]) / 2, *moved])
    squares = (left**2).sum(axis=0)
    growth = np.polyfit(np.log(area), np.log(np.sqrt(squares) + 0.05), 1)[0]
    left /= area**growth
    # Kinds of error of one object share its quality: squares correlate by exp(4 sd²).
    even = left**2 / (left**2).mean(axis=1, keepdims=True)
    shared = np.mean([(even[i] * even[j]).mean() for i in range(4) for j in range(i)])
    quality = np.sqrt(np.log(max(shared, 1.0)) / 4)
    sds = left.std(axis=1) * np.exp(-(quality**2) / 2)
    return {
        **{"scale": np.exp(level), "scale_growth": scale_growth, "aspect_growth": aspect_growth},
        **{"offset_sd": sds[0], "stretch_sd": sds[1], "shift_sd": np.sqrt((sds[2:] ** 2).mean())},
        **{"growth": growth, "quality_sd": quality},
    }


def with_intervals(pairs: MaskPairs) -> dict[str, list[float]]:
    """Parameter to value and both ends of its 95 % percentile interval over images."""
    areas = np.array([mask.area for mask in pairs.clean], np.float64)
    arrays = (boxes(pairs.clean), boxes(pairs.noisy), areas)
    rng = np.random.default_rng(1)
    rows = [np.flatnonzero(pairs.images == image) for image in np.unique(pairs.images)]
    drawn = []
    for _ in range(REPLICATES):
        chosen = np.concatenate([rows[k] for k in rng.integers(0, len(rows), len(rows))])
        drawn.append(fitted(*(each[chosen] for each in arrays)))
    return {
        name: [value, *np.quantile([each[name] for each in drawn], [0.025, 0.975])]
        for name, value in fitted(*arrays).items()
    }


def main() -> None:
    first = read_coco(SHARED / "expert_3.json")
    pairs, matched = pair_masks(first, read_coco(SHARED / "expert_5.json"))
    pairs = pairs.half(held_out=False)
    halves = {image: not held for image, held in held_out_images(first).items()}
    rates = label_rates([(first, matched)], halves)
    found = {k: [round(float(v), 4) for v in values] for k, values in with_intervals(pairs).items()}
    seen = {"objects": len(pairs), "images": len(np.unique(pairs.images))}
    print(json.dumps({**seen, **found, "missing": rates.missing, "of": rates.clean}, indent=1))


if __name__ == "__main__":
    main()
