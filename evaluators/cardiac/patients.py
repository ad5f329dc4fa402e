"""Patients and frames of an evaluation of the ejection fraction (EF)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Function:
    """Volumes (ml) and EF (percent) of a patient; None where no view shows the ventricle.

    `planes` is the number of views that the volumes rest on, at ED and ES.

    Examples
    --------
    >>> Function(edv=120.0, esv=54.0, ef=100 * (120 - 54) / 120, planes=(2, 2)).ef
    55.0
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
    """Overlap and distances of one frame.

    `dice` and `nsd` are None without any mask, 0 with only one; `distances` are None with only one:
    ``hausdorff_mm``, ``hausdorff_95_mm`` and ``assd_mm``.
    """

    patient: str
    instant: str
    dice: float | None
    nsd: float | None
    distances: Mapping[str, float] | None
