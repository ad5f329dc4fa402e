"""Do 95 % intervals hold the truth? AUPRC, AP and EF error on drawn sets of clustered units.

Each set is of 30 to 60 units that have something of their own: how often annotations are wrong
and how well that is seen (AUPRC), how well objects are found (AP), how far sites are off (EF). The
truth is the figure of a set of very many units. Beside the intervals over units stand those over
images (AUPRC, AP) or patients (EF), which take as independent what is not.

    python scripts/bench/coverage.py [--sets 300] [--replicates 200] [--out coverage.json]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(Path(__file__).resolve().parents[2])

import numpy as np

from benchmark_n.coco.instances import Instances
from benchmark_n.coco.units import Units, each_its_own
from benchmark_n.evaluators.average_precision.engines import run
from benchmark_n.evaluators.average_precision.problem import Problem
from benchmark_n.evaluators.average_precision.resampling import Resampling
from benchmark_n.evaluators.average_precision.statistics import average_precisions
from benchmark_n.evaluators.cardiac.patients import Function, PatientResult
from benchmark_n.evaluators.cardiac.resampling import Cohort
from benchmark_n.evaluators.label_errors.bootstrap import interval
from benchmark_n.evaluators.label_errors.measures import ScoredItems, measure
from benchmark_n.evaluators.label_errors.resampling import replicates

BOUNDS = (0.90, 0.98)
LEAST, MOST = 30, 60
IMAGES, ITEMS = 4, 6  # of a unit, and of an image
_TRUE_UNITS = {"auprc": 100_000, "ap": 2_500, "ef_mae": 100_000}
Generator = np.random.Generator
# Value, interval over units, interval over images or patients.
Found = tuple[float, tuple[float, float] | None, tuple[float, float] | None]


def scored(rng: Generator, units: int) -> tuple[ScoredItems, Any]:
    """Annotations of which a unit's own share is wrong and scored higher by a margin of its own."""
    unit = np.repeat(np.arange(units), IMAGES * ITEMS)
    wrong = rng.random(len(unit)) < rng.beta(2, 8, units)[unit]
    margin, level = rng.normal(1.2, 0.5, units), rng.normal(0, 0.7, units)
    scores = rng.normal(0, 1, len(unit)) + level[unit] + margin[unit] * wrong
    items = ScoredItems(scores, wrong, scores > 1, unit, units)
    return items, np.repeat(np.arange(units * IMAGES), ITEMS)


def auprc(rng: Generator, units: int, count: int) -> Found:
    """Of a detector's scores."""
    items, images = scored(rng, units)
    own = measure(items)["auprc"]
    if not count:
        return float(own or 0), None, None
    by_image = ScoredItems(items.scores, items.wrong, items.flagged, images, units * IMAGES)
    spread = [interval(replicates(one, count, 0)["auprc"]) for one in (items, by_image)]
    return float(own or 0), spread[0], spread[1]


def boxes(rng: Generator, units: int) -> Problem:
    """Boxes of three categories, found with an accuracy of each unit's own, and false alarms."""
    images = units * IMAGES
    skill = np.repeat(rng.normal(0, 0.06, units).clip(-0.15, 0.15), IMAGES)
    image = np.repeat(np.arange(images), ITEMS)
    corners, sides = rng.uniform(0, 400, (len(image), 2)), rng.uniform(40, 200, (len(image), 2))
    truth = np.concatenate([corners, sides], axis=1)
    category = rng.integers(1, 4, len(image))
    jitter = (0.10 - skill[image])[:, None].clip(0.01) * np.tile(sides, 2)
    seen = truth + rng.normal(0, 1, truth.shape) * jitter
    seen[:, 2:] = seen[:, 2:].clip(5)
    kept = rng.random(len(image)) < 0.85 + skill[image]
    false = rng.random(len(image)) < 0.25 - skill[image]
    elsewhere = np.concatenate([rng.permutation(corners), sides], axis=1)[false]
    detected = np.concatenate([seen[kept], elsewhere])
    scores = np.concatenate([rng.beta(4, 2, kept.sum()), rng.beta(2, 3, false.sum())])
    where = np.concatenate([image[kept], image[false]])
    what = np.concatenate([category[kept], category[false]])
    return Problem(
        "bbox",
        list(range(images)),
        [1, 2, 3],
        dict.fromkeys(range(images), (640, 640)),
        _instances(image, category, truth, np.zeros(len(image))),
        _instances(where, what, detected, scores),
        [1, 10, 100],
        0.02,
    )


