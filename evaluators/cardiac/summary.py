"""Summary of an evaluation of the ejection fraction (EF).

References
----------
.. [1] Bland, Altman: Statistical Methods for Assessing Agreement between Two Methods of Clinical
       Measurement, Lancet 1986.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmark_n.coco.units import FEW
from benchmark_n.evaluators.cardiac.frames import INSTANTS
from benchmark_n.evaluators.cardiac.patients import FrameAgreement, PatientResult
from benchmark_n.evaluators.cardiac.resampling import Cohort

CLINICAL_LINES = (40.0, 50.0)
DISTANCES = ("hausdorff_mm", "hausdorff_95_mm", "assd_mm")


def summarise(
    patients: Sequence[PatientResult],
    agreement: Sequence[FrameAgreement],
    cohort: Cohort,
) -> dict[str, Any]:
    """Errors over patients and agreement over frames.

    ``ef_mae`` is the mean absolute error in percentage points over the patients with an EF on both
    sides; ``missing`` counts the others, ``ef_mae_missing_at_mean`` has them at the mean EF of the
    reference, and ``esv_above_edv`` counts those of negative EF, which stay in. A frame with a mask
    on one side alone has Dice and NSD 0 and no distance. ``intervals`` are 95 % bootstrap
    intervals over the units that the patients belong to, ``approximate`` with fewer than 30.
    """
    measures, intervals = cohort.measures(patients)
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
        **measures,
        "intervals": intervals,
        "units": cohort.count(patients),
        "approximate": cohort.count(patients) < FEW,
        "ef_mae_info": float(np.abs(info).mean()) if info else None,
        **bland_altman(errors),
        "crossings": [_crossings(patients, line) for line in CLINICAL_LINES],
        **{name: _frames([a for a in agreement if a.instant == name]) for name in INSTANTS},
    }


def bland_altman(differences: Any) -> dict[str, float | None]:
    """Bias and 95 % limits of agreement: mean and mean -+ 1.96 standard deviations.

    Examples
    --------
    >>> found = bland_altman([1.0, 3.0])  # percentage points
    >>> found["bias"], round(found["upper_limit"], 2)  # 2 + 1.96 sqrt(2)
    (2.0, 4.77)
    """
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
    distances = [a.distances for a in agreement if a.distances is not None]
    return {
        "frames": len(agreement),
        "without_distance": len(agreement) - len(distances),
        "dice": _mean([a.dice for a in agreement if a.dice is not None]),
        "nsd": _mean([a.nsd for a in agreement if a.nsd is not None]),
        **{name: _mean([found[name] for found in distances]) for name in DISTANCES},
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
