"""Pictures of benchmarks whose parts do not belong together."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import benchmark_n
from benchmark_n.benchmark import Benchmark
from benchmark_n.errors import InputError, UsageError


@pytest.mark.parametrize(("column", "value"), [("noisy_category_id", 77), ("image_id", 1)])
def test_a_manifest_of_something_else(
    tmp_path: Path, scenes_hard: Benchmark, column: str, value: int
) -> None:
    folder = tmp_path / "benchmark"
    shutil.copytree(scenes_hard.path, folder)
    path = folder / "manifest.parquet"
    table = pq.read_table(path)
    place = table.schema.get_field_index(column)
    field = table.schema.field(place)
    strange = pa.array([value] * len(table), field.type)
    pq.write_table(table.set_column(place, field, strange), path)
    with pytest.raises(InputError, match=r"annotation \d+: the manifest says other than"):
        benchmark_n.show(benchmark_n.load(folder), tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize("name", ["z", "x.json", "x.xyz"])
def test_files_that_are_no_pictures(tmp_path: Path, scenes_hard: Benchmark, name: str) -> None:
    with pytest.raises(UsageError, match=r"`out` is .*, expected a name that ends in .png"):
        benchmark_n.show(scenes_hard, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_show(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no benchmark to show"):
        benchmark_n.show([], tmp_path / "x.png")
