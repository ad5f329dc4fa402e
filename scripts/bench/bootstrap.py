"""Cost of the intervals of `eval --detector`: weights on sorted scores against copies of the rows.

    python scripts/bench/bootstrap.py [--annotations 100000] [--replicates 500] [--by FIELD]

Makes recipe ``hard-v1`` of real annotations repeated under new ids, runs detector ``random``, whose
ranking has the most blocks there can be, and measures CPU seconds of `evaluate_detectors`: reading,
evidence, floors and the intervals of three kinds of error. Beside them what a replicate of one kind
takes by weights, and as a measurement of the rows that its units have, copied.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(Path(__file__).resolve().parents[2])

import numpy as np

from benchmark_n import SourceOptions, load, make
from benchmark_n.benchmark import Benchmark
from benchmark_n.detection.score import SCORING, evaluate_detectors
from benchmark_n.evaluators.label_errors import alignment
from benchmark_n.evaluators.label_errors import truth as error_truth
from benchmark_n.evaluators.label_errors.bootstrap import group_weights
from benchmark_n.evaluators.label_errors.measures import ScoredItems, measure
from benchmark_n.evaluators.label_errors.resampling import replicates
from scripts.bench.make import source, tiled

COPIED = 5


def one_kind(benchmark: Benchmark, scores: Any, count: int) -> dict[str, float]:
    """CPU milliseconds of a replicate of ``spatial`` both ways, and how far the two are apart."""
    rows = error_truth.surviving(benchmark.manifest())
    truth = error_truth.spatial_errors(rows)
    given = alignment.kind_column(scores, "spatial", rows["annotation_id"].to_numpy())
    assert given is not None
    groups, units = alignment.group_codes(rows, rows, "image_id")
    every = ScoredItems(given.scores, truth.wrong, given.flagged, groups, units)
    items = every.part(~truth.ignored)
    start = time.process_time()
    drawn = replicates(items, count, seed=0)
    weighted = (time.process_time() - start) / count
    apart, start = 0.0, time.process_time()
    for row, weights in enumerate(next(group_weights(units, COPIED, 0, COPIED))):
        copies = items.part(np.repeat(np.arange(items.scores.size), weights[items.groups]))
        measures = measure(copies)
        for name, values in drawn.items():
            apart = max(apart, abs(float(measures[name] or 0) - float(values[row])))
    copied = (time.process_time() - start) / COPIED
    return {"weights_ms": 1e3 * weighted, "copies_ms": 1e3 * copied, "largest_difference": apart}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--annotations", type=int, default=100_000)
    parser.add_argument("--replicates", type=int, default=500)
    parser.add_argument("--by", action="append", default=[])
    parser.add_argument("--benchmark", type=Path, help="one that is there already")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if asked.benchmark is None:
            path = tiled(source(folder), folder / "instances.json", asked.annotations)
            source_options = SourceOptions(annotations=path)
            out = folder / "made"
            made = make("custom", recipe="hard-v1", out=out, source=source_options)
        else:
            made = load(asked.benchmark)
        scoring = replace(SCORING, bootstrap=asked.replicates, slices=tuple(asked.by))
        start = time.process_time()
        (found,) = evaluate_detectors(made, "random", scoring=scoring)
        figures: dict[str, Any] = {
            "annotations": len(made.noisy()),
            "replicates": asked.replicates,
            "by": asked.by,
            "cpu_seconds": round(time.process_time() - start, 1),
            "a_replicate": one_kind(made, found.scores, asked.replicates),
        }
    print(json.dumps(figures, indent=2) if asked.json else figures)


if __name__ == "__main__":
    main()
