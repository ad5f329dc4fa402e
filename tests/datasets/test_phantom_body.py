"""The phantom's analytic volumes against numerical integration, and its spread of EF."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from benchmark_n.datasets.phantom.body import Ventricle, draw_patient

PATIENTS = [draw_patient(0, "train", place) for place in range(60)]


@pytest.mark.parametrize("instant", ["ED", "ES"])
def test_volume_is_the_integral_of_the_cross_sections(instant: str) -> None:
    for patient in PATIENTS[:10]:
        body = patient.ventricles[instant]

        def area(height: float, body: Ventricle = body) -> float:
            widths = [width * float(body.profile(height)) for width in body.half_widths.values()]
            return float(np.pi * np.prod(widths))

        assert body.volume == pytest.approx(quad(area, 0, body.length)[0] / 1000, rel=1e-9)


def test_a_half_ellipsoid() -> None:
    body = Ventricle(80.0, 0.0, {"4CH": 25.0, "2CH": 20.0})
    assert body.volume == pytest.approx(2 / 3 * np.pi * 80 * 25 * 20 / 1000)


def test_spread_of_ejection_fractions() -> None:
    fractions = np.array([patient.ejection_fraction for patient in PATIENTS])
    assert fractions.min() >= 20
    assert fractions.max() <= 75
    assert np.ptp(fractions) > 45
    near = (np.abs(fractions - 40) <= 5) | (np.abs(fractions - 50) <= 5)
    assert near.sum() == 20


def test_a_patient_depends_on_seed_split_and_place_alone() -> None:
    assert draw_patient(0, "train", 7) == PATIENTS[7]
    assert draw_patient(1, "train", 7) != PATIENTS[7]
    assert draw_patient(0, "val", 0).number == 5001
