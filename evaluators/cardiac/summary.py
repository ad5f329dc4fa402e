"""Patients and frames of an evaluation of the ejection fraction (EF), and their summary.

References
----------
.. [1] Bland, Altman: Statistical Methods for Assessing Agreement between Two Methods of Clinical
       Measurement, Lancet 1986.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark_n.evaluators.cardiac.frames import INSTANTS

CLINICAL_LINES = (40.0, 50.0)


@dataclass(frozen=True)
class Function:
    """Volumes (ml) and EF (percent) of a patient; None where no view shows the ventricle.

    `planes` is the number of views that the volumes rest on, at ED and ES.
    """

    edv: float | None
    esv: float | None
    ef: float | None
    planes: tuple[int, int]


@dataclass(frozen=True)
class PatientResult:
    """A patient by the reference masks and by the evaluated ones.

    `error` is the difference of the two EFs in percentage points; `info_ef` is the dataset's own
    figure; `poor` tells whether any of the frames is of poor quality.
    """

    patient: str
    poor: bool
    info_ef: float | None
    reference: Function
    evaluated: Function
    error: float | None


@dataclass(frozen=True)
class FrameAgreement:
    """Dice coefficient and Hausdorff distances (mm) of one frame; None with only one mask."""

    patient: str
    instant: str
    dice: float | None
    distances: tuple[float, float] | None


def summarise(
    patients: Sequence[PatientResult], agreement: Sequence[FrameAgreement]
) -> dict[str, Any]:
    """Errors over patients and agreement over frames.

    ``ef_mae`` is the mean absolute error in percentage points over the patients with an EF on both
    sides; ``missing`` counts the others and ``esv_above_edv`` those of negative EF, which stay in.
    A frame with a mask on one side alone has Dice 0 and no distance.
    """
    errors = np.array([p.error for p in patients if p.error is not None], float)
    info = [
        p.evaluated.ef - p.info_ef
        for p in patients
        if p.evaluated.ef is not None and p.info_ef is not None
    ]
    return {
        "patients": len(patients),
        "with_ef": len(errors),
        "missing": len(patients) - len(errors),
        "single_plane": sum(1 in p.evaluated.planes for p in patients),
        "esv_above_edv": sum(p.evaluated.ef is not None and p.evaluated.ef < 0 for p in patients),
        "ef_mae": float(np.abs(errors).mean()) if len(errors) else None,
        "ef_mae_info": float(np.abs(info).mean()) if info else None,
        **bland_altman(errors),
        "crossings": [_crossings(patients, line) for line in CLINICAL_LINES],
        **{name: _frames([a for a in agreement if a.instant == name]) for name in INSTANTS},
    }


def bland_altman(differences: Any) -> dict[str, float | None]:
    """Bias and 95 % limits of agreement: mean and mean -+ 1.96 standard deviations."""
    if len(differences) < 2:
        bias = float(differences[0]) if len(differences) else None
        return {"bias": bias, "lower_limit": None, "upper_limit": None}
    bias, spread = float(np.mean(differences)), 1.96 * float(np.std(differences, ddof=1))
    return {"bias": bias, "lower_limit": bias - spread, "upper_limit": bias + spread}


def _crossings(patients: Sequence[PatientResult], line: float) -> dict[str, float | int]:
    """How many patients lie on the other side of an EF line than by the reference."""
    pairs = [
        (p.reference.ef, p.evaluated.ef)
        for p in patients
        if p.reference.ef is not None and p.evaluated.ef is not None
    ]
    return {
        "line": line,
        "up": sum(a < line <= b for a, b in pairs),
        "down": sum(b < line <= a for a, b in pairs),
    }


def _frames(agreement: Sequence[FrameAgreement]) -> dict[str, float | int | None]:
    dice = [a.dice for a in agreement if a.dice is not None]
    distances = [a.distances for a in agreement if a.distances is not None]
    mean = np.mean(distances, axis=0).tolist() if distances else [None, None]
    return {
        "frames": len(agreement),
        "without_distance": len(agreement) - len(distances),
        "dice": float(np.mean(dice)) if dice else None,
        "hausdorff_mm": mean[0],
        "hausdorff_95_mm": mean[1],
    }
