"""`evaluate`: one question about predictions, labels or ejection fractions, by what is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark_n.benchmark import Benchmark
from benchmark_n.coco import CocoFile
from benchmark_n.errors import UsageError
from benchmark_n.evaluation.ejection_fraction import evaluate_ejection_fraction
from benchmark_n.evaluation.evaluation_input import EvaluationInput
from benchmark_n.evaluation.labels import evaluate_labels
from benchmark_n.evaluation.predictions import compare_predictions, evaluate_predictions
from benchmark_n.evaluation.result import Evaluation
from benchmark_n.evaluators.average_precision.options import PrecisionOptions
from benchmark_n.evaluators.average_precision.problem import IouType
from benchmark_n.evaluators.slices import AgreementOptions


def evaluate(
    benchmark: Benchmark | Path | str | None = None,
    *,
    predictions: Path | str | None = None,
    compare: Mapping[str, Path | str] | None = None,
    masks: str | None = None,
    ef: bool = False,
    ground_truth: Path | str | CocoFile | None = None,
    against: str = "clean",
    iou_types: Sequence[IouType] | None = None,
    options: PrecisionOptions | AgreementOptions = PrecisionOptions(),
    length: str = "mean",
) -> Evaluation:
    """Evaluate predictions or the noisy labels of a benchmark, as the one function for it does.

    Parameters
    ----------
    benchmark, ground_truth, against
        See `EvaluationInput`.
    predictions, compare, iou_types
        See `evaluate_predictions` and `compare_predictions`.
    options
        `PrecisionOptions` of predictions and comparisons, else `AgreementOptions`.
    masks
        ``"noisy"``: see `evaluate_labels`.
    ef, length
        See `evaluate_ejection_fraction`; it is of `predictions` or else of the noisy labels.

    Raises
    ------
    UsageError
        No question or more than one, or one without the labels it needs.
    InputError
        Anything wrong with a file.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> round(evaluate(benchmark, masks="noisy").results["mean_iou"], 2)
    0.72
    """
    _check_one(predictions, compare, masks, ef)
    truth = EvaluationInput(benchmark, ground_truth, against)
    if ef:
        chosen = _agreement(options)
        return evaluate_ejection_fraction(truth, predictions, length=length, options=chosen)
    if masks is not None:
        return evaluate_labels(truth, _agreement(options))
    return _of_predictions(truth, predictions, compare, iou_types, options)


def _of_predictions(
    truth: EvaluationInput,
    predictions: Path | str | None,
    compare: Mapping[str, Path | str] | None,
    iou_types: Sequence[IouType] | None,
    options: PrecisionOptions | AgreementOptions,
) -> Evaluation:
    if isinstance(options, AgreementOptions):
        raise UsageError("`options` of predictions are `PrecisionOptions`")
    if compare:
        return compare_predictions(truth, compare, iou_types=iou_types, options=options)
    return evaluate_predictions(truth, predictions or "", iou_types=iou_types, options=options)


def _agreement(options: PrecisionOptions | AgreementOptions) -> AgreementOptions:
    """The options, or those of another question that all questions have."""
    if isinstance(options, AgreementOptions):
        return options
    return AgreementOptions(options.by, options.group_by, options.bootstrap, options.seed)


def _check_one(
    predictions: Path | str | None,
    compare: Mapping[str, Path | str] | None,
    masks: str | None,
    ef: bool,
) -> None:
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
        named = " and ".join(f"`{name}`" for name in chosen)
        raise UsageError(f"{named} exclude one another: give one")
    if not chosen:
        raise UsageError("nothing to evaluate: give `predictions`, `compare`, `masks` or `ef`")
    if masks not in (None, "noisy"):
        raise UsageError(f"masks must be noisy, but got '{masks}'")
