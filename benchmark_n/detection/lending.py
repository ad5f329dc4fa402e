"""Annotations that a benchmark lends as known to be right, to detectors that need some."""

from __future__ import annotations

import math

import numpy as np
import pyarrow.compute as pc

from benchmark_n.benchmark import Benchmark
from benchmark_n.errors import InputError, UsageError
from benchmark_n.runtime.random_streams import hashes

_NAME = "clean subset"


def lent_annotations(benchmark: Benchmark, share: float, seed: int = 0) -> tuple[int, ...]:
    """Ids of annotations of right category, a `share` of all that are published, at least one.

    Which is a function of the seed and of the annotations' ids in the source.

    Raises
    ------
    UsageError
        A share that is not between 0 and 1.
    InputError
        The benchmark has fewer right ones.
    """
    if not 0 < share < 1:
        raise UsageError(f"`clean_subset` is {share:g}, expected a share between 0 and 1")
    columns = ["annotation_id", "source_id", "category_id", "noisy_category_id"]
    rows = benchmark.manifest([*columns, "deleted", "crowd"])
    rows = rows.filter(pc.invert(pc.or_(rows["deleted"], rows["crowd"])))
    right = rows.filter(pc.equal(rows["category_id"], rows["noisy_category_id"]))
    count = math.ceil(share * len(rows))
    if len(right) < count:
        raise InputError(
            f"{benchmark.path}: {len(right)} annotations of right category, expected {count} to "
            "lend (`clean_subset`)"
        )
    order = np.argsort(hashes(seed, _NAME, right["source_id"].to_numpy()), kind="stable")
    return tuple(sorted(right["annotation_id"].to_numpy()[order[:count]].tolist()))
