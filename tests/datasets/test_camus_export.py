"""Label maps of a benchmark in CAMUS's format, read by SimpleITK."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("SimpleITK")

from benchmark_n.datasets.camus.export import export_labelmaps
from benchmark_n.errors import InputError
from benchmark_n.runtime.execution import Execution
from tests.datasets.trees import heart, write_camus
from tests.making import make

PATIENTS = ["patient0001", "patient0002", "patient0003"]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BENCHMARK_N_CACHE", str(tmp_path / "cache"))
    write_camus(tmp_path / "camus", PATIENTS, spacing=(0.31, 0.154))
    return tmp_path / "camus"


def read(folder: Path, patient: str, view: str, instant: str) -> tuple[NDArray[Any], list[float]]:
    import SimpleITK

    itk: Any = SimpleITK
    image = itk.ReadImage(str(folder / patient / f"{patient}_{view}_{instant}_gt.nii.gz"))
    return itk.GetArrayFromImage(image), [round(s, 5) for s in image.GetSpacing()]


def test_clean_maps_come_back_as_they_were(root: Path, tmp_path: Path) -> None:
    benchmark = make("camus", "clean", root=root, split="all", out=tmp_path / "clean", workers=1)
    assert export_labelmaps(benchmark, tmp_path / "maps", Execution(workers=1)) == 12
    for shift, patient in enumerate(PATIENTS):
        for view in ("2CH", "4CH"):
            for instant in ("ED", "ES"):
                labels, spacing = read(tmp_path / "maps", patient, view, instant)
                assert labels.dtype == np.uint8
                assert (labels == heart(shift=shift)).all()
                assert spacing == [0.31, 0.154]


def test_the_noisy_ventricle_is_on_top(root: Path, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"recipe": "camus-high", "root": root, "split": "all", "workers": 1}
    benchmark = make("camus", out=tmp_path / "noisy", **asked)
    export_labelmaps(benchmark, tmp_path / "maps", Execution(workers=2))
    noisy = benchmark.noisy()
    areas = {}
    for record in noisy.records():
        areas[record["image_id"], record["category_id"]] = record["area"]
    labels, _ = read(tmp_path / "maps", "patient0002", "4CH", "ES")
    assert (labels == 1).sum() == areas[242, 1]
    assert (labels == 2).sum() < areas[242, 2]
    assert (labels == 1).sum() > (heart(shift=1) == 1).sum()


def test_other_benchmarks_have_no_such_maps(root: Path, tmp_path: Path) -> None:
    benchmark = make("scenes", "easy", num_images=2, out=tmp_path / "scenes", workers=1)
    with pytest.raises(InputError, match="expected CAMUS's left_ventricle, myocardium"):
        export_labelmaps(benchmark, tmp_path / "maps")
    assert not (tmp_path / "maps").exists()
