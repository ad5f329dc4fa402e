"""`evaluate`: predictions, noisy labels or ejection fractions against the clean labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmark_n._version import __version__
from benchmark_n.benchmark import Benchmark, load
from benchmark_n.benchmark.labels import validation_file
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.predictions import read_predictions
from benchmark_n.errors import UsageError
from benchmark_n.evaluation import modes as evaluation_modes
from benchmark_n.evaluators.average_precision.engines import Engine
from benchmark_n.evaluators.average_precision.problem import IouType
from benchmark_n.files.provenance import file_digest
from benchmark_n.masks.boundary import DEFAULT_DILATION_RATIO

MODES = ("predictions", "compare", "masks", "ef")
AGAINST = ("clean", "noisy", "val")


@dataclass(frozen=True)
class Evaluation:
    """Results of one mode.

    Parameters
    ----------
    mode
        ``predictions``, ``compare``, ``masks`` or ``ef``.
    name
        Of the benchmark, or of the ground-truth file.
    results
        What the evaluator found, by IoU type, by compared name, or as a whole.
    provenance
        Version of the package; recipe, seed and source of the benchmark; SHA-256 of the files.
    """

    mode: str
    name: str
    results: Mapping[str, Any]
    provenance: Mapping[str, Any]

    @property
    def warnings(self) -> list[str]:
        """What was unusual about the input, each said once."""
        return list(dict.fromkeys(_warnings(self.results)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "mode": self.mode,
            "name": self.name,
            "provenance": dict(self.provenance),
            "results": dict(self.results),
        }


def _warnings(part: object) -> list[str]:
    if not isinstance(part, Mapping):
        return []
    own = list(part.get("warnings", ()))
    return own + [line for value in part.values() for line in _warnings(value)]


@dataclass(frozen=True)
class EvaluationInput:
    """What an evaluation is against: a benchmark's labels, or those of a file."""

    benchmark: Benchmark | None
    ground_truth: Path | None
    against: str

    @cached_property
    def truth(self) -> CocoFile:
        if self.ground_truth is not None:
            return read_coco(self.ground_truth)
        assert self.benchmark is not None
        if self.against == "val":
            return read_coco(validation_file(self.benchmark))
        return self.benchmark.clean() if self.against == "clean" else self.benchmark.noisy()

    @property
    def name(self) -> str:
        path = self.benchmark.path.resolve() if self.benchmark else self.ground_truth
        assert path is not None
        return path.name if self.benchmark else path.stem

    @property
    def dilation_ratio(self) -> float:
        recipe = self.benchmark.recipe if self.benchmark else {}
        return float(recipe.get("dilation_ratio", DEFAULT_DILATION_RATIO))

    def provenance(self) -> dict[str, Any]:
        found: dict[str, Any] = {"benchmark-n": __version__}
        if self.benchmark is not None:
            recipe = self.benchmark.recipe
            found |= {key: recipe.get(key) for key in ("benchmark", "name", "seed", "source")}
        if self.ground_truth is None:
            return {**found, "against": self.against}
        digest = file_digest(self.ground_truth)
        return {**found, "ground_truth": {"file": self.ground_truth.name, "sha256": digest}}


def evaluate(
    benchmark: Benchmark | Path | str | None = None,
    *,
    predictions: Path | str | None = None,
    compare: Mapping[str, Path | str] | None = None,
    masks: str | None = None,
    ef: bool = False,
    ground_truth: Path | str | None = None,
    against: str = "clean",
    iou_types: Sequence[IouType] | None = None,
    engine: Engine = "auto",
    protocol: str | None = None,
    max_detections: int | None = None,
    class_agnostic: bool = False,
    dilation_ratio: float | None = None,
    compat: str | None = None,
    length: str = "mean",
) -> Evaluation:
    """Evaluate predictions or the noisy labels of a benchmark.

    Parameters
    ----------
    benchmark
        A benchmark or its directory; not needed with `ground_truth`.
    predictions
        COCO results file: average precisions; with `ef`, the ejection fractions it gives.
    compare
        Name to COCO results file, the clean-trained model's first: the paper's Table 3.
    masks
        ``"noisy"``: how far the noisy labels are from the clean ones.
    ef
        Ejection fractions, of `predictions` or else of the noisy labels.
    ground_truth
        COCO file to evaluate against, instead of the benchmark's labels.
    against
        ``"clean"`` or ``"noisy"`` labels of the benchmark's training images, or ``"val"``: the
        clean ones of its validation images, on which trained models are judged.
    iou_types
        Of ``bbox``, ``segm``, ``boundary``; by default all that the predictions allow.
    engine, protocol, max_detections, class_agnostic, compat
        As in `benchmark_n.evaluators.average_precision.evaluate.evaluate_instances`.
    dilation_ratio
        Of the boundary; by default the benchmark's, else 0.02.
    length
        Of the long axis: ``mean``, ``max`` or ``camus``.

    Raises
    ------
    UsageError
        No mode or more than one, or a mode without the labels it needs.
    InputError
        Anything wrong with a file.
    """
    mode = _mode(predictions, compare, masks, ef)
    labels = _labels(benchmark, ground_truth, against)
    if against == "val" and predictions is None and not compare:
        raise UsageError("against val needs predictions: the labels are of other images")
    settings = {
        "engine": engine,
        "protocol": protocol,
        "max_detections": max_detections,
        "class_agnostic": class_agnostic,
        "dilation_ratio": labels.dilation_ratio if dilation_ratio is None else dilation_ratio,
        "compat": compat,
    }
    if mode == "masks":
        results = evaluation_modes.noisy_masks(labels.benchmark, masks)
    elif mode == "ef":
        results = evaluation_modes.ejection_fractions(
            labels.truth, labels.benchmark, predictions, length
        )
    elif mode == "compare":
        results = evaluation_modes.comparison(labels.truth, compare or {}, iou_types, settings)
    else:
        found = read_predictions(Path(predictions or ""), labels.truth)
        results = evaluation_modes.average_precisions(labels.truth, found, iou_types, settings)
    files = {"predictions": predictions} if predictions else dict(compare or {})
    digests = {name: file_digest(Path(path)) for name, path in files.items()}
    return Evaluation(mode, labels.name, results, {**labels.provenance(), "files": digests})


def _mode(
    predictions: Path | str | None,
    compare: Mapping[str, Path | str] | None,
    masks: str | None,
    ef: bool,
) -> str:
    chosen = [
        name
        for name, given in (
            ("predictions", predictions is not None and not ef),
            ("compare", bool(compare)),
            ("masks", masks is not None),
            ("ef", ef),
        )
        if given
    ]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} exclude one another: give one")
    if not chosen:
        raise UsageError("nothing to evaluate: give predictions, compare, masks or ef")
    return chosen[0]


def _labels(
    benchmark: Benchmark | Path | str | None, ground_truth: Path | str | None, against: str
) -> EvaluationInput:
    if against not in AGAINST:
        raise UsageError(f"against must be one of {', '.join(AGAINST)}, but got '{against}'")
    if benchmark is None and ground_truth is None:
        raise UsageError("give a benchmark or a ground-truth file")
    opened = load(benchmark) if isinstance(benchmark, Path | str) else benchmark
    return EvaluationInput(opened, None if ground_truth is None else Path(ground_truth), against)
