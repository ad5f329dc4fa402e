"""The manifest: equal rows give an equal digest and an equal file, however they arrive."""

from __future__ import annotations

import hashlib
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark_n import Benchmark
from benchmark_n.errors import InputError
from benchmark_n.noise.recipe import load_recipe
from benchmark_n.tables import manifest as manifest_module
from benchmark_n.tables.manifest import (
    ManifestWriter,
    keeps_source_ids,
    read_manifest,
    rows_digest,
)
from benchmark_n.tables.manifest_schema import VERSION, describe, manifest_schema

SCHEMA = manifest_schema(load_recipe("hard").noises)
ROWS: list[dict[str, Any]] = [
    {
        "annotation_id": i,
        "origin": "source",
        "deleted": i % 3 == 0,
        "source_ids": [i] * (i % 4) if i % 5 else None,
        "iou": i / 7 if i % 2 else None,
        "clean_record": b"x" * i if i % 4 else None,
    }
    for i in range(23)
]


def write(path: Path, rows: list[dict[str, Any]], cuts: list[int]) -> str:
    bounds = [0, *sorted(cuts), len(rows)]
    with ManifestWriter(path, SCHEMA) as writer:
        for start, stop in pairwise(bounds):
            writer.write({name: [row[name] for row in rows[start:stop]] for name in ROWS[0]})
    return writer.digest


@given(cuts=st.lists(st.integers(0, len(ROWS)), max_size=5), group=st.integers(1, 9))
def test_cutting_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], group: int
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_module, "_ROWS_IN_GROUP", group)
        digests = [write(folder / "a", ROWS, []), write(folder / "b", ROWS, cuts)]
    assert digests[0] == digests[1] == rows_digest(folder / "b")
    assert (folder / "a").read_bytes() == (folder / "b").read_bytes()
    assert pq.read_table(folder / "b").select(list(ROWS[0])).to_pylist() == ROWS


def plain_digest(rows: list[dict[str, Any]], schema: Any) -> str:
    """The digest value by value, as its docstring has it."""
    total = hashlib.sha256()
    for field in schema:
        values, nulls = hashlib.sha256(), hashlib.sha256()
        for row in rows:
            value = row.get(field.name)
            nulls.update(bytes([value is None]))
            if field.type in (pa.string(), pa.binary()):
                text = (value or "").encode() if field.type == pa.string() else value or b""
                values.update(struct.pack("<q", len(text)) + text)
            elif pa.types.is_list(field.type):
                values.update(struct.pack(f"<q{len(value or ())}q", len(value or ()), *value or ()))
            else:
                form = {"int64": "<q", "double": "<d", "bool": "<?"}[str(field.type)]
                values.update(struct.pack(form, value or 0))
        line = f"{field.name} {field.type} {values.hexdigest()} {nulls.hexdigest()}\n"
        total.update(line.encode())
    return total.hexdigest()


def test_digest_is_that_of_the_values_one_by_one(tmp_path: Path) -> None:
    words = ["source", "", "spürious", None]
    rows: list[dict[str, Any]] = [row | {"origin": words[i % 4]} for i, row in enumerate(ROWS)]
    assert write(tmp_path / "a", rows, [7]) == plain_digest(rows, SCHEMA)
    assert write(tmp_path / "b", rows[:0], []) == plain_digest([], SCHEMA)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("annotation_id", 99),
        ("origin", "spurious"),
        ("deleted", True),
        ("iou", 0.0),
        ("source_ids", [10, 11]),
        ("source_ids", [11]),
        ("source_ids", []),
        ("clean_record", b""),
        ("clean_record", None),
    ],
)
def test_every_value_counts(tmp_path: Path, name: str, value: object) -> None:
    changed = [dict(row) for row in ROWS]
    changed[10][name] = value
    same = changed[10][name] == ROWS[10][name]
    assert not same
    assert write(tmp_path / "a", ROWS, []) != write(tmp_path / "b", changed, [])


def test_null_is_not_zero(tmp_path: Path) -> None:
    changed = [dict(row) for row in ROWS]
    changed[2]["iou"] = 0.0
    assert write(tmp_path / "a", ROWS, []) != write(tmp_path / "b", changed, [])


def test_schema_is_versioned_and_described(scenes_hard: Benchmark) -> None:
    schema = pq.read_schema(scenes_hard.path / "manifest.parquet")
    assert schema.metadata[b"manifest_version"] == VERSION.encode()
    described = describe(load_recipe("hard").noises)
    assert [name for name, _, _ in described] == schema.names
    assert all(meaning for _, _, meaning in described)


