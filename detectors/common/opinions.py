"""What each of several models takes an annotation for, for people to read beside a score."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence import DetectionEvidence, Evidence
from benchmark_n.evidence.detections.boxes import LEAST_SCORE
from benchmark_n.evidence.detections.instances import detections_of_instances
from benchmark_n.tables.scores import Opinion

_NONE = -1


def opinions(evidence: Evidence) -> list[list[Opinion]]:
    """The likeliest category by each model that says anything, of each of N annotations.

    Models are object detectors, given predictions, the classifier of ``pred_probs`` and the M
    models of ``model_probs``. A detector has an opinion where its support of some category, its
    probability times the IoU, is above `LEAST_SCORE`: elsewhere it sees nothing.

    Examples
    --------
    >>> opinions(evidence)[0]  # doctest: +SKIP
    [{'model': 'nanodet', 'category': 47}, {'model': 'centernet', 'category': 47}]
    """
    made: list[list[Opinion]] = [[] for _ in range(len(evidence))]
    for model, categories in _models(evidence):
        for own, place in zip(made, categories.tolist(), strict=True):
            if place != _NONE:
                own.append(Opinion(model=model, category=int(evidence.category_ids[place])))
    return made


def _models(evidence: Evidence) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Name of each model, and index of its likeliest category (N,)."""
    for one in evidence.detections or ():
        yield one.detector, _supported(one)
    if evidence.predictions is not None:
        said = detections_of_instances("predictions", evidence.predictions, evidence)
        yield said.detector, _supported(said)
    if evidence.pred_probs is not None:
        yield "pred_probs", evidence.pred_probs.argmax(axis=1)
    for number, probs in enumerate(_each(evidence.model_probs), start=1):
        yield f"model {number}", probs.argmax(axis=1)


def _supported(said: DetectionEvidence) -> NDArray[np.int64]:
    support = np.where(said.known, said.support, 0.0)
    return np.where(support.max(axis=1) > LEAST_SCORE, support.argmax(axis=1), _NONE)


def _each(probs: Any) -> Any:
    return () if probs is None else probs
