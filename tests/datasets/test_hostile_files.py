"""Label maps and scans whose headers state what is not so, or lead elsewhere."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest

from benchmark_n.benchmark import Benchmark
from benchmark_n.datasets.camus.export import _check_names
from benchmark_n.datasets.camus.scans import read_scan
from benchmark_n.datasets.cityscapes.labels import paint_polygons
from benchmark_n.datasets.labelmaps.images import read_label_map
from benchmark_n.errors import InputError
from tests.datasets.trees import heart, write_scan_file
from tests.fuzzing.picture_inputs import _mhd, _nifti, png


@pytest.mark.parametrize("size", [(10**9, 1), (40_000, 40_000), (9_000, 9_000)])
def test_a_png_that_states_a_large_size(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(*size, 8, 0, b""))
    with pytest.raises(InputError, match=r"a\.png: cannot be read"):
        read_label_map(path, 1)


def test_a_png_that_states_much_data(tmp_path: Path) -> None:
    """Three gigabytes in its only block: reading from the file, Pillow would set them aside."""
    path = tmp_path / "a.png"
    rows = zlib.compress(bytes(40 * 101))
    stated = struct.pack(">I", len(rows)) + b"IDAT"
    path.write_bytes(png(50, 40, 16, 0, rows).replace(stated, b"\xc0\0\0\0IDAT"))
    tracemalloc.start()
    try:
        assert read_label_map(path, 1).shape == (40, 50)
        assert tracemalloc.get_traced_memory()[1] < 10**8
    finally:
        tracemalloc.stop()


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


@pytest.mark.parametrize("dimensions", ["-1", "0", "1000000000 1", "3\nNDims = -1", "1000000000"])
def test_a_metaimage_of_strange_dimensions(tmp_path: Path, dimensions: str) -> None:
    """ITK dies of some of them, and Python with it."""
    pytest.importorskip("SimpleITK")
    path = tmp_path / "a.mhd"
    write_scan_file(path, heart(), (0.3, 0.4))
    path.write_text(path.read_text().replace("NDims = 3", f"NDims = {dimensions}"))
    with pytest.raises(InputError, match=r"a\.mhd: NDims is .* expected 2 or 3"):
        read_scan(path)


@pytest.mark.parametrize(
    ("name", "value"), [("patient", "../../x"), ("view", "../2CH"), ("instant", "/ED")]
)
def test_maps_are_named_by_patients(name: str, value: str, scenes_hard: Benchmark) -> None:
    record = {"id": 1, "patient": "patient0001", "view": "2CH", "instant": "ED"}
    _check_names(scenes_hard.path, record)
    with pytest.raises(InputError, match="expected"):
        _check_names(scenes_hard.path, {**record, name: value})
