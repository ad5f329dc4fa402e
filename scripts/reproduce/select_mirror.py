"""Choose how MIRROR's classifiers are trained, on scenes and noise that no table reports.

The scenes are of data seed 100 and the noise of seeds from 101 on. Figures of d, which MIRROR's
flags are, are appended to ``scripts/results/selection-mirror.jsonl``, so that a stopped run goes
on.

    python scripts/reproduce/select_mirror.py
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from mirror import LITE, Row
from mirror_units import Unit

import benchmark_n
from benchmark_n.detectors.mirror import disagreement
from benchmark_n.evidence.backbones.silhouette import LENGTH
from benchmark_n.evidence.crops.linear_heads import cross_validate
from benchmark_n.evidence.folds import plan_folds
from benchmark_n.experiments.seed_tables import markdown

RESULTS = Path(__file__).parents[1] / "results" / "selection-mirror"
DATA_SEED = 100
# Outline seen by, folds, C.
Setting = tuple[str, int, float]
# Which of the three classifiers see the outline of the mask.
OUTLINES = {"all": (True,) * 3, "first": (True, False, False), "none": (False,) * 3}
SETTINGS: dict[str, tuple[Setting, ...]] = {
    "sym-5": (
        ("all", 5, 1e-3),
        ("all", 5, 3e-3),
        ("all", 5, 1e-2),
        ("all", 10, 3e-3),
        ("first", 5, 3e-3),
        ("first", 5, 1e-2),
        ("none", 5, 3e-3),
        ("none", 5, 1e-2),
    ),
    # What the choice costs where more is wrong; one seed.
    "sym-20": (
        ("all", 5, 1e-3),
        ("all", 5, 1e-2),
        ("none", 5, 1e-3),
        ("none", 5, 3e-3),
        ("none", 5, 1e-2),
    ),
}
SEEDS = {"sym-5": (101, 102), "sym-20": (101,)}


def scenes_under(noise: str, seed: int, out: Path) -> benchmark_n.Benchmark:
    """Scenes that no table reports."""
    return benchmark_n.make(
        "scenes",
        recipe=noise,
        seed=seed,
        out=out,
        source=benchmark_n.SourceOptions(data_seed=DATA_SEED),
        execution=benchmark_n.Execution(workers=1),
    )


def rows_of(noise: str, seed: int, done: set[Setting]) -> Iterator[Row]:
    """Each setting under one noise that is not `done`."""
    with tempfile.TemporaryDirectory() as folder:
        benchmark = scenes_under(noise, seed, Path(folder) / "b")
        unit = Unit(benchmark)
        wrong = is_wrong(benchmark.manifest(), unit.base.annotation_ids)
        features = {name: unit.described(name)[0] for name in LITE}

    @cache
    def probabilities(name: str, outline: bool, folds: int, penalty: float) -> Any:
        values = features[name] if outline else features[name][:, :-LENGTH]
        base = unit.base
        plan = plan_folds(base.labels, unit.units, base.category_names, folds, 0)[0]
        count = len(base.category_ids)
        options: Row = {"inverse_penalty": penalty, "workers": 1}
        return cross_validate(values, base.labels, plan, count, **options)[0]

    for outlines, folds, penalty in SETTINGS[noise]:
        if (outlines, folds, penalty) in done:
            continue
        seen = zip(LITE, OUTLINES[outlines], strict=True)
        probs = np.stack([probabilities(name, outline, folds, penalty) for name, outline in seen])
        found = disagreement(probs, unit.base.labels).differs
        setting = {"noise": noise, "outlines": outlines, "folds": folds, "C": penalty}
        yield {**setting, "seed": seed, **counted(found, wrong)}


def is_wrong(manifest: Any, annotation_ids: Any) -> Any:
    """Whether the manifest says that the category was changed, bool (N,)."""
    changed = {
        row["annotation_id"]: row["category_id"] != row["noisy_category_id"]
        for row in manifest.select(
            ["annotation_id", "category_id", "noisy_category_id"]
        ).to_pylist()
    }
    return np.array([changed[number] for number in annotation_ids.tolist()])


def counted(found: Any, wrong: Any) -> Row:
    """Right and wrong flags."""
    right, false = int((found & wrong).sum()), int((found & ~wrong).sum())
    errors = int(wrong.sum())
    return {
        "errors": errors,
        "right": right,
        "false": false,
        "f1": 2 * right / (right + false + errors),
    }


def as_markdown(rows: list[Row]) -> str:
    """Sums and mean F1 over the seeds."""
    groups: dict[tuple[str, str, int, float], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["noise"], row["outlines"], row["folds"], row["C"]), []).append(row)
    table = []
    for (noise, outlines, folds, penalty), group in groups.items():
        right, false, errors = (
            sum(row[key] for row in group) for key in ("right", "false", "errors")
        )
        f1 = np.mean([row["f1"] for row in group])
        measures = [f"{value:.3f}" for value in (right / (right + false), right / errors, f1)]
        table.append([noise, len(group), outlines, folds, f"{penalty:g}", *measures])
    return markdown(["noise", "seeds", "outline seen by", "folds", "C", "P", "R", "F1"], table)


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    path = RESULTS.with_suffix(".jsonl")
    rows: list[Row] = []
    if path.is_file():
        rows = [json.loads(line) for line in path.read_text().splitlines()]
    for noise, seeds in SEEDS.items():
        for seed in seeds:
            of_unit = [row for row in rows if (row["noise"], row["seed"]) == (noise, seed)]
            done = {(row["outlines"], row["folds"], row["C"]) for row in of_unit}
            if done >= set(SETTINGS[noise]):
                continue
            fresh = list(rows_of(noise, seed, done))
            with path.open("a") as file:
                file.writelines(json.dumps(row) + "\n" for row in fresh)
            rows += fresh
    RESULTS.with_suffix(".md").write_text(as_markdown(rows))
    print(as_markdown(rows))


if __name__ == "__main__":
    main()
