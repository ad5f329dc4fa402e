"""Which noise made which table? How much precision each generation of the published script leaves.

The authors' repository has two generations of their script: `reference-*` is the first, `paper-*`
the second, which their section 2.2 describes. Their Tables 8, 11 and 13 keep more of a Mask
R-CNN's precision than their Table 3. Here a small Mask R-CNN is trained on both generations of the
scenes, and judged on clean labels; the shares kept stand beside theirs.

    python scripts/reproduce/generations.py [--seeds 3] [--work-dir work_dirs/generations]
        [--device auto] [--most N] [--out scripts/results]

A seed is that of noise and training. What is finished in the work directory is not done again;
``--most`` trains no more than so many models, and the table holds the seeds that are whole.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from benchmark_n.experiments.robustness import KINDS, TierScore, robustness
from benchmark_n.experiments.seed_tables import cell, markdown, spread
from benchmark_n.training.mmdet.model_configs import ModelSettings
from benchmark_n.training.options import RunOptions

MODEL = "tiny-mask-rcnn"
DATASET = "scenes"
LEVELS = ("easy", "mid", "hard")
TIERS = ("clean", *(f"{family}-{level}" for family in ("reference", "paper") for level in LEVELS))
PAPER = Path(__file__).parents[2] / "configs" / "papers" / "noisy_annotations.yaml"
_MODEL = "COCO-N, Mask R-CNN R-50"
# Table to row and columns of the AP by tier, clean first.
_BY_TIER = ["clean", "easy", "mid", "hard"]
THEIRS = {
    "3": (_MODEL, _BY_TIER),
    "13": ("cross entropy", [f"{tier} mask AP" for tier in _BY_TIER]),
    "8": (_MODEL, _BY_TIER),
    "11": (_MODEL, _BY_TIER),
}
NAMES = {"segm": "mask AP", "boundary": "boundary AP", "bbox": "box AP"}


def finished(work: Path, tier: str, seed: int) -> bool:
    """Whether this training ended."""
    return (work / f"{tier}-seed{seed}" / "results.json").is_file()


def train_missing(work: Path, seeds: range, device: str, most: int | None) -> list[int]:
    """Train what is missing, at most so many models; the seeds that are whole."""
    run = RunOptions(work, device=device)
    for seed in seeds:
        for tier in TIERS:
            if finished(work, tier, seed):
                continue
            if most == 0:
                print(f"{tier}, seed {seed}: still to do", file=sys.stderr)
                continue
            robustness(ModelSettings(MODEL), DATASET, [tier], [seed], run=run)
            most = None if most is None else most - 1
    return [seed for seed in seeds if all(finished(work, tier, seed) for tier in TIERS)]


def as_markdown(tiers: Sequence[TierScore]) -> str:
    """Our shares by tier, then theirs."""
    ap = tiers[0].ap
    ours = [[one.tier, *(_percent(one.kept[kind]) for kind in KINDS)] for one in tiers]
    theirs = [
        [name, *(f"{100 * value / values[0]:.1f}" for value in values[1:])]
        for name, values in _theirs().items()
    ]
    clean = ", ".join(f"{NAMES[kind]} {_percent(ap[kind])}" for kind in KINDS)
    return "\n".join(
        (
            f"{MODEL} on {DATASET}, on clean labels: {clean}. Share kept, %:",
            "",
            markdown(["trained on", *(NAMES[kind] for kind in KINDS)], ours),
            "",
            "Theirs, kept, %:",
            "",
            markdown(["figure", *LEVELS], theirs),
        )
    )


def _theirs() -> dict[str, list[float]]:
    """Table to the paper's AP of Mask R-CNN, ResNet-50, on COCO-N, by tier."""
    tables = {one["table"]: one for one in yaml.safe_load(PAPER.read_text())["tables"]}
    found = {}
    for number, (row, columns) in THEIRS.items():
        table = tables[number]
        cells = dict(zip(table["columns"], table["rows"][row], strict=True))
        kind = "mask AP, cross entropy" if number == "13" else table["unit"].removeprefix("% ")
        found[f"Table {number}, {kind}"] = [cells[column] for column in columns]
    return found


def _percent(values: Sequence[float]) -> str:
    return cell(spread(100 * value for value in values), ".1f")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--work-dir", type=Path, default=Path("work_dirs/generations"))
    parser.add_argument("--device", default="auto")
    parser.add_argument("--most", type=int, help="train at most so many models")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "results")
    asked = parser.parse_args()
    whole = train_missing(asked.work_dir, range(1, asked.seeds + 1), asked.device, asked.most)
    if not whole:
        sys.exit("no seed is whole yet")
    run = RunOptions(asked.work_dir, device=asked.device)
    made = robustness(ModelSettings(MODEL), DATASET, TIERS, whole, run=run)
    text = as_markdown(made.tiers)
    (asked.out / "generations.json").write_text(json.dumps(made.to_dict(), indent=1) + "\n")
    (asked.out / "generations.md").write_text(f"Seeds: {', '.join(map(str, whole))}. {text}\n")
    print(text)


if __name__ == "__main__":
    main()
