"""What each part of MIRROR is worth on a benchmark: d, alpha, both; one model to M; thresholds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.benchmark import Benchmark
from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.detectors.mirror import (
    Mirror,
    disagreement,
    flags,
    ranking,
    saliency_agreement,
    sweep,
)
from benchmark_n.errors import InputError
from benchmark_n.evaluation.label_errors import score_benchmark
from benchmark_n.evaluators.label_errors.blind import blind_scores
from benchmark_n.evaluators.label_errors.floors import without_flags
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.evaluators.label_errors.results import KindResult
from benchmark_n.evidence import Evidence

MODELS = "lite0,resnet:lite1,shufflenet:lite2,lite1,resnet:lite0"
RATES = ("precision", "recall", "f1")
RANKS = ("lifted_auprc", "f1_at_budget", "best_f1", "auprc", "auroc")
Row = dict[str, Any]
Measure = Callable[[NDArray[Any], NDArray[np.bool_]], Row]


def mirror_ablation(evidence: Evidence, benchmark: Benchmark) -> dict[str, list[Row]]:
    """Measures of class errors under parts of MIRROR.

    Parameters
    ----------
    evidence
        With `model_probs` and `saliency`.

    Returns
    -------
    dict
        ``parts``: d alone, alpha alone (flagged from tau on) and both (MIRROR), of all models.
        ``models``: the same, averaged over all subsets of 1 to M models. ``sweep``: flags at each
        pair of thresholds, of all models. ``floors``: what needs no model.

    Raises
    ------
    InputError
        The evidence holds no saliency.
    """
    if evidence.model_probs is None or evidence.saliency is None:
        raise InputError("the ablation of mirror needs saliency (`evidence=['saliency']`)")

    options = LabelErrorOptions(by=(), bootstrap=1)
    blind = blind_scores(benchmark.noisy(), benchmark.recipe)

    def score(scores: NDArray[Any], flagged: NDArray[np.bool_]) -> KindResult:
        table = annotation_scores(evidence, "class", scores, flagged)
        return score_benchmark(table, benchmark, options, blind=blind).kinds["class"]

    def measure(scores: NDArray[Any], flagged: NDArray[np.bool_]) -> Row:
        found = score(scores, flagged).measures
        return {name: found.get(name) for name in (*RATES, *RANKS)}

    nothing = np.zeros(len(evidence))

    count = len(evidence.model_probs)
    by_models = [
        row
        for size in range(1, count + 1)
        for row in _averaged(
            [_parts(evidence, chosen, measure) for chosen in combinations(range(count), size)], size
        )
    ]
    return {
        "parts": _parts(evidence, tuple(range(count)), measure),
        "models": by_models,
        "sweep": _sweep(evidence, measure),
        "floors": _floors(score(nothing, nothing > 0)),
    }


def _floors(found: KindResult) -> list[Row]:
    floors = {name: without_flags(name, own) for name, own in found.floors.items()}
    return [
        {"floor": name, **{key: own.get(key) for key in (*RATES, *RANKS)}}
        for name, own in floors.items()
    ]


def _parts(evidence: Evidence, chosen: tuple[int, ...], measure: Measure) -> list[Row]:
    assert evidence.model_probs is not None
    assert evidence.saliency is not None
    places = list(chosen)
    probs, maps = evidence.model_probs[places], evidence.saliency[places]
    detector = Mirror().fit(replace(evidence, model_probs=probs, saliency=maps))
    tau = detector.details_["tau"]
    found = disagreement(probs, evidence.labels).differs
    alpha = np.nan_to_num(saliency_agreement(maps))
    return [
        {"part": "d", **measure(found.astype(float), found)},
        {"part": "alpha", **measure(alpha, alpha >= tau)},
        {"part": "both", **measure(ranking(found, alpha), flags(found, alpha, tau))},
    ]


def _averaged(rows: list[list[Row]], size: int) -> list[Row]:
    """The mean of each part over the subsets."""
    averaged = []
    for same in zip(*rows, strict=True):
        means = {name: _mean([row[name] for row in same]) for name in (*RATES, *RANKS)}
        averaged.append({"models": size, "subsets": len(same), "part": same[0]["part"], **means})
    return averaged


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _sweep(evidence: Evidence, measure: Measure) -> list[Row]:
    assert evidence.model_probs is not None
    assert evidence.saliency is not None
    alpha = saliency_agreement(evidence.saliency)
    rows = []
    for step in sweep(evidence.model_probs, evidence.labels, alpha):
        found = disagreement(evidence.model_probs, evidence.labels, step["tau_star"]).differs
        flagged = flags(found, alpha, step["tau"])
        measured = measure(ranking(found, alpha), flagged)
        rows.append({**step, **{name: measured[name] for name in RATES}})
    return rows
