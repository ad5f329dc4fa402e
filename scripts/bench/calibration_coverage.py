"""Do the intervals of `calibrate` hold the truth? Simulated pairs of known parameters.

    python scripts/bench/calibration_coverage.py --out scripts/results/calibration-coverage.json

Each trial draws blobs, redraws them with the parameters below, and fits these from the pairs. The
file is written after every trial, and trials that it holds are not run again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(ROOT)

from benchmark_n.evaluators.realism.pairs import MaskPairs, overlapping
from benchmark_n.generation.contour_fit import PARAMETERS
from benchmark_n.generation.simulated_moments import fit_contour, redraw
from benchmark_n.masks import CropMask
from benchmark_n.noise.contour import Contour

TRUTH = {
    **{"offset_mean": 0.02, "offset_sd": 0.1, "shift_sd": 0.07, "roughness": 0.12, "growth": 0.25},
    **{"quality_sd": 0.4, "length": 0.6, "length_growth": 0.35, "clicks": 1.4},
    **{"clicks_growth": 0.95, "clicks_sd": 0.35},
}
SETTINGS = {"tail": 4.0}
# Largest radius as a multiple of the circle's, empty pixels about it, and objects of an image.
_WIDEST, _MARGIN, _PER_IMAGE = 1.8, 30, 5


def blobs(count: int, rng: np.random.Generator) -> list[CropMask]:
    """Star-shaped masks of 80 to 20,000 px² with a few random harmonics."""
    found = []
    for _ in range(count):
        radius = np.sqrt(np.exp(rng.uniform(np.log(80), np.log(20_000))) / np.pi)
        side = 2 * int(radius * _WIDEST) + 2 * _MARGIN
        rows, columns = np.indices((side, side)) - side / 2
        angles, distances = np.arctan2(rows, columns), np.hypot(rows, columns)
        shape = sum(
            rng.normal(0, 0.25 / k) * np.cos(k * angles + rng.uniform(0, 2 * np.pi))
            for k in range(1, 7)
        )
        found.append(
            CropMask.from_full(distances <= radius * np.exp(np.clip(shape, -0.7, np.log(_WIDEST))))
        )
    return found


def trial(number: int, objects: int, replicates: int) -> dict[str, list[float]]:
    """Parameter to value and both ends of its interval."""
    rng = np.random.default_rng([20, number])
    clean = blobs(objects, rng)
    ids = np.arange(objects, dtype=np.int64)
    whole = np.zeros(objects, bool)
    drawn = MaskPairs(ids, ids // _PER_IMAGE, whole, tuple(clean), tuple(clean))
    noisy = redraw(drawn, Contour(1.0, **SETTINGS, **TRUTH), 10_000 + number)
    pairs = MaskPairs(ids, ids // _PER_IMAGE, whole, tuple(clean), tuple(noisy))
    pairs = pairs.take(np.flatnonzero(overlapping(clean, noisy)))
    fit = fit_contour(pairs, SETTINGS, seed=number, replicates=replicates)
    return {name: [fit.values[name], *fit.intervals[name]] for name in PARAMETERS}


def report(trials: dict[str, dict[str, list[float]]]) -> str:
    """Coverage of each parameter and pooled, as Markdown."""
    lines = ["| parameter | truth | mean | covered, % |", "|---|---:|---:|---:|"]
    hits = []
    for name in PARAMETERS:
        rows = np.array([each[name] for each in trials.values()])
        inside = (rows[:, 1] <= TRUTH[name]) & (TRUTH[name] <= rows[:, 2])
        hits.append(inside.mean())
        lines.append(
            f"| {name} | {TRUTH[name]:g} | {rows[:, 0].mean():.3g} | {100 * hits[-1]:.1f} |"
        )
    return "\n".join([*lines, f"| pooled, {len(trials)} trials | | | {100 * np.mean(hits):.1f} |"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--objects", type=int, default=300)
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("coverage.json"))
    asked = parser.parse_args()
    done = json.loads(asked.out.read_text()) if asked.out.is_file() else {}
    start = time.process_time()
    for number in range(asked.trials):
        if str(number) not in done:
            done[str(number)] = trial(number, asked.objects, asked.replicates)
            asked.out.write_text(json.dumps(done))
            print(number, f"{time.process_time() - start:.0f} CPU s", file=sys.stderr)
    print(report(done))


if __name__ == "__main__":
    main()