def test_verify_finds_what_was_touched(scenes_hard: Benchmark, tmp_path: Path) -> None:
    import shutil

    copy = Benchmark(tmp_path / "copy")
    shutil.copytree(scenes_hard.path, copy.path)
    assert copy.verify() == []
    text = copy.annotations.read_text()
    copy.annotations.write_text(text.replace('"category_id":3', '"category_id":4', 1))
    (copy.path / "recipe.yaml").open("a").write("\n")
    table = pq.read_table(copy.path / "manifest.parquet")
    pq.write_table(table.slice(1), copy.path / "manifest.parquet")
    assert copy.verify() == ["annotations/instances_train.json", "recipe.yaml", "manifest.parquet"]


def old_schema(table: pa.Table, version: int, path: Path) -> None:
    """The table as version 1 or 2 of the schema had it: 1 without any of the source's ids."""
    old = table.drop_columns(["source_id", "source_ids"][version - 1 :])
    names = {"source": "clean"}
    origins = pa.array([names.get(one, one) for one in table["origin"].to_pylist()])
    old = old.set_column(old.column_names.index("origin"), "origin", origins)
    metadata = {**table.schema.metadata, b"manifest_version": str(version).encode()}
    pq.write_table(old.replace_schema_metadata(metadata), path)


def new_and_old(folder: Path, version: int, ids: list[int]) -> tuple[Path, dict[str, list[Any]]]:
    """Three rows as ``new.parquet``, and the same in an older schema; its file, and the rows."""
    rows: dict[str, list[Any]] = {
        "annotation_id": ids,
        "source_id": [7, 8, None],
        "source_ids": [[7], [8], None],
        "image_id": [1, 1, 2],
        "origin": ["source", "source", "spurious"],
        "crowd": [False] * 3,
        "deleted": [False] * 3,
    }
    with ManifestWriter(folder / "new.parquet", SCHEMA) as writer:
        writer.write(rows)
    path = folder / "old.parquet"
    old_schema(pq.read_table(folder / "new.parquet"), version, path)
    return path, rows


def test_schema_1_gets_its_ids_as_source_ids(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, _ = new_and_old(tmp_path, 1, [7, 8, 9])
    assert keeps_source_ids(path)
    assert not keeps_source_ids(tmp_path / "new.parquet")
    assert read_manifest(path) == read_manifest(tmp_path / "new.parquet")
    names = ["origin", "source_id", "annotation_id", "source_ids"]
    assert read_manifest(path, names) == read_manifest(tmp_path / "new.parquet", names)
    assert read_manifest(path, ["iou"]).column_names == ["iou"]
    (line,) = [record.message for record in caplog.records]
    assert line.startswith(f"{path}: of schema 1: its annotation ids are the source's")


def test_schema_2_is_read_as_this_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, rows = new_and_old(tmp_path, 2, [70, 80, 90])
    assert not keeps_source_ids(path)
    assert set(read_manifest(path).column_names) == set(SCHEMA.names) - {"clean_record", "withheld"}
    names = ["origin", "source_id", "source_ids", "annotation_id"]
    assert read_manifest(path, names).to_pydict() == {name: rows[name] for name in names}
    assert not caplog.records


def test_an_unknown_origin_is_refused(tmp_path: Path) -> None:
    with ManifestWriter(tmp_path / "manifest.parquet", SCHEMA) as writer:
        writer.write(
            {
                "annotation_id": [1, 2],
                "source_id": [1, None],
                "image_id": [1, 1],
                "origin": ["source", "heaven"],
                "crowd": [False] * 2,
                "deleted": [False] * 2,
            }
        )
    with pytest.raises(InputError, match="origin is 'heaven', expected one of source, spurious"):
        read_manifest(tmp_path / "manifest.parquet")


@pytest.mark.parametrize(
    ("source_ids", "message"),
    [
        ([7, 7, None], "a value of source_id occurs twice"),
        ([7, None, None], "not null for added annotations alone"),
        ([7, 8, 9], "not null for added annotations alone"),
    ],
)
def test_source_ids_are_those_of_the_source(
    source_ids: list[int | None], message: str, tmp_path: Path
) -> None:
    with ManifestWriter(tmp_path / "manifest.parquet", SCHEMA) as writer:
        writer.write(
            {
                "annotation_id": [1, 2, 3],
                "source_id": source_ids,
                "image_id": [1, 1, 2],
                "origin": ["source", "source", "spurious"],
                "crowd": [False] * 3,
                "deleted": [False] * 3,
            }
        )
    with pytest.raises(InputError, match=message):
        read_manifest(tmp_path / "manifest.parquet")


def test_a_later_schema_without_source_ids_is_refused(tmp_path: Path) -> None:
    with ManifestWriter(tmp_path / "new.parquet", SCHEMA) as writer:
        writer.write({name: [row[name] for row in ROWS] for name in ROWS[0]})
    table = pq.read_table(tmp_path / "new.parquet").drop_columns(["source_id"])
    pq.write_table(table, tmp_path / "manifest.parquet")
    with pytest.raises(InputError, match="not one column 'source_id'"):
        read_manifest(tmp_path / "manifest.parquet")
