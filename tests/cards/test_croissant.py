"""Croissant files pass their own validator, and their records are the Parquet's."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import mlcroissant
import pyarrow.parquet as pq
import pytest

from benchmark_n import Benchmark
from benchmark_n.benchmark import layout
from benchmark_n.cards.card import ANNOTATIONS_TABLE, CROISSANT
from tests.conftest import REPOSITORY

CARDS = sorted((REPOSITORY / "data_cards").glob("*/croissant.json"))


def issues(path: Path) -> set[str]:
    found = mlcroissant.Dataset(str(path)).metadata.ctx.issues
    return set(found.errors) | set(found.warnings)


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.parent.name)
def test_published_cards_are_valid(path: Path) -> None:
    assert issues(path) == set()


@pytest.mark.parametrize("name", ["carded", "guarded"])
def test_fresh_cards_are_valid(name: str, request: pytest.FixtureRequest) -> None:
    benchmark: Benchmark = request.getfixturevalue(name)
    assert issues(benchmark.path / CROISSANT) == set()


@pytest.mark.parametrize(
    ("records", "file"), [("manifest", layout.MANIFEST), ("annotations", ANNOTATIONS_TABLE)]
)
def test_records_equal_the_parquet(carded: Benchmark, records: str, file: str) -> None:
    dataset = mlcroissant.Dataset(str(carded.path / CROISSANT))
    read = [
        {key.partition("/")[2]: plain(value) for key, value in record.items()}
        for record in dataset.records(records)
    ]
    table = pq.read_table(carded.path / file)
    kept = [name for name in table.column_names if name in read[0]]
    assert read == table.select(kept).to_pylist()
    left_out = {"source_ids", "clean_record", "withheld", "localization_seed"}
    assert set(table.column_names) - set(kept) <= left_out


def plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else value
