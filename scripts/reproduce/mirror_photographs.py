"""Why MIRROR finds nothing on photographs of many categories: what its classifiers know there.

    python scripts/reproduce/mirror_photographs.py [--evidence DIR]

On coco128 at the hard tier, noise seed 1, with the default classifiers out of fold, beside
confident learning's 1 - p(given) on the mean of the same classifiers, and the same with its scores
shuffled within each given category: what is left then is told by the category alone. Figures go to
``scripts/results/mirror-photographs.json``. About seven CPU minutes where the evidence is not kept.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from grid_sets import SETS
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from benchmark_n import Benchmark, EvidenceOptions
from benchmark_n.detectors import build_detector
from benchmark_n.detectors.mirror import disagreement
from benchmark_n.evaluators.label_errors.ranking import lifted
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.collect import AUTOMATIC, gather
from benchmark_n.files.cache import cache_folder

OUT = Path(__file__).parents[1] / "results" / "mirror-photographs.json"
SHUFFLES = 20
Values = NDArray[Any]


def lifted_ap(wrong: Values, score: Values) -> float:
    """Average precision by scikit-learn, lifted over the share of errors."""
    return float(lifted(average_precision_score(wrong, score), wrong.mean()))


def shuffled_within(score: Values, labels: Values, rng: np.random.Generator) -> Values:
    """The scores, exchanged among annotations of the same category."""
    made = score.copy()
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        made[places] = rng.permutation(score[places])
    return made


def measured(evidence: Evidence, true: Values) -> dict[str, Any]:
    """Figures of classifiers (M, N, K) against the true categories, int64 (N,)."""
    probs, labels = evidence.model_probs, evidence.labels
    assert probs is not None
    wrong = labels != true
    named = probs.argmax(axis=2)
    d = disagreement(probs, labels)
    unsure = 1 - probs.mean(axis=0)[np.arange(len(labels)), labels].astype(np.float64)
    rng = np.random.default_rng(0)
    left = [lifted_ap(wrong, shuffled_within(unsure, labels, rng)) for _ in range(SHUFFLES)]
    scores = build_detector("mirror").fit(evidence).scores_["score"].to_numpy()
    return {
        "annotations": len(labels),
        "wrong": int(wrong.sum()),
        "largest_category": np.bincount(true).max() / len(true),
        "accuracy": [float((one == true).mean()) for one in named],
        "all_name_one": float((named == named[0]).all(axis=0).mean()),
        "d": int(d.differs.sum()),
        "d_and_wrong": int((d.differs & wrong).sum()),
        "d_names_the_true_category": int((d.differs & (d.categories == true)).sum()),
        "wrong_of_d_at_best_lifted_ap": lifted_ap(wrong, d.differs * (1.0 + wrong)),
        "mirror_lifted_ap": lifted_ap(wrong, scores),
        "unsure_lifted_ap": lifted_ap(wrong, unsure),
        "unsure_shuffled_within_categories": [float(np.mean(left)), float(np.std(left))],
    }


def true_categories(benchmark: Benchmark, evidence: Evidence) -> Values:
    """Places of the true categories among those of the evidence, int64 (N,)."""
    columns = ["annotation_id", "category_id"]
    rows = benchmark.manifest(columns).to_pylist()
    known = {row["annotation_id"]: row["category_id"] for row in rows}
    place = {identity: n for n, identity in enumerate(evidence.category_ids)}
    return np.array([place[known[int(one)]] for one in evidence.annotation_ids], np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--evidence", type=Path, default=cache_folder() / "evidence")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        benchmark = SETS["coco128"].make("hard", 1, Path(folder) / "benchmark")
        options = EvidenceOptions(("saliency",), evidence_dir=arguments.evidence)
        fields = AUTOMATIC["saliency"]
        evidence = gather(benchmark.noisy(), options, fields, images=benchmark.images)
        found = measured(evidence, true_categories(benchmark, evidence))
    text = json.dumps(found, indent=1)
    arguments.out.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
