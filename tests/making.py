"""`benchmark_n.make` by flat keywords, as the command line has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import benchmark_n
from benchmark_n import Benchmark
from benchmark_n.generation.options import MAKE_OPTIONS
from benchmark_n.runtime.options import fill_each


def make(
    dataset: str | None = None,
    tier: str | None = None,
    *,
    seed: int | None = 1,
    out: Path | str | None = None,
    overwrite: bool = False,
    **flat: Any,
) -> Benchmark:
    """Sort flat keywords such as ``workers=1`` into the options objects, and make."""
    options = fill_each(MAKE_OPTIONS, flat)
    return benchmark_n.make(dataset, tier, seed=seed, out=out, overwrite=overwrite, **options)


def source_ids(benchmark: Benchmark) -> dict[int, int | None]:
    """Published id to the source's, None for added annotations."""
    rows = benchmark.manifest(["annotation_id", "source_id"]).to_pylist()
    return {row["annotation_id"]: row["source_id"] for row in rows}


def source_records(benchmark: Benchmark) -> dict[int, dict[str, Any]]:
    """Source id to noisy record, which has that id in place of the published one."""
    source = source_ids(benchmark)
    records = ({**r, "id": source[r["id"]]} for r in benchmark.noisy().records())
    return {record["id"]: record for record in records if record["id"] is not None}


def published_clean(benchmark: Benchmark) -> list[dict[str, Any]]:
    """The clean records under their published ids, in the order of these."""
    clean = {record["id"]: record for record in benchmark.clean().records()}
    rows = sorted(source_ids(benchmark).items())
    return [{**clean[source], "id": ours} for ours, source in rows if source is not None]
