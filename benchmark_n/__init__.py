"""Benchmark-N: noisy annotations for instance segmentation, and what they do to models.

>>> import benchmark_n
>>> benchmark_n.make("scenes", "hard", seed=1)  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmark_n._version import __version__

if TYPE_CHECKING:
    from benchmark_n.benchmark import Benchmark, load
    from benchmark_n.cards.show import show
    from benchmark_n.coco.reading import ReadOptions
    from benchmark_n.datasets.request import SourceOptions
    from benchmark_n.detection.check import check
    from benchmark_n.detection.correct import correct
    from benchmark_n.detection.detect import detect
    from benchmark_n.detection.result import DetectionResult
    from benchmark_n.detection.score import evaluate_detectors
    from benchmark_n.evaluation.ejection_fraction import evaluate_ejection_fraction
    from benchmark_n.evaluation.evaluate import evaluate
    from benchmark_n.evaluation.evaluation_input import EvaluationInput
    from benchmark_n.evaluation.labels import evaluate_labels
    from benchmark_n.evaluation.predictions import compare_predictions, evaluate_predictions
    from benchmark_n.evaluation.result import Evaluation
    from benchmark_n.evaluators.average_precision.options import PrecisionOptions
    from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
    from benchmark_n.evaluators.label_errors.truth import SpatialTruth
    from benchmark_n.evaluators.slices import AgreementOptions
    from benchmark_n.evidence.options import EvidenceOptions
    from benchmark_n.experiments.compare import compare
    from benchmark_n.experiments.self_test import self_test
    from benchmark_n.generation.make import make
    from benchmark_n.generation.options import PublishOptions, RecipeOptions, WeakOptions
    from benchmark_n.generation.pair import import_pair
    from benchmark_n.report.leaderboard import read_leaderboard
    from benchmark_n.review import export_review, import_decisions, judge
    from benchmark_n.runtime.execution import Execution

__all__ = [
    "AgreementOptions",
    "Benchmark",
    "DetectionResult",
    "Evaluation",
    "EvaluationInput",
    "EvidenceOptions",
    "Execution",
    "LabelErrorOptions",
    "PrecisionOptions",
    "PublishOptions",
    "ReadOptions",
    "RecipeOptions",
    "SourceOptions",
    "SpatialTruth",
    "WeakOptions",
    "__version__",
    "check",
    "compare",
    "compare_predictions",
    "correct",
    "detect",
    "detect_jointly",
    "evaluate",
    "evaluate_detectors",
    "evaluate_ejection_fraction",
    "evaluate_labels",
    "evaluate_predictions",
    "export_review",
    "import_decisions",
    "import_pair",
    "judge",
    "load",
    "make",
    "read_leaderboard",
    "self_test",
    "show",
]

_HOMES = {
    "AgreementOptions": "benchmark_n.evaluators.slices",
    "Benchmark": "benchmark_n.benchmark",
    "DetectionResult": "benchmark_n.detection.result",
    "Evaluation": "benchmark_n.evaluation.result",
    "EvaluationInput": "benchmark_n.evaluation.evaluation_input",
    "EvidenceOptions": "benchmark_n.evidence.options",
    "Execution": "benchmark_n.runtime.execution",
    "LabelErrorOptions": "benchmark_n.evaluators.label_errors.options",
    "PrecisionOptions": "benchmark_n.evaluators.average_precision.options",
    "PublishOptions": "benchmark_n.generation.options",
    "ReadOptions": "benchmark_n.coco.reading",
    "RecipeOptions": "benchmark_n.generation.options",
    "SourceOptions": "benchmark_n.datasets.request",
    "SpatialTruth": "benchmark_n.evaluators.label_errors.truth",
    "WeakOptions": "benchmark_n.generation.options",
    "check": "benchmark_n.detection.check",
    "compare": "benchmark_n.experiments.compare",
    "compare_predictions": "benchmark_n.evaluation.predictions",
    "correct": "benchmark_n.detection.correct",
    "detect": "benchmark_n.detection.detect",
    "detect_jointly": "benchmark_n.detection.joint.run",
    "evaluate_detectors": "benchmark_n.detection.score",
    "evaluate": "benchmark_n.evaluation.evaluate",
    "evaluate_ejection_fraction": "benchmark_n.evaluation.ejection_fraction",
    "evaluate_labels": "benchmark_n.evaluation.labels",
    "evaluate_predictions": "benchmark_n.evaluation.predictions",
    "export_review": "benchmark_n.review",
    "import_decisions": "benchmark_n.review",
    "judge": "benchmark_n.review",
    "read_leaderboard": "benchmark_n.report.leaderboard",
    "import_pair": "benchmark_n.generation.pair",
    "load": "benchmark_n.benchmark",
    "make": "benchmark_n.generation.make",
    "self_test": "benchmark_n.experiments.self_test",
    "show": "benchmark_n.cards.show",
}


def __getattr__(name: str) -> Any:
    """Import the public functions when first used: the command line starts without them."""
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'benchmark_n' has no attribute '{name}'")


def __dir__() -> list[str]:
    """The public names, also of what has not been imported yet, and those of every module."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
