"""Choose how MIRROR's thresholds are found, on scenes and noise that no table reports.

The scenes are of data seed 100 and the noise of seeds from 101 on. What each rule for tau, and each
tau*, makes of the same classifiers is appended to ``scripts/results/selection-mirror-tau.jsonl``,
so that a stopped run goes on.

    python scripts/reproduce/select_mirror_tau.py
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from mirror import LITE, Row
from mirror_units import Unit, explained
from select_mirror import counted, is_wrong, scenes_under

from benchmark_n.detectors.common.agreement_thresholds import Rule, agreement_threshold
from benchmark_n.detectors.mirror import agreement, disagreement, flags, saliency_agreement
from benchmark_n.experiments.seed_tables import markdown

RESULTS = Path(__file__).parents[1] / "results" / "selection-mirror-tau"
NOISES = {"sym-5": (101, 102, 103), "sym-20": (101,)}
LEVELS = (0.01, 0.05, 0.1, 0.25, 0.5)
RULES: tuple[tuple[Rule, float], ...] = (
    *(("quantile", level) for level in LEVELS),
    ("otsu", 0.0),
    ("mixture", 0.0),
)
# At the other tau* alone.
BEYOND: tuple[tuple[Rule, float], ...] = (("quantile", 0.05),)
STARS = (0.0, 0.2, 0.3, 0.4, 0.5)


def rows_of(noise: str, seed: int) -> Iterator[Row]:
    """Every rule at tau* 0, and every tau* with the first rule's level of a twentieth."""
    with tempfile.TemporaryDirectory() as folder:
        benchmark = scenes_under(noise, seed, Path(folder) / "b")
        unit = Unit(benchmark)
        wrong = is_wrong(benchmark.manifest(), unit.base.annotation_ids)
        evidence = explained(unit, LITE)
    probs, labels, maps = evidence.model_probs, evidence.labels, evidence.saliency
    assert probs is not None
    assert maps is not None
    alpha, agreed = saliency_agreement(maps), agreement(probs, labels)
    unit_of: Row = {"noise": noise, "seed": seed}
    for star in STARS:
        differs = disagreement(probs, labels, star).differs
        setting: Row = {**unit_of, "tau*": star}
        yield {**setting, "rule": "d alone", "level": None, "tau": 0.0, **counted(differs, wrong)}
        for rule, level in RULES if star == 0 else BEYOND:
            tau = agreement_threshold(alpha, agreed, differs, rule, level)
            found = counted(flags(differs, alpha, tau), wrong)
            yield {**setting, "rule": rule, "level": level or None, "tau": tau, **found}


def as_markdown(rows: list[Row]) -> str:
    """Sums and mean F1 over the seeds."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        key = tuple(row[name] for name in ("noise", "tau*", "rule", "level"))
        groups.setdefault(key, []).append(row)
    table = []
    for (noise, star, rule, level), group in groups.items():
        right, false, errors = (
            sum(row[key] for row in group) for key in ("right", "false", "errors")
        )
        values = (
            *(np.mean([row["tau"] for row in group]), right / max(right + false, 1)),
            *(right / errors, np.mean([row["f1"] for row in group])),
        )
        cells = [f"{value:.3f}" for value in values]
        table.append([noise, len(group), star, rule, level or "-", *cells])
    heads = ["noise", "seeds", "tau*", "rule", "level", "tau", "P", "R", "F1"]
    return markdown(heads, table)


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    path = RESULTS.with_suffix(".jsonl")
    rows: list[Row] = []
    if path.is_file():
        rows = [json.loads(line) for line in path.read_text().splitlines()]
    done = {(row["noise"], row["seed"]) for row in rows}
    for noise, seeds in NOISES.items():
        for seed in seeds:
            if (noise, seed) in done:
                continue
            fresh = list(rows_of(noise, seed))
            with path.open("a") as file:
                file.writelines(json.dumps(row) + "\n" for row in fresh)
            rows += fresh
            print(f"{noise}, seed {seed}: done", flush=True)
    RESULTS.with_suffix(".md").write_text(as_markdown(rows))
    print(as_markdown(rows))


if __name__ == "__main__":
    main()