def _instances(images: Any, categories: Any, found: Any, scores: Any) -> Instances:
    count = len(images)
    return Instances(
        ids=np.arange(1, count + 1),
        image_ids=np.asarray(images, np.int64),
        category_ids=np.asarray(categories, np.int64),
        boxes=found,
        areas=found[:, 2] * found[:, 3],
        crowd=np.zeros(count, bool),
        scores=np.asarray(scores, float),
        masks=None,
    )


def average_precision(rng: Generator, units: int, count: int) -> Found:
    """COCO's AP of boxes."""
    problem = boxes(rng, units)
    _, curves = run(problem, "auto", keep_cells=count > 0)
    own = average_precisions(curves)["AP"] or 0.0
    if not count or curves.cells is None:
        return own, None, None
    codes = np.repeat(np.arange(units), IMAGES)
    each = each_its_own(units * IMAGES)
    spread = [
        interval(Resampling(problem, curves.cells, one, count, 0).replicates()["AP"])
        for one in (Units(codes, "patient", tuple(map(str, range(units)))), each)
    ]
    return own, spread[0], spread[1]


def ef_error(rng: Generator, units: int, count: int) -> Found:
    """Mean absolute error of EF over patients of sites that are off by something of their own."""
    size = IMAGES
    site = np.repeat(np.arange(units), size)
    reference = rng.normal(52, 12, len(site)).clip(10, 85)
    errors = rng.normal(0, 4, units)[site] + rng.normal(0, 5, len(site))
    if not count:
        return float(np.abs(errors).mean()), None, None
    patients = [
        PatientResult(
            str(i),
            False,
            None,
            Function(100.0, 50.0, float(reference[i]), (2, 2)),
            Function(100.0, 50.0, float(reference[i] + errors[i]), (2, 2)),
            float(errors[i]),
        )
        for i in range(len(site))
    ]
    sites = {p.patient: str(s) for p, s in zip(patients, site, strict=True)}
    own, spread = Cohort(sites, "site", count).measures(patients)
    _, naive = Cohort({p.patient: p.patient for p in patients}, replicates=count).measures(patients)
    return float(own["ef_mae"] or 0), spread["ef_mae"], naive["ef_mae"]


DRAW: Mapping[str, Callable[[Generator, int, int], Found]] = {
    "auprc": auprc,
    "ap": average_precision,
    "ef_mae": ef_error,
}


def coverage(name: str, sets: int, count: int) -> dict[str, Any]:
    """Of one figure: how many of `sets` intervals of `count` replicates hold the truth."""
    draw = DRAW[name]
    truth = draw(np.random.default_rng([1, len(name)]), _TRUE_UNITS[name], 0)[0]
    held, naive, widths, values = 0, 0, [], []
    for number in range(sets):
        rng = np.random.default_rng([2, len(name), number])
        own, spread, other = draw(rng, int(rng.integers(LEAST, MOST + 1)), count)
        assert spread is not None
        assert other is not None
        held += spread[0] <= truth <= spread[1]
        naive += other[0] <= truth <= other[1]
        widths.append(spread[1] - spread[0])
        values.append(own)
    share = held / sets
    return {
        "truth": truth,
        "mean": float(np.mean(values)),
        "coverage": share,
        "standard_error": float((share * (1 - share) / sets) ** 0.5),
        "coverage_of_naive_intervals": naive / sets,
        "mean_width": float(np.mean(widths)),
        "sets": sets,
        "replicates": count,
        "units": [LEAST, MOST],
        "within_bounds": BOUNDS[0] <= share <= BOUNDS[1],
    }


def main() -> int:
    """Print the coverage of each figure; 1 where one is out of bounds."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--sets", type=int, default=300)
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    results = {}
    for name in DRAW:
        results[name] = coverage(name, asked.sets, asked.replicates)
        print(json.dumps({name: results[name]}), file=sys.stderr, flush=True)
    text = json.dumps({"bounds": BOUNDS, **results}, indent=2)
    print(text)
    if asked.out is not None:
        asked.out.write_text(text + "\n", encoding="utf-8")
    return 0 if all(one["within_bounds"] for one in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
