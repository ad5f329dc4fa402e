"""Tables: what pyarrow reads, told beforehand how large it is, and none that is too large."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark_n.errors import InputError, UsageError
from benchmark_n.files.limits import MAX_TABLE_BYTES
from benchmark_n.files.parquet import check_names, open_parquet, read_parquet
from benchmark_n.files.parquet_pages import chunk_pages
from benchmark_n.tables.scores import read_scores
from tests import making, samples
from tests.files.test_pictures import peak_kilobytes
from tests.fuzzing.large_tables import LARGE_TABLES, growing_words, rows_of

ROWS = 30_000


def mixed() -> Any:
    """Columns of many types, with nulls, words and lists."""
    rng = np.random.default_rng(0)
    words = np.array(["", "cat", "dog", "é" * 40])[rng.integers(0, 4, ROWS)]
    gone = rng.random(ROWS) < 0.1
    return pa.table(
        {
            "whole": rng.integers(0, 1 << 60, ROWS),
            "small": pa.array(rng.integers(0, 9, ROWS), pa.int32(), mask=gone),
            "real": pa.array(rng.random(ROWS), mask=gone),
            "flag": rng.random(ROWS) < 0.5,
            "word": pa.array(words.tolist(), mask=gone),
            "text": [f"{i}" * (i % 30) for i in range(ROWS)],
            "bytes": pa.array([b"x" * (i % 7) for i in range(ROWS)], pa.binary()),
            "nothing": pa.nulls(ROWS),
            "list": pa.array([list(range(i % 4)) for i in range(ROWS)]),
            "names": pa.array([["a", "bc"][: i % 3] for i in range(ROWS)]),
            "inner": pa.array([{"a": i, "b": "x"} for i in range(ROWS)]),
        }
    )


WRITERS: list[dict[str, Any]] = [
    {},
    {"compression": "none"},
    {"compression": "zstd", "row_group_size": 7000},
    {"use_dictionary": False, "compression": "gzip"},
    {"data_page_version": "2.0", "data_page_size": 1000},
    {"dictionary_pagesize_limit": 100, "write_statistics": True, "write_page_index": True},
    {"store_schema": False, "version": "1.0", "write_page_checksum": True},
]


@pytest.mark.parametrize("options", WRITERS, ids=str)
def test_tables_are_those_of_pyarrow_and_pages_those_of_the_footer(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(mixed(), path, **options)
    assert read_parquet(path).equals(pq.read_table(path))
    some = ["word", "flag"]
    assert read_parquet(path, some).equals(pq.read_table(path, columns=some))
    data, about = path.read_bytes(), pq.ParquetFile(path).metadata
    for group in range(about.num_row_groups):
        for index in range(about.num_columns):
            chunk = about.row_group(group).column(index)
            start = min(filter(None, (chunk.data_page_offset, chunk.dictionary_page_offset)))
            end = start + chunk.total_compressed_size
            pages = list(chunk_pages(data, start, end, chunk.num_values))
            assert sum(p.values for p in pages if not p.dictionary) == chunk.num_values
            # The footer counts the headers too.
            headers = chunk.total_compressed_size - sum(page.packed for page in pages)
            assert sum(page.unpacked for page in pages) == chunk.total_uncompressed_size - headers
            assert any(page.dictionary for page in pages) == chunk.has_dictionary_page


@pytest.mark.parametrize("name", LARGE_TABLES)
def test_a_small_file_of_a_large_table_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "scores.parquet"
    LARGE_TABLES[name](path)
    line = "DELTA_BYTE_ARRAY" if name == "growing words" else "more than 200 times as much unpacked"
    assert path.stat().st_size < 1 << 20
    with pytest.raises(InputError, match=line):
        read_scores(path)
    instances = samples.write(tmp_path, samples.document())
    words = ["review", "export", "--annotations", str(instances), "--scores", str(path)]
    code, memory, said = peak_kilobytes(*words, "--to", "csv", "--out", str(tmp_path / "review"))
    assert (code, len(said.splitlines())) == (1, 1), said
    assert line in said
    assert memory < 300_000  # 7 GB before there was a limit; imports are most of it


def test_words_that_repeat_those_before_are_refused(tmp_path: Path) -> None:
    growing_words(tmp_path / "t.parquet")
    with pytest.raises(ValueError, match="DELTA_BYTE_ARRAY"):
        open_parquet(tmp_path / "t.parquet")
    open_parquet(tmp_path / "t.parquet", ["image_id"])


def test_the_limit_can_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.parquet"
    table = pa.table({"a": np.arange(1000)})
    pq.write_table(table, path)
    monkeypatch.setenv(MAX_TABLE_BYTES, str(table.nbytes))
    assert read_parquet(path).equals(table)
    monkeypatch.setenv(MAX_TABLE_BYTES, str(table.nbytes - 1))
    with pytest.raises(ValueError, match=f"more than {table.nbytes - 1} bytes unpacked"):
        read_parquet(path)
    monkeypatch.setenv(MAX_TABLE_BYTES, "much")
    with pytest.raises(UsageError, match=f"{MAX_TABLE_BYTES} is 'much'"):
        read_parquet(path)


def test_manifests_have_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = samples.write(tmp_path, samples.document())
    made = making.make("custom", "hard", annotations=path, out=tmp_path / "b", workers=1)
    monkeypatch.setenv(MAX_TABLE_BYTES, "10")
    for read in (made.manifest, made.verify, made.clean):
        with pytest.raises(InputError, match="cannot read the manifest: more than 10 bytes"):
            read()


def test_two_columns_of_one_name_are_one_line(tmp_path: Path) -> None:
    benchmark = making.make("scenes", "hard", num_images=2, out=tmp_path / "made", workers=1)
    path = benchmark.path / "manifest.parquet"
    table = pq.read_table(path)
    pq.write_table(table.append_column("seed", table["annotation_id"]), path)
    benchmark.manifest()
    pq.write_table(table.append_column("annotation_id", table["annotation_id"]), path)
    with pytest.raises(InputError, match="two columns are called 'annotation_id'"):
        benchmark.manifest()
    with pytest.raises(ValueError, match="two columns are called 'annotation_id'"):
        read_parquet(path)


def test_row_groups_may_be_taken_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": np.arange(1000)}), path, row_group_size=100)
    monkeypatch.setenv(MAX_TABLE_BYTES, "800")
    assert open_parquet(path, by_group=True).num_row_groups == 10
    with pytest.raises(ValueError, match="more than 800 bytes"):
        open_parquet(path)


def test_words_are_counted_as_often_as_they_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a table is said to take is what Arrow takes for it, or little more."""
    words = [("ab" * 5000, None, "c" * 30_000)[i % 3] for i in range(9000)]
    table = pa.table({"a": words, "b": np.arange(9000)})
    path = tmp_path / "t.parquet"
    pq.write_table(table, path, compression="none")
    monkeypatch.setattr("benchmark_n.files.parquet._MOST_PACKED", 10**9)
    taken = table.nbytes
    monkeypatch.setenv(MAX_TABLE_BYTES, str(int(taken * 0.99)))
    with pytest.raises(ValueError, match="bytes unpacked"):
        open_parquet(path)
    monkeypatch.setenv(MAX_TABLE_BYTES, str(int(taken * 1.02)))
    open_parquet(path)


@pytest.mark.parametrize("place", range(0, 400, 7))
def test_damaged_pages_are_one_line(tmp_path: Path, place: int) -> None:
    path = tmp_path / "scores.parquet"
    pq.write_table(rows_of(50), path, compression="none")
    data = bytearray(path.read_bytes())
    data[4 + place] ^= 0xFF
    path.write_bytes(data)
    try:
        read_scores(path)
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_many_columns_are_counted_once() -> None:
    """Sixteen thousand took 14 s where each was looked for among all."""
    names = [f"c{i}" for i in range(100_000)]
    check_names(pa.schema([(name, pa.null()) for name in names]))
    with pytest.raises(ValueError, match="two columns are called 'c7'"):
        check_names(pa.schema([(name, pa.null()) for name in [*names, "c7"]]))


def test_a_table_without_rows_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = pa.table({"id": pa.array([], pa.int64()), "kind": pa.array([], pa.string())})
    for compression in ("zstd", "none"):
        pq.write_table(table, path, compression=compression)
        assert read_parquet(path).equals(table)
