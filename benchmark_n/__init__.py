"""Benchmark-N: noisy annotations for instance segmentation, and what they do to models.

>>> import benchmark_n
>>> benchmark_n.make("scenes", "hard", seed=1)  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmark_n._version import __version__

if TYPE_CHECKING:
    from benchmark_n.benchmark import Benchmark, load
    from benchmark_n.datasets.request import SourceOptions
    from benchmark_n.detection.correct import correct
    from benchmark_n.detection.detect import detect
    from benchmark_n.detection.result import DetectionResult
    from benchmark_n.detection.score import evaluate_detectors
    from benchmark_n.evaluation.evaluate import Evaluation, evaluate
    from benchmark_n.generation.make import make
    from benchmark_n.generation.options import PublishOptions, RecipeOptions, WeakOptions
    from benchmark_n.generation.pair import import_pair
    from benchmark_n.report.leaderboard import read_leaderboard
    from benchmark_n.report.show import show
    from benchmark_n.review import export_review, import_decisions, judge
    from benchmark_n.runtime.execution import Execution

__all__ = [
    "Benchmark",
    "DetectionResult",
    "Evaluation",
    "Execution",
    "PublishOptions",
    "RecipeOptions",
    "SourceOptions",
    "WeakOptions",
    "__version__",
    "correct",
    "detect",
    "evaluate",
    "evaluate_detectors",
    "export_review",
    "import_decisions",
    "import_pair",
    "judge",
    "load",
    "make",
    "read_leaderboard",
    "show",
]

_HOMES = {
    "Benchmark": "benchmark_n.benchmark",
    "DetectionResult": "benchmark_n.detection.result",
    "Evaluation": "benchmark_n.evaluation.evaluate",
    "Execution": "benchmark_n.runtime.execution",
    "PublishOptions": "benchmark_n.generation.options",
    "RecipeOptions": "benchmark_n.generation.options",
    "SourceOptions": "benchmark_n.datasets.request",
    "WeakOptions": "benchmark_n.generation.options",
    "correct": "benchmark_n.detection.correct",
    "detect": "benchmark_n.detection.detect",
    "evaluate_detectors": "benchmark_n.detection.score",
    "evaluate": "benchmark_n.evaluation.evaluate",
    "export_review": "benchmark_n.review",
    "import_decisions": "benchmark_n.review",
    "judge": "benchmark_n.review",
    "read_leaderboard": "benchmark_n.report.leaderboard",
    "import_pair": "benchmark_n.generation.pair",
    "load": "benchmark_n.benchmark",
    "make": "benchmark_n.generation.make",
    "show": "benchmark_n.report.show",
}


def __getattr__(name: str) -> Any:
    """Import the public functions when first used: the command line starts without them."""
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'benchmark_n' has no attribute '{name}'")
