"""Errors of the ejection fraction (EF) with their intervals over patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.units import numbered
from benchmark_n.evaluators.cardiac.patients import PatientResult
from benchmark_n.evaluators.label_errors.bootstrap import bootstrap, interval
from benchmark_n.evaluators.slices import Interval, Slice, worst_first

Values = NDArray[np.float64]
Weights = NDArray[np.int64]
REPLICATES = 1000
SEVERAL = "(several)"
MEASURES = ("ef_mae", "bias", "ef_mae_missing_at_mean", "missing_share")


def ef_measures(patients: Sequence[PatientResult], weights: Weights) -> dict[str, Values]:
    """Measures of patients (P) that are each taken as often as `weights` (R, P) say.

    Returns
    -------
    dict
        float64 (R,): ``ef_mae``, over patients with an EF by both; ``bias``, the mean error;
        ``ef_mae_missing_at_mean``, in which patients without an EF of the evaluated masks have the
        mean EF of the reference, so that nobody gains by losing patients; ``missing_share``.

    Examples
    --------
    >>> from benchmark_n.evaluators.cardiac.patients import Function
    >>> true, larger = Function(100.0, 50.0, 50.0, (1, 1)), Function(100.0, 40.0, 60.0, (1, 1))
    >>> first = PatientResult("a", False, None, true, larger, 10.0)
    >>> second = PatientResult("b", False, None, larger, larger, 0.0)
    >>> ef_measures([first, second], np.array([[1, 1], [2, 0]]))["ef_mae"].tolist()
    [5.0, 10.0]
    """
    errors = _floats([p.error for p in patients])
    reference = _floats([p.reference.ef for p in patients])
    with_error, with_reference = ~np.isnan(errors), ~np.isnan(reference)
    known = np.nan_to_num(reference)
    count, cohort = weights @ with_error, weights @ with_reference
    mean = _ratio(weights @ known, cohort)
    lost = with_reference & ~with_error
    guessed = np.abs(mean[:, None] - known[lost])
    total = weights @ np.abs(np.nan_to_num(errors))
    at_mean = total + (weights[:, lost] * guessed).sum(axis=1)
    everybody = weights.sum(axis=1)
    return {
        "ef_mae": _ratio(total, count),
        "bias": _ratio(weights @ np.nan_to_num(errors), count),
        "ef_mae_missing_at_mean": _ratio(at_mean, count + weights @ lost),
        "missing_share": _ratio(everybody - count, everybody),
    }


@dataclass(frozen=True)
class Cohort:
    """How patients are drawn again.

    Parameters
    ----------
    units
        Patient to what is independent: itself, or what it belongs to.
    field
        Image field that tells it.
    replicates, seed
        Of the bootstrap.
    """

    units: Mapping[str, str]
    field: str = "patient"
    replicates: int = REPLICATES
    seed: int = 0

    def count(self, patients: Sequence[PatientResult]) -> int:
        """Number of units that the patients are of."""
        return len({self.units[p.patient] for p in patients})

    def measures(
        self, patients: Sequence[PatientResult]
    ) -> tuple[dict[str, float | None], dict[str, Interval]]:
        """`ef_measures` of all patients, and their 95 % bootstrap intervals over units."""
        if not patients:
            return dict.fromkeys(MEASURES), dict.fromkeys(MEASURES)
        ones = np.ones((1, len(patients)), np.int64)
        own = {n: _plain(values[0]) for n, values in ef_measures(patients, ones).items()}
        names = numbered((self.units[p.patient] for p in patients), self.field)

        def measure(weights: Weights) -> dict[str, Values]:
            return ef_measures(patients, weights[:, names.codes])

        drawn = bootstrap(measure, len(names), len(patients), self.replicates, self.seed)
        return own, {name: interval(drawn[name]) for name in own}

    def slices(self, patients: Sequence[PatientResult], labels: Mapping[str, str]) -> list[Slice]:
        """By what `labels` say of each patient, the largest error first."""
        found = []
        for value in sorted(set(labels.values())):
            own = [p for p in patients if labels[p.patient] == value]
            measures, intervals = self.measures(own)
            missing = sum(p.error is None for p in own)
            counts = {"units": self.count(own), "patients": len(own), "missing": missing}
            found.append(Slice(value, counts, measures, intervals))
        return worst_first(found, "ef_mae", larger_is_worse=True)


def patient_labels(
    of_images: Mapping[int, str], images: Mapping[str, Sequence[int]]
) -> dict[str, str]:
    """Patient to the label of its images; `SEVERAL` where these differ."""
    found = {patient: {of_images[i] for i in own} for patient, own in images.items()}
    return {p: next(iter(own)) if len(own) == 1 else SEVERAL for p, own in found.items()}


def _floats(values: Sequence[float | None]) -> Values:
    return np.array([np.nan if value is None else value for value in values], float)


def _ratio(above: Any, below: Any) -> Values:
    above, below = np.asarray(above, float), np.asarray(below, float)
    ratio = np.full(above.shape, np.nan)
    np.divide(above, below, out=ratio, where=below > 0)
    return ratio


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
