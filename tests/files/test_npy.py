"""Arrays from anywhere: what the header states is looked at before anything is reserved."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark_n.errors import InputError
from benchmark_n.files import npy
from benchmark_n.files.npy import npz_names, read_npy, read_npz
from tests.fuzzing.array_inputs import _npy


def test_arrays_are_numpys(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {
        "a": np.arange(6.0).reshape(2, 3),
        "b": np.zeros((0, 4), np.uint8),
        "c": np.array(7),
    }
    np.savez(tmp_path / "x.npz", **arrays)
    np.savez_compressed(tmp_path / "y.npz", **arrays)
    for name in ("x.npz", "y.npz"):
        assert npz_names(tmp_path / name) == list(arrays)
        for key, array in read_npz(tmp_path / name).items():
            assert array.dtype == arrays[key].dtype
            assert np.array_equal(array, arrays[key])
    np.save(tmp_path / "a.npy", np.asfortranarray(arrays["a"]))
    assert np.array_equal(read_npy(tmp_path / "a.npy"), arrays["a"])


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (_npy("(1000000000, 1000)", "<f8"), "8000000000000 bytes in a file of 0"),
        (_npy("(-1, 8)"), "an array of -8 bytes"),
        (_npy("(1,)", "|O") + pickle.dumps(np.array([1], object)), "Python objects"),
        (pickle.dumps([1]), "magic string"),
        (b"", "EOF"),
        (_npy("(" * 90), "cannot be read as arrays"),
    ],
)
def test_what_is_refused(tmp_path: Path, data: bytes, fault: str) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(data)
    with pytest.raises(InputError, match=fault):
        read_npy(path)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as box:
        box.writestr("x.npy", data)
    with pytest.raises(InputError, match=r"x\.npz: cannot be read as arrays"):
        read_npz(tmp_path / "x.npz")


def test_an_archive_that_unpacks_to_much_more(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as box:
        box.writestr("x.npy", _npy("(100000000,)", data=bytes(10**8)))
    with pytest.raises(InputError, match=r"100000128 bytes packed in \d{5,6}"):
        read_npz(tmp_path / "x.npz")


def test_large_arrays_of_an_archive_are_mapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(npy, "_LARGE", 1000)
    arrays: dict[str, Any] = {
        "wide": np.random.default_rng(0).normal(size=(40, 31)).astype(np.float32),
        "columns": np.asfortranarray(np.arange(600, dtype=np.int64).reshape(20, 30)),
        "small": np.arange(3),
    }
    np.savez(tmp_path / "arrays.npz", **arrays)
    read = read_npz(tmp_path / "arrays.npz", mapped=True)
    assert {name: isinstance(array, np.memmap) for name, array in read.items()} == {
        "wide": True,
        "columns": True,
        "small": False,
    }
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name], array)
    with pytest.raises(ValueError, match="read-only"):
        read["wide"][0] = 1
    np.savez_compressed(tmp_path / "packed.npz", **arrays)
    packed = read_npz(tmp_path / "packed.npz", mapped=True)
    assert not any(isinstance(array, np.memmap) for array in packed.values())
