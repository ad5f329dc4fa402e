"""Ejection fraction (EF) of the left ventricle from masks, and its error.

References
----------
.. [1] Lang et al.: Recommendations for Cardiac Chamber Quantification, J Am Soc Echocardiogr 28(1),
       2015.
.. [2] Bland, Altman: Statistical Methods for Assessing Agreement between Two Methods of Clinical
       Measurement, Lancet 1986.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.echo_frames import INSTANTS, EchoFrame
from benchmark_n.evaluators.hausdorff import hausdorff
from benchmark_n.evaluators.simpson import Plane, ejection_fraction, measure_plane, volume
from benchmark_n.masks import CropMask, intersection_area

LENGTHS = ("mean", "max", "camus")
CLINICAL_LINES = (40.0, 50.0)
_POOR = "poor"
Masks = Mapping[int, CropMask]


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
class CardiacResult:
    """EF errors over patients, mask agreement over frames.

    Parameters
    ----------
    all_patients, without_poor
        The measures of `summarise` over all, and over those without a frame of poor quality.
    patients
        The table they are made of.
    """

    all_patients: Mapping[str, Any]
    without_poor: Mapping[str, Any]
    patients: Sequence[PatientResult]
    settings: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class FrameAgreement:
    """Dice coefficient and Hausdorff distances (mm) of one frame; None with only one mask."""

    patient: str
    instant: str
    dice: float | None
    distances: tuple[float, float] | None


def evaluate_ejection_fraction(
    frames: Sequence[EchoFrame], reference: Masks, evaluated: Masks, *, length: str = "mean"
) -> CardiacResult:
    """EF of the evaluated masks against that of the reference masks by the same code.

    Parameters
    ----------
    frames
        At most one a patient, view and instant.
    reference, evaluated
        Image id to the left ventricle's mask; images without one are left out.
    length
        Length of the disks' axis: ``mean`` or ``max`` of the views at each instant, or ``camus``:
        the longest over views and instants.
    """
    if length not in LENGTHS:
        raise UsageError(f"length must be one of {', '.join(LENGTHS)}, but got '{length}'")
    if not frames:
        raise InputError("ejection fraction: no frames")
    by_patient: dict[str, list[EchoFrame]] = {}
    for frame in frames:
        by_patient.setdefault(frame.patient, []).append(frame)
    patients = [
        _patient(name, own, reference, evaluated, length) for name, own in by_patient.items()
    ]
    agreement = [_agreement(frame, reference, evaluated) for frame in frames]
    good = [p for p in patients if not p.poor]
    names = {p.patient for p in good}
    return CardiacResult(
        summarise(patients, agreement),
        summarise(good, [a for a in agreement if a.patient in names]),
        patients,
        {"length": length, "disks": 20, "reference": "clean masks by the same code"},
    )


def left_ventricle_function(frames: Sequence[EchoFrame], masks: Masks, length: str) -> Function:
    """Volumes and EF of one patient's frames; biplane, or single-plane where a view is missing."""
    planes: dict[str, list[Plane]] = {instant: [] for instant in INSTANTS}
    for frame in frames:
        mask = masks.get(frame.image_id)
        plane = None if mask is None else measure_plane(mask, frame.spacing)
        if plane is not None:
            planes[frame.instant].append(plane)
    longest = max((p.length for found in planes.values() for p in found), default=0.0)
    volumes = [_volume(planes[instant], length, longest) for instant in INSTANTS]
    edv, esv = volumes
    ef = ejection_fraction(edv, esv) if edv and esv is not None else None
    return Function(edv, esv, ef, (len(planes["ED"]), len(planes["ES"])))


def _volume(planes: Sequence[Plane], length: str, longest: float) -> float | None:
    if not planes:
        return None
    lengths = [plane.length for plane in planes]
    chosen = {"mean": float(np.mean(lengths)), "max": max(lengths), "camus": longest}[length]
    return volume(planes, chosen)


def _patient(
    name: str, frames: Sequence[EchoFrame], reference: Masks, evaluated: Masks, length: str
) -> PatientResult:
    first = left_ventricle_function(frames, reference, length)
    second = left_ventricle_function(frames, evaluated, length)
    known = first.ef is not None and second.ef is not None
    return PatientResult(
        name,
        any((frame.image_quality or "").lower() == _POOR for frame in frames),
        next((frame.ef for frame in frames if frame.ef is not None), None),
        first,
        second,
        second.ef - first.ef if known else None,  # type: ignore[operator]
    )


def _agreement(frame: EchoFrame, reference: Masks, evaluated: Masks) -> FrameAgreement:
    a, b = reference.get(frame.image_id), evaluated.get(frame.image_id)
    if a is None or b is None:
        dice = None if a is None and b is None else 0.0
        return FrameAgreement(frame.patient, frame.instant, dice, None)
    dice = 2 * intersection_area(a, b) / (a.area + b.area)
    return FrameAgreement(frame.patient, frame.instant, dice, hausdorff(a, b, frame.spacing))


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
