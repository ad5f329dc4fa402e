"""Ejection fraction (EF) of the left ventricle from masks, and its error.

References
----------
.. [1] Lang et al.: Recommendations for Cardiac Chamber Quantification, J Am Soc Echocardiogr 28(1),
       2015.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmark_n.errors import InputError
from benchmark_n.evaluators.cardiac.frames import INSTANTS, EchoFrame
from benchmark_n.evaluators.cardiac.hausdorff import hausdorff
from benchmark_n.evaluators.cardiac.simpson import Plane, ejection_fraction, measure_plane, volume
from benchmark_n.evaluators.cardiac.summary import (
    FrameAgreement,
    Function,
    PatientResult,
    summarise,
)
from benchmark_n.masks import CropMask, intersection_area
from benchmark_n.runtime.options import check_known

LENGTHS = ("mean", "max", "camus")
_POOR = "poor"
Masks = Mapping[int, CropMask]


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
    check_known("length", length, LENGTHS)
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
