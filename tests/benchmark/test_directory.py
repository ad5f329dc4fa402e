"""Benchmark directories that somebody else wrote: what is not right is one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

import benchmark_n
from benchmark_n.benchmark import Benchmark, load
from benchmark_n.errors import InputError


@pytest.fixture
def copy(scenes_hard: Benchmark, tmp_path: Path) -> Path:
    shutil.copytree(scenes_hard.path, tmp_path / "b")
    return tmp_path / "b"


@pytest.mark.parametrize("name", ["../../x.json", "/etc/passwd", "a/b.json"])
def test_the_annotations_are_in_the_benchmark(copy: Path, name: str) -> None:
    recipe = yaml.safe_load((copy / "recipe.yaml").read_text())
    recipe["source"]["file"] = name
    (copy / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    with pytest.raises(InputError, match="expected a file's name alone"):
        load(copy).noisy()


@pytest.mark.parametrize("name", ["../../pwn", "/etc/passwd", "..", ""])
def test_a_recipe_is_named_as_a_file(copy: Path, name: str) -> None:
    recipe = yaml.safe_load((copy / "recipe.yaml").read_text())
    recipe["name"] = name
    (copy / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    with pytest.raises(InputError, match="expected a file's name alone"):
        _ = load(copy).recipe


@pytest.mark.parametrize("text", ["", "[]", "name: x", "noises: [", "source: 3"])
def test_another_recipe(copy: Path, text: str) -> None:
    (copy / "recipe.yaml").write_text(text)
    with pytest.raises(InputError, match=r"recipe\.yaml"):
        _ = load(copy).recipe


def test_checksums_are_of_the_benchmarks_own_files(copy: Path) -> None:
    (copy / "SHA256SUMS").write_text("0  ../../../etc/passwd\n0  /dev/zero\n\xff\n", "latin-1")
    assert load(copy).verify()[:2] == ["../../../etc/passwd", "/dev/zero"]


def test_other_json_and_folders(copy: Path) -> None:
    (copy / "summary.json").write_text("[" * 200_000)
    (copy / "local.yaml").write_text("images: [1]")
    with pytest.raises(InputError, match="no summary"):
        _ = load(copy).summary
    with pytest.raises(InputError, match="expected a folder"):
        _ = load(copy).images


def test_a_manifest_of_another_benchmark(copy: Path) -> None:
    path = copy / "manifest.parquet"
    table = pq.read_table(path)
    other = pa.array([i + 10**6 for i in table["annotation_id"].to_pylist()], pa.int64())
    pq.write_table(table.set_column(0, "annotation_id", other), path)
    with pytest.raises(InputError, match=r"annotation \d+: is not in instances_train"):
        load(copy).clean()


@pytest.mark.parametrize("how", ["bytes", "type", "lacking", "twice", "null", "rows"])
def test_tables_that_are_no_manifest(copy: Path, how: str) -> None:
    path = copy / "manifest.parquet"
    table = pq.read_table(path)
    if how == "bytes":
        path.write_bytes(path.read_bytes()[:-300])
    elif how == "type":
        pq.write_table(table.set_column(0, "annotation_id", table["iou"]), path)
    elif how == "lacking":
        pq.write_table(table.drop_columns(["iou"]), path)
    elif how == "twice":
        pq.write_table(pa.concat_tables([table, table]), path)
    elif how == "null":
        empty = pa.nulls(len(table), pa.int64())
        pq.write_table(table.set_column(0, "annotation_id", empty), path)
    else:
        part = pa.concat_tables([table.slice(0, 1)] * 50_000).combine_chunks()
        with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
            for _ in range(20):
                writer.write_table(part)
    with pytest.raises(InputError, match=r"manifest\.parquet"):
        benchmark_n.load(copy).manifest()
    if how in ("bytes", "rows"):
        with pytest.raises(InputError, match="cannot read the manifest"):
            load(copy).verify()
