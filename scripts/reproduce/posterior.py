#!/usr/bin/env python3
"""How well `posterior` finds wrong categories in photographs, on each kind of evidence.

Settings were chosen on ``coco_mini``'s train split with noise seeds from 101 on; reported are its
val split (photographs that the object detectors have not seen), ``coco128`` (which they have),
and LVIS's own categories on val2017 photographs, seeds 1 to 5. Noise is drawn by the product's own
class confusion; ``told`` marks noise of the family that the detector fits. Beside each figure stand
cleanlab on the same evidence (the pool's own probabilities), paired by seed, and the floors: the
rate, and how rare the given category is.

    python scripts/reproduce/posterior.py [--choosing] [--only NAME] [--evidence-dir DIR]

The samples are read from $BENCHMARK_N_SHARED_DATA.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from cleanlab.rank import get_label_quality_scores
from sklearn.metrics import average_precision_score

from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.units import image_units
from benchmark_n.detectors.posterior.detector import Posterior
from benchmark_n.evidence import Evidence, InstanceSet
from benchmark_n.evidence.collect import gather
from benchmark_n.evidence.folds import plan_folds
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.noise.plan import decide
from benchmark_n.noise.recipe import load_recipe

SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", "../shared/data"))
RESULTS = Path(__file__).parents[1] / "results"
CONFUSIONS = SHARED / "cifar10n_confusion" / "random1.json"
DATA = {
    "coco_mini train": ("coco_mini/instances_train.json", "coco_mini/images"),
    "coco_mini val": ("coco_mini/instances_val.json", "coco_mini/images"),
    "coco128 (seen by the detectors)": ("coco128/instances_coco128.json", "coco128/images"),
    "lvis_double": ("lvis_double/A.json", "lvis_double/images"),
}
REPORTED = ("coco_mini val", "coco128 (seen by the detectors)", "lvis_double")
# Name to (scope of the confusion, rate, whether the detector fits noise of this family).
NOISES = {
    "none": ("all", 0.0, True),
    "20 % in supercategories": ("supercategory", 0.2, True),
    "20 % symmetric": ("all", 0.2, True),
    "2 % in supercategories": ("supercategory", 0.02, True),
    "40 % in supercategories": ("supercategory", 0.4, True),
    "40 % symmetric": ("all", 0.4, True),
    "20 % concentrated pairs": ("confusions", 0.2, False),
}
ALL = ("nanodet", "centernet")
EVIDENCE: dict[str, tuple[bool, tuple[str, ...]]] = {
    "crops": (True, ()),
    "NanoDet": (False, ("nanodet",)),
    "both detectors": (False, ALL),
    "crops and NanoDet": (True, ("nanodet",)),
    "crops and both detectors": (True, ALL),
}
# Beside these noises all evidence is combined.
MAIN = ("none", "20 % in supercategories", "20 % symmetric")
COMBINED = ("crops and NanoDet", "crops and both detectors")
Noise = Callable[[int], np.ndarray]


def main() -> None:
    """Measure all, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--choosing", action="store_true", help="the data settings are chosen on")
    parser.add_argument("--only", help="one of the data sets, printed but not written")
    parser.add_argument("--evidence-dir", type=Path)
    asked = parser.parse_args()
    names = ("coco_mini train",) if asked.choosing else (asked.only,) if asked.only else REPORTED
    seeds = range(101, 106) if asked.choosing else range(1, 6)
    rows = [row for name in names for row in measured(name, seeds, asked.evidence_dir)]
    if asked.only:
        print(json.dumps(rows, indent=1))
        return
    stem = RESULTS / ("posterior-choosing" if asked.choosing else "posterior")
    stem.with_suffix(".json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    stem.with_suffix(".md").write_text(markdown(rows), encoding="utf-8")


def measured(name: str, seeds: range, folder: Path | None) -> Iterator[dict[str, Any]]:
    """A row for each noise and kind of evidence."""
    file, images = (SHARED / part for part in DATA[name])
    coco = with_pictures(read_coco(file), images)
    known = not name.startswith("lvis")
    sources = ("features", f"detections:{','.join(ALL)}") if known else ("features",)
    started = time.process_time()
    options = EvidenceOptions(sources, evidence_dir=folder)
    evidence = gather(coco, options, (), images=images)
    spent = round(1000 * (time.process_time() - started) / len(evidence), 1)
    kinds = EVIDENCE if known else {"crops": EVIDENCE["crops"]}
    for noise, (scope, rate, told) in NOISES.items():
        if scope == "supercategory" and not known:
            continue
        base, some = ten_categories(evidence, coco) if scope == "confusions" else (evidence, coco)
        draw = noise_of(base, some, scope, rate)
        for kind, choice in kinds.items():
            if noise not in MAIN and kind in COMBINED:
                continue
            used = seeds if rate else seeds[:1]
            figures = [one(base, some, draw(seed), choice) for seed in used]
            row = {"data": name, "noise": noise, "told": told, "evidence": kind}
            yield {**row, "annotations": len(base), "evidence_cpu_s": spent, **joined(figures)}
    if known:
        draw = noise_of(evidence, coco, "all", 0.2)
        figures = [given_predictions(evidence, draw(seed), seed) for seed in seeds]
        row = {"data": name, "noise": "20 % symmetric", "told": True}
        yield {**row, "evidence": "near-perfect predictions", **joined(figures)}


def with_pictures(coco: CocoFile, images: Path) -> CocoFile:
    """The annotations of the images that are there, with the categories that they use."""
    there = {i for i, image in coco.images.items() if (images / str(image.file_name)).is_file()}
    kept = coco.take(np.flatnonzero(np.isin(coco.image_ids, list(there))))
    if len(kept.categories) < 100:
        return kept
    used = set(kept.category_ids.tolist())
    return replace(kept, categories={i: c for i, c in kept.categories.items() if i in used})


def noise_of(evidence: Evidence, coco: CocoFile, scope: str, rate: float) -> Noise:
    """Given labels (N,) by seed."""
    if scope == "confusions":
        return lambda seed: confused(evidence.labels, rate, seed)
    settings = {"class_confusion.scope": scope, "class_confusion.probability": rate}
    recipe = load_recipe("sym-20", overrides=settings)
    order = np.argsort(evidence.category_ids)

    def draw(seed: int) -> np.ndarray:
        given = decide(recipe, coco, seed).noisy_category_ids[~coco.crowd]
        return order[np.searchsorted(evidence.category_ids, given, sorter=order)]

    return draw


def ten_categories(evidence: Evidence, coco: CocoFile) -> tuple[Evidence, CocoFile]:
    """The annotations of the ten categories that have the most."""
    counts = np.bincount(evidence.labels, minlength=len(evidence.category_ids))
    top = np.sort(np.argsort(-counts, kind="stable")[:10])
    kept = np.flatnonzero(np.isin(evidence.labels, top))
    part = coco.take(np.flatnonzero(np.isin(coco.annotation_ids, evidence.annotation_ids[kept])))
    said = tuple(
        replace(one, support=one.support[kept][:, top], known=one.known[top])
        for one in evidence.detections or ()
    )
    own = {
        name: getattr(evidence, name)[kept]
        for name in ("annotation_ids", "image_ids", "boxes", "features")
    }
    made = Evidence(
        **own,
        labels=np.searchsorted(top, evidence.labels[kept]),
        category_ids=evidence.category_ids[top],
        category_names=tuple(evidence.category_names[i] for i in top),
        supercategories=tuple(evidence.supercategories[i] for i in top),
        masks=tuple(evidence.masks[i] for i in kept),
        detections=said,
    )
    return made, part


def confused(labels: np.ndarray, rate: float, seed: int) -> np.ndarray:
    """Labels wrong as people were in CIFAR-10N: 10 of 90 cells hold 41 % of the errors."""
    counts = np.array(json.loads(CONFUSIONS.read_text())["counts"], float)
    np.fill_diagonal(counts, 0)
    chances = counts / counts.sum(axis=1, keepdims=True)
    rng = np.random.default_rng([seed, 41])
    name = rng.permutation(10)  # which of ours stands for which of theirs
    place = np.argsort(name)
    given = labels.copy()
    for i in np.flatnonzero(rng.random(len(labels)) < rate):
        given[i] = name[rng.choice(10, p=chances[place[labels[i]]])]
    return given


def one(
    base: Evidence, coco: CocoFile, labels: np.ndarray, choice: tuple[bool, tuple[str, ...]]
) -> dict[str, float]:
    """The figures of one seed."""
    crops, detectors = choice
    folds = plan_folds(labels, image_units(coco, base.image_ids), base.category_names, 5, 0)[0]
    said = tuple(d for d in base.detections or () if d.detector in detectors)
    given = replace(
        base,
        labels=labels,
        folds=folds,
        features=base.features if crops else None,
        detections=said or None,
    )
    return scored(given, labels != base.labels)


def given_predictions(base: Evidence, labels: np.ndarray, seed: int) -> dict[str, float]:
    """With predictions that are right, of masks as annotated: 3 % of another category."""
    rng = np.random.default_rng([seed, 97])
    said = np.where(
        rng.random(len(labels)) < 0.03,
        rng.integers(0, len(base.category_ids), len(labels)),
        base.labels,
    )
    predictions = InstanceSet(
        image_ids=base.image_ids,
        labels=said,
        scores=rng.uniform(0.5, 1.0, len(labels)),
        boxes=base.boxes.astype(float),
        masks=base.masks,
        annotators=np.zeros(len(labels), np.int64),
    )
    given = replace(base, labels=labels, features=None, detections=None, predictions=predictions)
    return scored(given, labels != base.labels)


def scored(given: Evidence, wrong: np.ndarray) -> dict[str, float]:
    """AUPRC of the detector, of cleanlab on the pool that it made, and of the floors."""
    started = time.process_time()
    found = Posterior().fit(given)
    spent = time.process_time() - started
    scores, flagged = (found.scores_[name].to_numpy() for name in ("score", "flagged"))
    low, high = found.details_["interval_95"]
    figures = {
        "errors": int(wrong.sum()),
        "expected": found.details_["expected_errors"],
        "in_interval": float(low <= wrong.sum() <= high),
        "flagged": float(flagged.mean()),
        "fit_cpu_s_per_1000": 1000 * spent / len(wrong),
    }
    if not wrong.any():
        return figures
    probs = found.pool_
    used = np.unique(given.labels)
    share = probs[:, used] / np.maximum(probs[:, used].sum(axis=1, keepdims=True), 1e-12)
    place = np.searchsorted(used, given.labels)
    for method in ("self_confidence", "normalized_margin"):
        quality = get_label_quality_scores(place, share, method=method)
        figures[f"cleanlab_{method}"] = average_precision_score(wrong, 1 - quality)
    rare = -np.bincount(given.labels)[given.labels]
    order = np.argsort(-scores, kind="stable")[:50]
    return figures | {
        "auprc": average_precision_score(wrong, scores),
        "p_at_50": float(wrong[order].mean()),
        "f1": float(2 * (flagged & wrong).sum() / (flagged.sum() + wrong.sum())),
        "floor_rate": float(wrong.mean()),
        "floor_rare_category": average_precision_score(wrong, rare),
    }


def joined(figures: list[dict[str, float]]) -> dict[str, Any]:
    """Means over the seeds, deviations of the AUPRC, and the paired lead over cleanlab."""
    made: dict[str, Any] = {
        name: round(float(np.mean([one[name] for one in figures])), 4) for name in figures[0]
    }
    if "auprc" in made:
        made["auprc_sd"] = round(float(np.std([one["auprc"] for one in figures], ddof=1)), 4)
        best = [
            max(one["cleanlab_self_confidence"], one["cleanlab_normalized_margin"])
            for one in figures
        ]
        leads = [one["auprc"] - other for one, other in zip(figures, best, strict=True)]
        made["lead_over_cleanlab"] = [round(float(lead), 4) for lead in leads]
    return made


def markdown(rows: list[dict[str, Any]]) -> str:
    """The table of the docs page."""
    lines = [
        "| data | noise | evidence | posterior | cleanlab | smallest lead | P@50 | expected |"
        " errors | flagged | floors: rate, rarity |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        told = "" if row["told"] else " (not told)"
        head = f"| {row['data']} | {row['noise']}{told} | {row['evidence']} |"
        tail = f" {row['expected']:.0f} | {row['errors']:.0f} | {row['flagged']:.1%} |"
        if "auprc" not in row:
            lines.append(f"{head} | | | |{tail} |")
            continue
        rival = max(row["cleanlab_self_confidence"], row["cleanlab_normalized_margin"])
        lines.append(
            f"{head} {row['auprc']:.3f} ± {row['auprc_sd']:.3f} | {rival:.3f} "
            f"| {min(row['lead_over_cleanlab']):+.3f} | {row['p_at_50']:.2f} |{tail} "
            f"{row['floor_rate']:.2f}, {row['floor_rare_category']:.2f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
