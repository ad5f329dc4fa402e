"""The scores table: its checks and the kind `any`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from benchmark_n.errors import InputError
from benchmark_n.tables.scores import add_any, check_scores, read_scores, scores_table, write_scores


def columns(**changes: Any) -> dict[str, Any]:
    base = {
        "image_id": [1, 1, 1],
        "annotation_id": [7, 7, None],
        "kind": ["class", "spatial", "missing"],
        "score": [0.25, 0.75, 0.5],
        "flagged": [True, False, False],
        "suggested_category": [3, None, None],
    }
    return {**base, **changes}


def test_any_is_the_maximum_over_the_kinds_of_an_annotation() -> None:
    rows = add_any(scores_table(columns())).to_pylist()
    added = [row for row in rows if row["kind"] == "any"]
    assert len(added) == 1
    found = added[0]
    assert (found["score"], found["flagged"], found["suggested_category"]) == (0.75, True, 3)
    assert len(rows) == 4


def test_a_written_table_reads_back(tmp_path: Path) -> None:
    table = scores_table(columns(), {"detector": "random"})
    write_scores(table, tmp_path / "scores.parquet")
    again = read_scores(tmp_path / "scores.parquet")
    assert again.equals(table)
    assert again.schema.metadata[b"detector"] == b"random"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"score": [0.1, float("nan"), 0.2]}, "annotation 7: score is nan"),
        ({"score": [0.1, 1.5, 0.2]}, "score is 1.5, expected a number from 0 to 1"),
        ({"kind": ["class", "class", "missing"]}, "annotation 7: two rows of kind 'class'"),
        ({"kind": ["class", "spacial", "missing"]}, "kind is 'spacial'"),
        ({"kind": ["class", "spatial", "any"]}, "expected null for kind 'missing'"),
        ({"flagged": [True, None, False]}, "column 'flagged' has 1 nulls"),
    ],
)
def test_each_fault_is_one_line(changes: dict[str, Any], line: str) -> None:
    with pytest.raises(InputError, match=line):
        scores_table(columns(**changes))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InputError, match="column 'image_id' is missing"):
        check_scores(pa.table({"score": [0.5]}))


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "scores.parquet").write_text("no parquet")
    with pytest.raises(InputError, match=r"scores\.parquet: cannot read"):
        read_scores(tmp_path / "scores.parquet")
