"""Columns by their buffers are those that pyarrow makes, and nobody imports pandas for them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark_n.tables.arrow_columns import numbers, to_arrow, to_numpy, validity
from benchmark_n.tables.manifest_schema import IDS

IDS_64 = st.integers(-(2**63), 2**63 - 1)
VALUES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (pa.int64(), IDS_64),
    (pa.float64(), st.floats(allow_nan=False)),
    (pa.bool_(), st.booleans()),
    (pa.string(), st.text(st.characters(exclude_categories=["Cs"]))),
    (pa.binary(), st.binary()),
    (IDS, st.lists(IDS_64)),
]


@pytest.mark.parametrize(("kind", "values"), VALUES, ids=lambda each: str(each))
@given(data=st.data())
def test_to_arrow_is_what_pyarrow_makes(
    kind: Any, values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    drawn = data.draw(st.lists(st.none() | values))
    made = to_arrow(drawn, kind)
    made.validate(full=True)
    assert made.equals(pa.array(drawn, kind))
    assert made.null_count == drawn.count(None)


@given(values=st.lists(st.none() | st.booleans()), start=st.integers(0, 20))
def test_a_part_of_an_array(values: list[bool | None], start: int) -> None:
    part = pa.array(values, pa.bool_()).slice(start)
    assert validity(part).tolist() == [value is not None for value in values[start:]]
    there = [bool(value) for value in numbers(part)[validity(part)]]
    assert there == [value for value in values[start:] if value is not None]


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.float32(), pa.uint8(), pa.bool_()])
def test_to_numpy_is_pyarrows_own(kind: Any) -> None:
    column = pa.chunked_array([pa.array([1, 0, 1]).cast(kind), pa.array([], kind)])
    own = column.to_numpy()
    assert to_numpy(column).dtype == own.dtype
    np.testing.assert_array_equal(to_numpy(column), own)
    assert to_numpy(pa.chunked_array([], kind)).dtype == own.dtype


def test_nulls_are_no_numbers() -> None:
    with pytest.raises(ValueError, match="2 nulls"):
        to_numpy(pa.array([1, None, None]))


@pytest.mark.parametrize(
    ("values", "kind"),
    [(["a"], pa.int64()), ([3], pa.string()), ([2], pa.bool_())],
)
def test_another_type_is_refused_by_pyarrow(values: list[Any], kind: Any) -> None:
    with pytest.raises(pa.ArrowException):
        pa.array(values, kind)
    with pytest.raises(pa.ArrowException):
        to_arrow(values, kind)


MAKE = """
import sys
import benchmark_n
source, execution = benchmark_n.SourceOptions(num_images=4), benchmark_n.Execution(workers=1)
made = benchmark_n.make("scenes", {tier!r}, out={out!r}, source=source, execution=execution)
assert made.verify() == []
assert "pandas" not in sys.modules
"""


@pytest.mark.parametrize("tier", ["hard", "events-10"])
def test_make_starts_without_pandas(tier: str, tmp_path: Any) -> None:
    pytest.importorskip("pandas")
    code = MAKE.format(tier=tier, out=str(tmp_path / "made"))
    subprocess.run([sys.executable, "-c", code], check=True)
