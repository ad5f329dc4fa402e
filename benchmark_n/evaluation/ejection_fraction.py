"""`evaluate_ejection_fraction`: of an echo benchmark's noisy labels, or of predictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmark_n.benchmark import Benchmark
from benchmark_n.coco import CocoFile
from benchmark_n.coco.lacking_masks import refuse_boxes
from benchmark_n.coco.predictions import read_predictions
from benchmark_n.coco.units import image_units
from benchmark_n.errors import UsageError
from benchmark_n.evaluation.evaluation_input import EvaluationInput, evaluation_input
from benchmark_n.evaluation.result import Evaluation, evaluation
from benchmark_n.evaluators.cardiac.frames import (
    EchoFrame,
    annotated_ventricles,
    predicted_ventricles,
    read_frames,
)
from benchmark_n.evaluators.slices import MADE, AgreementOptions, image_labels
from benchmark_n.masks import CropMask

if TYPE_CHECKING:
    from benchmark_n.evaluators.cardiac.evaluate import CardiacResult


def evaluate_ejection_fraction(
    truth: EvaluationInput | Benchmark | Path | str,
    predictions: Path | str | None = None,
    *,
    length: str = "mean",
    options: AgreementOptions = AgreementOptions(),
) -> Evaluation:
    """Errors of the ejection fraction, in percentage points, and of the ventricles behind it.

    Parameters
    ----------
    truth
        An echo benchmark or its directory, whose clean labels count, or other labels by
        `EvaluationInput`.
    predictions
        COCO results file; by default the benchmark's noisy labels are evaluated.
    length
        Of the long axis: ``mean``, ``max`` or ``camus``.
    options
        Fields of the images to slice the patients by, the tolerance of the surface Dice, and the
        bootstrap over patients or what `group_by` names.

    Raises
    ------
    UsageError
        Neither predictions nor noisy labels.
    InputError
        Anything wrong with a file.

    Examples
    --------
    >>> import json
    >>> heart = {"patient": "a", "view": "2CH", "spacing": [1, 1], "height": 60, "width": 60}
    >>> images = [{"id": i, "instant": at, **heart} for i, at in enumerate(("ED", "ES"))]
    >>> boxes = [[10, 10, right, 10, right, 50, 10, 50] for right in (30, 20)]  # at ES half as wide
    >>> drawn = [{"image_id": i, "category_id": 1, "segmentation": [boxes[i]]} for i in (0, 1)]
    >>> labels = {"annotations": [{"id": i, **drawn[i]} for i in (0, 1)], "images": images}
    >>> labels["categories"] = [{"id": 1, "name": "left ventricle"}]
    >>> still = [{**drawn[1], "image_id": i, "score": 1} for i in (0, 1)]  # does not beat
    >>> for name, content in (("labels.json", labels), ("found.json", still)):
    ...     _ = Path(name).write_text(json.dumps(content))
    >>> found = evaluate_ejection_fraction(EvaluationInput(None, "labels.json"), "found.json")
    >>> round(found.results["all_patients"]["bias"])  # percentage points
    -74
    """
    labels = evaluation_input(truth)
    found = _measured(labels, predictions, length, options)
    judged = "noisy labels" if predictions is None else "predictions"
    files = {} if predictions is None else {"predictions": predictions}
    return evaluation("ef", labels, {"evaluated": judged, **found.to_dict()}, files)


def _measured(
    labels: EvaluationInput,
    predictions: Path | str | None,
    length: str,
    options: AgreementOptions,
) -> CardiacResult:
    """The errors of all patients, and of the slices asked for."""
    # Brings parts of SciPy that take as long as a small evaluation; no other question wants them.
    from benchmark_n.evaluators.cardiac import evaluate as cardiac

    return cardiac.evaluate_ejection_fraction(
        _frames(labels, predictions),
        annotated_ventricles(labels.truth),
        _evaluated(labels, predictions),
        length=length,
        options=options,
        units=None if options.group_by is None else _units(labels.described, options.group_by),
        labels={name: _image_field(labels.described, name) for name in options.by},
    )


def _frames(labels: EvaluationInput, predictions: Path | str | None) -> list[EchoFrame]:
    if predictions is None:
        labels.require_predictions()
    refuse_boxes(labels.truth, "the ejection fraction")
    return read_frames(labels.described)


def _evaluated(labels: EvaluationInput, predictions: Path | str | None) -> dict[int, CropMask]:
    """The ventricles of the predictions, else of the noisy labels."""
    if predictions is not None:
        return predicted_ventricles(read_predictions(predictions, labels.truth), labels.truth)
    if labels.opened is None:
        raise UsageError("ef with a ground-truth file needs predictions")
    return annotated_ventricles(labels.opened.noisy())


def _units(truth: CocoFile, group_by: str) -> dict[int, str]:
    """Image id to the name of its unit."""
    ids = np.fromiter(truth.images, np.int64, len(truth.images))
    units = image_units(truth, ids, group_by)
    names = (units.names[code] for code in units.codes.tolist())
    return dict(zip(ids.tolist(), names, strict=True))


def _image_field(truth: CocoFile, name: str) -> dict[int, str]:
    if name in MADE:
        raise UsageError(
            f"`by` {name}: ejection fractions are of patients, by fields of the images"
        )
    return image_labels(truth, name)
