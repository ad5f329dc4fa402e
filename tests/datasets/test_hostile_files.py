"""Label maps and scans whose headers state what is not so, or lead elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark_n.benchmark import Benchmark
from benchmark_n.datasets.camus_export import _check_names
from benchmark_n.datasets.camus_files import read_scan
from benchmark_n.datasets.cityscapes_labels import paint_polygons
from benchmark_n.datasets.pictures import read_label_map
from benchmark_n.errors import InputError
from tests.datasets.trees import heart, write_scan_file
from tests.fuzzing.picture_inputs import _mhd, _nifti, png


@pytest.mark.parametrize("size", [(10**9, 1), (40_000, 40_000), (9_000, 9_000)])
def test_a_png_that_states_a_large_size(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(*size, 8, 0, b""))
    with pytest.raises(InputError, match=r"a\.png: cannot be read"):
        read_label_map(path, 1)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[" * 100_000, "not JSON"),
        ('{"imgWidth": 16384, "imgHeight": 16384, "objects": []}', "16384x16384"),
        ('{"imgWidth": 0, "imgHeight": 5, "objects": []}', "0x5"),
        (
            '{"imgWidth": 9, "imgHeight": 9, "objects": [{"label": "car", "polygon": [[1, 1e9], '
            "[2, 2], [3, 3]]}]}",
            "far outside",
        ),
    ],
)
def test_polygons_that_are_refused(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "a_gtFine_polygons.json"
    path.write_text(text)
    with pytest.raises(InputError, match=fault):
        paint_polygons(path)


def test_a_nifti_that_states_a_large_size(tmp_path: Path) -> None:
    pytest.importorskip("SimpleITK")
    path = tmp_path / "a.nii"
    path.write_bytes(_nifti(32_000, 32_000)())
    with pytest.raises(InputError, match="32000x32000"):
        read_scan(path)


@pytest.mark.parametrize("file", ["../../etc/passwd", "/dev/zero", "LIST", "b.raw"])
def test_a_metaimage_has_its_own_pixels(tmp_path: Path, file: str) -> None:
    pytest.importorskip("SimpleITK")
    (tmp_path / "a.mhd").write_bytes(_mhd("5 5 1", file))
    with pytest.raises(InputError, match=r"expected a\.raw"):
        read_scan(tmp_path / "a.mhd")
    write_scan_file(tmp_path / "good.mhd", heart(), (0.3, 0.4))
    assert read_scan(tmp_path / "good.mhd").pixels.shape == (60, 50)


@pytest.mark.parametrize(
    ("name", "value"), [("patient", "../../x"), ("view", "../2CH"), ("instant", "/ED")]
)
def test_maps_are_named_by_patients(name: str, value: str, scenes_hard: Benchmark) -> None:
    record = {"id": 1, "patient": "patient0001", "view": "2CH", "instant": "ED"}
    _check_names(scenes_hard.path, record)
    with pytest.raises(InputError, match="expected"):
        _check_names(scenes_hard.path, {**record, name: value})
