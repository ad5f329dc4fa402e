"""Draw docs/realism.png: a second person's outlines beside two noises, without any photograph.

    python scripts/build/realism_picture.py

Objects of `lvis_double` ($BENCHMARK_N_SHARED_DATA), of the half of the images that nothing was
fitted on, chosen by size alone. Annotations: LVIS, CC BY 4.0 (Gupta et al., CVPR 2019;
Tschirschwitz and Rodehorst, WACV 2025). Needs matplotlib.
"""

from __future__ import annotations

import os
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from benchmark_n.coco import read_coco
from benchmark_n.evaluators.realism.pairs import MaskPairs, pair_masks
from benchmark_n.masks import CropMask
from benchmark_n.noise.base import SpatialNoise
from benchmark_n.noise.recipe import build_noise, load_recipe
from benchmark_n.runtime.random_streams import Stream

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", "../shared/data")) / "lvis_double"
# Places of the objects in the order of their areas.
PLACES = (0.4, 0.5, 0.6, 0.7, 0.78, 0.86, 0.92, 0.97)
SEED, MARGIN = 1, 0.12
FIRST, SECOND = "#d9d9d9", "#c0392b"


def drawings(pairs: MaskPairs) -> dict[str, list[CropMask]]:
    """Row title to second drawings of the pairs' objects."""
    ours = next(n for n in load_recipe("human-lvis-crowd").noises if n.name == "contour")
    plain = build_noise("localization", {"probability": 1.0, "sigma": 2, "vertices": "contour"})
    rows = {"a second person": list(pairs.noisy)}
    for title, noise in (("localization noise", plain), ("ours, calibrated", ours)):
        assert isinstance(noise, SpatialNoise)
        streams = [Stream(SEED, noise.name, identity) for identity in pairs.ids.tolist()]
        rows[title] = [
            noise.apply(mask, noise.draw(stream))
            for mask, stream in zip(pairs.clean, streams, strict=True)
        ]
    return rows


def main() -> None:
    first = read_coco(SHARED / "A.json")
    pairs, _ = pair_masks(first, read_coco(SHARED / "B.json"))
    pairs = pairs.half(held_out=True)
    order = np.argsort([mask.area for mask in pairs.clean], kind="stable")
    pairs = pairs.take(order[[int(place * (len(order) - 1)) for place in PLACES]])
    rows = drawings(pairs)
    figure = plt.figure(figsize=(11, 5.6), layout="constrained")
    lines = figure.subfigures(len(rows), 1)
    for line, (title, masks) in zip(lines, rows.items(), strict=True):
        line.suptitle(title, fontsize=18, x=0.01, ha="left")  # to be read on a small screen too
        axes = line.subplots(1, len(PLACES))
        for axis, clean, noisy in zip(axes, pairs.clean, masks, strict=True):
            x, y, w, h = clean.bbox
            gap = MARGIN * max(w, h) + 2
            axis.contourf(clean.full(), levels=[0.5, 1], colors=[FIRST])
            axis.contour(noisy.full(), levels=[0.5], colors=[SECOND], linewidths=1.6)
            axis.set(xlim=(x - gap, x + w + gap), ylim=(y + h + gap, y - gap), aspect="equal")
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
    figure.savefig(ROOT / "docs" / "realism.png", dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
