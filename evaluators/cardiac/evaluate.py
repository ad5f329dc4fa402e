"""Ejection fraction (EF) of the left ventricle from masks, and its error.

References
----------
.. [1] Lang et al.: Recommendations for Cardiac Chamber Quantification, J Am Soc Echocardiogr 28(1),
       2015.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from benchmark_n.errors import InputError
from benchmark_n.evaluators.cardiac.frames import INSTANTS, EchoFrame
from benchmark_n.evaluators.cardiac.patients import FrameAgreement, Function, PatientResult
from benchmark_n.evaluators.cardiac.resampling import REPLICATES, Cohort, patient_labels
from benchmark_n.evaluators.cardiac.simpson import Plane, ejection_fraction, measure_plane, volume
from benchmark_n.evaluators.cardiac.summary import summarise
from benchmark_n.evaluators.slices import AgreementOptions
from benchmark_n.evaluators.surface.distances import surface_distances
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
    slices
        Field to its values as plain `Slice`s, the largest error first.
    """

    all_patients: Mapping[str, Any]
    without_poor: Mapping[str, Any]
    patients: Sequence[PatientResult]
    settings: Mapping[str, Any]
    slices: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def evaluate_ejection_fraction(
    frames: Sequence[EchoFrame],
    reference: Masks,
    evaluated: Masks,
    *,
    length: str = "mean",
    options: AgreementOptions = AgreementOptions(),
    units: Mapping[int, str] | None = None,
    labels: Mapping[str, Mapping[int, str]] = MappingProxyType({}),
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
    options
        Tolerance of the surface Dice, and the bootstrap.
    units
        Image id to what it is of that is independent; by default patients are.
    labels
        Field to image id to value, to slice the patients by.
    """
    check_known("length", length, LENGTHS)
    if not frames:
        raise InputError("ejection fraction: no frames")
    whose = _by_patient(frames)
    patients = [_patient(n, own, reference, evaluated, length) for n, own in whose.items()]
    agreement = [_agreement(frame, reference, evaluated, options.tolerance) for frame in frames]
    good = {p.patient: p for p in patients if not p.poor}
    images = {name: [frame.image_id for frame in own] for name, own in whose.items()}
    cohort = Cohort(
        {name: name if units is None else units[own[0]] for name, own in images.items()},
        options.group_by or "patient",
        options.bootstrap or REPLICATES,
        options.seed,
    )
    sliced = {n: cohort.slices(patients, patient_labels(own, images)) for n, own in labels.items()}
    return CardiacResult(
        summarise(patients, agreement, cohort),
        summarise([*good.values()], [a for a in agreement if a.patient in good], cohort),
        patients,
        _settings(length, options.tolerance, cohort),
        {name: [one.to_dict() for one in found] for name, found in sliced.items()},
    )


def _by_patient(frames: Sequence[EchoFrame]) -> dict[str, list[EchoFrame]]:
    found: dict[str, list[EchoFrame]] = {}
    for frame in frames:
        found.setdefault(frame.patient, []).append(frame)
    return found


def _settings(length: str, tolerance: float, cohort: Cohort) -> dict[str, Any]:
    return {
        "length": length,
        "disks": 20,
        "reference": "clean masks by the same code",
        "tolerance_mm": tolerance,
        "group_by": cohort.field,
        "bootstrap": cohort.replicates,
        "seed": cohort.seed,
    }


def left_ventricle_function(frames: Sequence[EchoFrame], masks: Masks, length: str) -> Function:
    """Volumes and EF of one patient's frames; biplane, or single-plane where a view is missing.

    Examples
    --------
    >>> import numpy as np
    >>> wide, narrow = (np.pad(np.ones((40, n)), 10) for n in (20, 10))  # one half as wide
    >>> masks = {1: CropMask.from_full(wide), 2: CropMask.from_full(narrow)}
    >>> times = ((1, "ED"), (2, "ES"))
    >>> frames = [EchoFrame(i, "a", "2CH", time, (1.0, 1.0), None, None) for i, time in times]
    >>> round(left_ventricle_function(frames, masks, "mean").ef)  # near three quarters, for pixels
    74
    """
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


def _agreement(
    frame: EchoFrame, reference: Masks, evaluated: Masks, tolerance: float
) -> FrameAgreement:
    a, b = reference.get(frame.image_id), evaluated.get(frame.image_id)
    if a is None or b is None:
        dice = None if a is None and b is None else 0.0
        return FrameAgreement(frame.patient, frame.instant, dice, dice, None)
    dice = 2 * intersection_area(a, b) / (a.area + b.area)
    found = surface_distances(a, b, frame.spacing)
    if found is None:
        return FrameAgreement(frame.patient, frame.instant, dice, 0.0, None)
    distances = {
        "hausdorff_mm": found.hausdorff,
        "hausdorff_95_mm": found.hausdorff_95,
        "assd_mm": found.average,
    }
    nsd = found.within(tolerance)
    return FrameAgreement(frame.patient, frame.instant, dice, nsd, distances)
