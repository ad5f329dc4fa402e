"""Digests of what the tiers do to annotations, whatever ids and order these are published in.

Runs on any version of the package: with the checkout of one in PYTHONPATH,
``python tests/noise/tier_digests.py FOLDER [NAME=FILE …]`` prints the digests of all tiers of the
embedded datasets, and of the COCO files named, as JSON.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

TIERS = ("easy", "mid", "hard")
EMBEDDED = ("scenes", "phantom")
IMAGES, SEED = 12, 1


def tier_digest(benchmark: Any) -> str:
    """SHA-256 over (source id, deleted, category, RLE counts) of all annotations by source id."""
    records = {record["id"]: record for record in benchmark.noisy().records()}
    rows = []
    for row in benchmark.manifest().to_pylist():
        source = row.get("source_id", row["annotation_id"])
        noisy = records.get(row["annotation_id"], {})
        mask = noisy.get("segmentation")  # of crowds: as it came
        counts = mask["counts"] if isinstance(mask, dict) else mask
        rows.append([source, row["deleted"], noisy.get("category_id"), counts])
    return hashlib.sha256(json.dumps(sorted(rows, key=lambda row: row[0])).encode()).hexdigest()


def make(name: str, tier: str, out: Path, file: Path | None = None) -> Any:
    """A tier of an embedded dataset, or of a COCO file."""
    import benchmark_n

    number = None if file else IMAGES
    source = benchmark_n.SourceOptions(annotations=file, num_images=number)
    execution = benchmark_n.Execution(workers=1)
    dataset = "coco" if file else name
    return benchmark_n.make(dataset, tier, seed=SEED, out=out, source=source, execution=execution)


def main() -> None:
    folder = Path(sys.argv[1])
    files = dict(text.split("=", 1) for text in sys.argv[2:])
    found = {}
    for name in (*EMBEDDED, *files):
        for tier in TIERS:
            file = Path(files[name]) if name in files else None
            found[f"{name} {tier}"] = tier_digest(make(name, tier, folder / f"{name}-{tier}", file))
    print(json.dumps(found, indent=4))


if __name__ == "__main__":
    main()
