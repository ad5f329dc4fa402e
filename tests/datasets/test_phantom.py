"""The phantom from its files: Simpson's biplane against the analytic volumes, within a bound.

The bound. Simpson's biplane with n = 20 disks of thickness h = L / n takes the chords D at the
disks' middle heights z: V = pi / 4 * h * sum(D_4CH * D_2CH).

1. Of the rule: the integrand pi a b s(z)^2 is a quadratic with second derivative
   -2 pi a b / (L - c)^2, so the midpoint rule is too large by exactly
   pi a b L h^2 / (12 (L - c)^2).
2. Of the pixels: a pixel is labelled by its centre, and a point of the line is looked up in the
   pixel that holds it, at most r = hypot(dx, dy) / 2 from that centre. So all points of the section
   at least r inside are found, and none farther than r outside. With the half-width w(z) monotone
   on each side, the chord lies between 2 (min w - r) and 2 (max w + r) over heights z - r to z + r,
   give or take the sampling step.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools.coco import COCO

pytest.importorskip("SimpleITK")

from benchmark_n.datasets.open import open_source
from benchmark_n.datasets.phantom.adapter import PHANTOM, prepare
from benchmark_n.datasets.phantom.body import Patient, draw_patient
from benchmark_n.datasets.phantom.image import heart_grid
from benchmark_n.datasets.request import Request, SourceOptions
from benchmark_n.errors import InputError
from benchmark_n.runtime.execution import Execution

DISKS = 20
STEP = 0.02


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> COCO:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCHMARK_N_CACHE", str(tmp_path_factory.mktemp("cache")))
        source = open_source(PHANTOM, SourceOptions(num_images=48), Execution(workers=2))
    return COCO(str(source.annotations))


def chords(patient: Patient, view: str, length: float, mask: NDArray[Any]) -> NDArray[Any]:
    """Chords (mm) of a mask at the middles of the disks, on lines across the long axis."""
    across, height = heart_grid(patient, view)
    # Both coordinates are affine in column and row: invert the map.
    at = [(0, 0), (0, 1), (1, 0)]
    a, h = ([grid[i] for i in at] for grid in (across, height))
    matrix = np.array([[a[1] - a[0], a[2] - a[0]], [h[1] - h[0], h[2] - h[0]]])
    rotation = matrix / patient.spacing
    assert np.allclose(rotation @ rotation.T, np.eye(2), atol=1e-9)
    inverse = np.linalg.inv(matrix)
    u = np.arange(-60, 60, STEP)
    found = []
    for z in (np.arange(DISKS) + 0.5) * length / DISKS:
        points = np.stack([u - a[0], np.full_like(u, z - h[0])])
        column, row = np.rint(inverse @ points).astype(int)
        found.append(mask[row, column].sum() * STEP)
    return np.array(found)


def bounds(patient: Patient, view: str, instant: str) -> NDArray[Any]:
    """Least and greatest chords (2, DISKS) that the pixels may give."""
    body = patient.ventricles[instant]
    reach = float(np.hypot(*patient.spacing)) / 2
    middles = (np.arange(DISKS) + 0.5) * body.length / DISKS
    nearby = middles[:, None] + np.linspace(-reach, reach, 201)
    widths = body.half_widths[view] * body.profile(np.clip(nearby, 0, body.length))
    least = np.maximum(widths.min(axis=1) - reach, 0)
    return 2 * np.stack([least - STEP, widths.max(axis=1) + reach + STEP])


def test_simpsons_biplane_within_the_bound(phantom: COCO) -> None:
    images = {(i["patient"], i["view"], i["instant"]): i for i in phantom.dataset["images"]}
    errors = []
    for place in range(12):
        patient = draw_patient(0, "train", place)
        name = f"patient{patient.number:04d}"
        volumes, limits = {}, {}
        for instant, body in patient.ventricles.items():
            measured, ranges = [], []
            for view in ("2CH", "4CH"):
                image = images[name, view, instant]
                assert image["ef"] == pytest.approx(patient.ejection_fraction, abs=1e-5)
                (index,) = phantom.getAnnIds(imgIds=[image["id"]], catIds=[1])
                mask = phantom.annToMask(phantom.anns[index])
                measured.append(chords(patient, view, body.length, mask))
                ranges.append(bounds(patient, view, instant))
            thickness = body.length / DISKS
            volumes[instant] = np.pi / 4 * thickness * (measured[0] * measured[1]).sum() / 1000
            low, high = np.pi / 4 * thickness * (ranges[0] * ranges[1]).sum(axis=1) / 1000
            centre = body.widest * body.length
            product = np.prod(list(body.half_widths.values()))
            rule = np.pi * product * body.length * thickness**2 / 12
            rule /= (body.length - centre) ** 2 * 1000
            assert low <= body.volume + rule <= high
            assert low <= volumes[instant] <= high
            limits[instant] = (low - rule, high - rule)
            key = {"ED": "edv", "ES": "esv"}[instant]
            assert images[name, "2CH", instant][key] == pytest.approx(body.volume, abs=1e-5)
            errors.append(abs(volumes[instant] / body.volume - 1))
        fraction = 100 * (1 - volumes["ES"] / volumes["ED"])
        assert 100 * (1 - limits["ES"][1] / limits["ED"][0]) <= fraction
        assert fraction <= 100 * (1 - limits["ES"][0] / limits["ED"][1])
        assert fraction == pytest.approx(patient.ejection_fraction, abs=0.5)
    assert max(errors) < 0.01


def test_the_same_pixels_whatever_the_workers(tmp_path: Path) -> None:
    folders = []
    for workers in (1, 2):
        request = Request(tmp_path / str(workers), "train", 3, 4, workers=workers)
        folders.append(prepare(request))
    names = [sorted(p.relative_to(f) for p in f.rglob("*") if p.is_file()) for f in folders]
    assert names[0] == names[1]
    name = "database_nifti/patient0001/patient0001_4CH_ES.nii.gz"
    import SimpleITK

    images = [
        SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(folder / name))) for folder in folders
    ]
    assert (images[0] == images[1]).all()
    assert images[0].std() > 20


def test_structures_touch_as_in_a_heart(phantom: COCO) -> None:
    for image in phantom.dataset["images"]:
        found = {a["category_id"]: a for a in phantom.imgToAnns[image["id"]]}
        assert sorted(found) == [1, 2, 3]
        x, y, width, height = found[1]["bbox"]
        assert x > 0
        assert y > 0
        assert x + width < image["width"]
        assert y + height < found[3]["bbox"][1] + 0.5 * found[3]["bbox"][3]
        assert found[2]["bbox"][1] < y


@pytest.mark.parametrize("count", [0, 3, 6])
def test_images_come_four_a_patient(tmp_path: Path, count: int) -> None:
    with pytest.raises(InputError, match="expected a multiple of 4"):
        prepare(Request(tmp_path, "train", 0, count))
