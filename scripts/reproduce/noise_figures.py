"""How strong each generation of COCO-N is: share of masks touched, IoU and boundary IoU, by size.

    python scripts/reproduce/noise_figures.py [--samples ../shared/data] [--out scripts/results]

Tiers, ``paper-*`` and ``reference-*`` on samples of COCO and LVIS, one seed each, over the
annotations that are not deleted. Writes ``noise-figures.json`` and ``noise-figures.md``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import benchmark_n
from benchmark_n.coco.annotation_masks import SIZES

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = {
    "val2014_100": "coco_val2014_100/instances_val2014_100.json",
    "coco128": "coco128/instances_coco128.json",
    "lvis_val_100": "lvis_val_100/lvis_val_100.json",
}
TIERS = ("easy", "mid", "hard")
RECIPES = [f"{kind}{tier}" for kind in ("", "paper-", "reference-") for tier in TIERS]
COLUMNS = ["iou", "boundary_iou", "size", "deleted", "crowd", "category_id", "noisy_category_id"]


def measure(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of a manifest's rows; shares and IoUs from 0 to 1."""
    instances = [row for row in rows if not row["crowd"]]
    kept = [row for row in instances if not row["deleted"]]
    return {
        "annotations": len(instances),
        "deleted": 1 - len(kept) / len(instances),
        "relabelled": _mean(row["category_id"] != row["noisy_category_id"] for row in kept),
        **{size: _masks([row for row in kept if row["size"] == size]) for size in SIZES},
        "all": _masks(kept),
    }


def _masks(rows: list[Mapping[str, Any]]) -> dict[str, float]:
    touched = [row for row in rows if row["iou"] < 1]
    return {
        "annotations": len(rows),
        "touched": _mean(row["iou"] < 1 for row in rows),
        "iou": _mean(row["iou"] for row in rows),
        "boundary_iou": _mean(row["boundary_iou"] for row in rows),
        "iou_of_touched": _mean(row["iou"] for row in touched),
        "zero_iou": _mean(row["iou"] == 0 for row in rows),
    }


def _mean(values: Iterable[float]) -> float:
    return round(float(np.mean(list(values))), 4)


def run(samples: Path, seed: int) -> list[dict[str, Any]]:
    """A row a sample and recipe."""
    found = []
    for name, file in SAMPLES.items():
        for recipe in RECIPES:
            with tempfile.TemporaryDirectory() as folder:
                made = benchmark_n.make(
                    "lvis" if "lvis" in name else "coco",
                    recipe=recipe,
                    seed=seed,
                    out=Path(folder) / "made",
                    source=benchmark_n.SourceOptions(annotations=samples / file),
                    execution=benchmark_n.Execution(workers=1),
                )
                rows = made.manifest(COLUMNS).to_pylist()
            found.append({"sample": name, "recipe": recipe, "seed": seed, **measure(rows)})
    return found


def render(rows: list[dict[str, Any]]) -> str:
    """The table, in percent."""
    head = ["sample", "recipe", "touched", "IoU", "boundary IoU"]
    head += [f"IoU {size}" for size in SIZES] + ["IoU 0", "relabelled", "deleted"]
    lines = [
        "Written by `python scripts/reproduce/noise_figures.py`: means in percent over what is not",
        "deleted, one seed; a mask that nothing touched counts with an IoU of 100.",
        "",
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
    ]
    for row in rows:
        whole = row["all"]
        values = [whole["touched"], whole["iou"], whole["boundary_iou"]]
        values += [row[size]["iou"] for size in SIZES]
        values += [whole["zero_iou"], row["relabelled"], row["deleted"]]
        numbers = [f"{100 * value:.1f}" for value in values]
        name = f"`{row['recipe']}`"
        lines.append(f"| {' | '.join([row['sample'], name, *numbers])} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--samples", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "scripts" / "results")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rows = run(arguments.samples, arguments.seed)
    text = json.dumps(rows, indent=1) + "\n"
    (arguments.out / "noise-figures.json").write_text(text, encoding="utf-8")
    (arguments.out / "noise-figures.md").write_text(render(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
