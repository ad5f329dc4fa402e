"""Fit the blind floor: trees on the geometry of noisy masks, for data that no table reports.

    python scripts/build/blind_floor.py

Fitted on drawn scenes and phantoms of data seeds from 101 on and on 100 images of LVIS
($BENCHMARK_N_SHARED_DATA), under the noise of seeds from 111 on; once on all three, and once
without each of them for benchmarks of that one. Writes ``evaluators/label_errors/blind_floor.json``
and, with how well each model does on the sample that it was fitted without,
``scripts/results/blind-floor.md``. Needs scikit-learn.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import average_precision_score, roc_auc_score

import benchmark_n
from benchmark_n import Benchmark, Execution, SourceOptions
from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.evaluators.label_errors import truth as error_truth
from benchmark_n.evaluators.label_errors.blind import ALL, DEPTH, BlindFloor, Fitted, Trees
from benchmark_n.evaluators.label_errors.geometry import FEATURES, geometry_features
from benchmark_n.experiments.seed_tables import markdown

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", "../shared/data"))
WEIGHTS = ROOT / "evaluators" / "label_errors" / "blind_floor.json"
TABLE = ROOT / "scripts" / "results" / "blind-floor.md"
LVIS = SHARED / "lvis_val_100" / "lvis_val_100.json"
# Sample to dataset, sources, the datasets that share its pictures, and words about it.
SAMPLES: dict[str, tuple[str, list[SourceOptions], list[str], str]] = {
    "scenes": (
        "scenes",
        [SourceOptions(data_seed=seed, num_images=150) for seed in (101, 102)],
        ["scenes"],
        "data seeds 101 and 102, 150 images each",
    ),
    "phantom": (
        "phantom",
        [SourceOptions(data_seed=seed, num_images=120) for seed in (101, 102)],
        ["phantom"],
        "data seeds 101 and 102, 120 images each",
    ),
    # COCO has the same photographs.
    "lvis": ("custom", [SourceOptions(annotations=LVIS)], ["lvis", "coco"], "100 images of val"),
}
TIERS = {"easy": 111, "mid": 112, "hard": 113, "sym-20": 114}
KINDS = ("class", "spatial", "any")
VERSION = 1
TREES, RATE, ROWS = 40, 0.15, 6000
Sample = tuple[NDArray[np.float64], NDArray[np.bool_]]


def benchmarks(name: str, folder: Path) -> Iterator[Benchmark]:
    """The noisy benchmarks of a sample."""
    dataset, sources, _, _ = SAMPLES[name]
    for number, source in enumerate(sources):
        for tier, seed in TIERS.items():
            yield benchmark_n.make(
                dataset,
                tier,
                seed=seed + 10 * number,
                out=folder / f"{name}-{number}-{tier}",
                source=source,
                execution=Execution(workers=1),
            )


def labelled(benchmark: Benchmark, kind: str) -> Sample:
    """Features and labels of what counts for a kind of error."""
    noisy = benchmark.noisy()
    masks = masks_of(noisy, range(len(noisy.annotations)))
    features = geometry_features(masks, noisy.category_ids, noisy.image_ids)
    rows = error_truth.surviving(benchmark.manifest())
    place = {identity: i for i, identity in enumerate(noisy.annotation_ids.tolist())}
    order = np.array([place[i] for i in rows["annotation_id"].to_pylist()])
    judge = {"class": error_truth.class_errors, "spatial": error_truth.spatial_errors}
    truth = judge.get(kind, error_truth.any_errors)(rows)
    return features[order][~truth.ignored], truth.wrong[~truth.ignored]


def gather(folder: Path) -> tuple[dict[str, dict[str, Sample]], dict[str, Fitted]]:
    """Sample to kind to its rows, at most `ROWS` of each, and what the samples are."""
    data: dict[str, dict[str, Sample]] = {}
    fitted = {}
    for number, (name, (_, _, datasets, about)) in enumerate(SAMPLES.items()):
        made = list(benchmarks(name, folder))
        digests = sorted({one.recipe["source"]["sha256"] for one in made})
        fitted[name] = Fitted(datasets, digests, about)
        data[name] = {}
        for kind in KINDS:
            # Class noise alone leaves the masks as they are: nothing to learn of those.
            used = [one for one in made if kind == "class" or "sym-20" not in one.path.name]
            parts = [labelled(one, kind) for one in used]
            rows = np.concatenate([part[0] for part in parts])
            wrong = np.concatenate([part[1] for part in parts])
            kept = np.random.default_rng([101, number]).permutation(len(rows))[:ROWS]
            data[name][kind] = rows[kept], wrong[kept]
    return data, fitted


def fit(samples: list[Sample]) -> Trees:
    """Boosted trees; each sample has the same weight."""
    rows = np.concatenate([sample[0] for sample in samples])
    wrong = np.concatenate([sample[1] for sample in samples])
    weights = np.concatenate([np.full(len(s[1]), 1 / len(s[1])) for s in samples])
    model = GradientBoostingClassifier(
        n_estimators=TREES,
        learning_rate=RATE,
        max_depth=DEPTH,
        min_samples_leaf=30,
        subsample=0.5,
        random_state=101,
    ).fit(rows, wrong, sample_weight=weights * len(rows) / weights.sum())
    share = np.average(wrong, weights=weights)
    trees = [_full(stage[0].tree_) for stage in model.estimators_]
    return Trees(
        _short(float(np.log(share / (1 - share)))),
        [tree[0] for tree in trees],
        [tree[1] for tree in trees],
        [tree[2] for tree in trees],
    )


def _full(tree: Any) -> tuple[list[int], list[float], list[float]]:
    """Features, thresholds and leaves of a full tree: a leaf that came early is both its sides."""
    nodes, features, thresholds = [0], [], []
    for _ in range(DEPTH):
        below = []
        for node in nodes:
            leaf = tree.children_left[node] < 0
            features.append(0 if leaf else int(tree.feature[node]))
            thresholds.append(0.0 if leaf else _short(float(tree.threshold[node])))
            below += [node] * 2 if leaf else [tree.children_left[node], tree.children_right[node]]
        nodes = below
    return features, thresholds, [_short(RATE * float(tree.value[n, 0, 0])) for n in nodes]


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data, fitted = gather(Path(folder))
    models = {
        out: {kind: fit([data[name][kind] for name in SAMPLES if name != out]) for kind in KINDS}
        for out in (ALL, *SAMPLES)
    }
    cells = []
    for name in SAMPLES:
        for kind in KINDS:
            rows, wrong = data[name][kind]
            scores = models[name][kind].predict(rows)
            share, area = wrong.mean(), average_precision_score(wrong, scores)
            lifted = (area - share) / (1 - share)
            auroc = roc_auc_score(wrong, scores)
            numbers = (f"{value:.3f}" for value in (share, area, lifted, auroc))
            cells.append([name, kind, len(rows), *numbers])
    heads = ["left out and judged on", "kind", "masks", "prevalence", "AUPRC", "lifted", "AUROC"]
    TABLE.write_text(markdown(heads, cells))
    print(TABLE.read_text())
    floor = BlindFloor(VERSION, list(FEATURES), fitted, models)
    WEIGHTS.write_bytes(msgspec.json.encode(floor) + b"\n")
    print(f"{WEIGHTS.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
