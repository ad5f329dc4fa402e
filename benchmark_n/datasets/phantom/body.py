"""The heart of the echo phantom: a left ventricle whose volume has a closed form.

The ventricle is an ellipsoid cut off at the mitral plane. Its long axis lies in both views; the
views' planes hold one of its short axes each, so that their sections are truncated ellipses of the
same length. With s(z) = sqrt(1 - ((z - c) / (L - c))^2) at height z over the mitral plane, the
half-widths are a s(z) in 4CH and b s(z) in 2CH, every cross-section is an ellipse, and

    V = pi a b int_0^L s(z)^2 dz = pi a b (L - ((L - c)^3 + c^3) / (3 (L - c)^2)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float64]

_MM3_A_ML = 1000.0
# Splits start at different numbers, so that a patient's number tells its split.
FIRST_PATIENT = {"train": 1, "val": 5001}
_EF_RANGE = (20.0, 75.0)
_EF_NEAR = (35.0, 55.0)  # within 5 points of the clinical lines at 40 and 50 %


@dataclass(frozen=True)
class Ventricle:
    """A truncated ellipsoid; all lengths in mm.

    Parameters
    ----------
    length
        From the mitral plane to the apex.
    widest
        Height of the widest cross-section over the mitral plane, as a fraction of the length.
    half_widths
        View to the half-width of its widest cross-section: ``{"4CH": a, "2CH": b}``.
    """

    length: float
    widest: float
    half_widths: dict[str, float]

    def profile(self, height: Any) -> Any:
        """s(z): half-width at a height over the mitral plane, relative to the widest one."""
        centre = self.widest * self.length
        reach = (np.asarray(height, np.float64) - centre) / (self.length - centre)
        return np.sqrt(np.clip(1 - reach**2, 0, None))

    @property
    def volume(self) -> float:
        """Volume, ml."""
        length, centre = self.length, self.widest * self.length
        integral = length - ((length - centre) ** 3 + centre**3) / (3 * (length - centre) ** 2)
        product = self.half_widths["4CH"] * self.half_widths["2CH"]
        return math.pi * product * integral / _MM3_A_ML

    def inside(self, across: Grid, height: Grid, view: str) -> NDArray[np.bool_]:
        """Which points of a view's plane, mm from the long axis and the mitral plane, it holds."""
        centre = self.widest * self.length
        # An ellipse, squared: a root a pixel is what would cost most.
        inside = (height - centre) ** 2 * (1 / (self.length - centre) ** 2)
        inside += across**2 * (1 / self.half_widths[view] ** 2)
        held: NDArray[np.bool_] = (inside <= 1) & (height >= 0)
        return held

    def grown(self, wall: float) -> Ventricle:
        """The outer surface of a wall (mm) around the sides and the apex."""
        length = self.length + wall
        widths = {view: width + wall for view, width in self.half_widths.items()}
        return Ventricle(length, self.widest * self.length / length, widths)

    def scaled(self, volume: float, shortening: float) -> Ventricle:
        """The same form with another volume (ml); the length shrinks by the ratio ^ shortening."""
        ratio = volume / self.volume
        factor = ratio ** ((1 - shortening) / 2)
        widths = {view: width * factor for view, width in self.half_widths.items()}
        return replace(self, length=self.length * ratio**shortening, half_widths=widths)


@dataclass(frozen=True)
class Patient:
    """A phantom patient.

    Parameters
    ----------
    ventricles, walls
        By instant (ED, ES): cavity, and thickness of the myocardium in mm.
    atrium
        Half-width and length of the left atrium, mm.
    tilts
        View to the angle of the long axis from the vertical, radians.
    spacing
        Of columns and rows, mm.
    """

    number: int
    ventricles: dict[str, Ventricle]
    walls: dict[str, float]
    atrium: tuple[float, float]
    tilts: dict[str, float]
    spacing: tuple[float, float]
    sex: str
    age: int
    quality: str

    @property
    def ejection_fraction(self) -> float:
        """EF in percent, out of the analytic volumes."""
        return 100 * (1 - self.ventricles["ES"].volume / self.ventricles["ED"].volume)


def draw_patient(data_seed: int, split: str, place: int) -> Patient:
    """Patient `place` of a split; every third has an EF within 5 points of 40 or 50 %."""
    number = FIRST_PATIENT[split] + place
    rng = np.random.default_rng([data_seed, number])
    fraction = _draw_fraction(rng, near=place % 3 == 0) / 100
    unit = Ventricle(
        float(rng.uniform(70, 92)),
        float(rng.uniform(0.18, 0.3)),
        {"4CH": 1.0, "2CH": float(rng.uniform(0.85, 1.12))},
    )
    diastole = unit.scaled(float(rng.uniform(80, 170)), 0.0)
    systole = diastole.scaled(diastole.volume * (1 - fraction), float(rng.uniform(0.15, 0.3)))
    wall = float(rng.uniform(7, 10))
    return Patient(
        number,
        {"ED": diastole, "ES": systole},
        {"ED": wall, "ES": wall * (1 + 0.5 * fraction)},
        (float(rng.uniform(16, 22)), float(rng.uniform(26, 34))),
        {view: float(rng.uniform(-0.16, 0.16)) for view in ("2CH", "4CH")},
        (round(float(rng.uniform(0.31, 0.36)), 3), round(float(rng.uniform(0.31, 0.36)), 3)),
        "FM"[int(rng.integers(2))],
        int(rng.integers(25, 90)),
        ("Good", "Medium", "Poor")[int(rng.choice(3, p=[0.5, 0.35, 0.15]))],
    )


def _draw_fraction(rng: np.random.Generator, *, near: bool) -> float:
    """EF in percent: near the clinical lines, or uniformly over the rest of the range."""
    if near:
        return float(rng.uniform(*_EF_NEAR))
    below, above = _EF_NEAR[0] - _EF_RANGE[0], _EF_RANGE[1] - _EF_NEAR[1]
    value = float(rng.uniform(0, below + above))
    return _EF_RANGE[0] + value if value < below else _EF_NEAR[1] + value - below
