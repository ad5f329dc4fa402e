"""Options objects out of flat keywords, and what they refuse."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, asdict, dataclass
from typing import Any

import numpy as np
import pytest

from benchmark_n.errors import UsageError
from benchmark_n.runtime.execution import Execution
from benchmark_n.runtime.options import check_whole, fill, fill_each


@dataclass(frozen=True)
class Picture:
    width: int = 4
    height: int = 3


KINDS = {"picture": Picture, "execution": Execution}


def test_what_is_named_is_filled_and_the_rest_is_default() -> None:
    assert fill(Picture, {"height": 5}) == Picture(4, 5)
    assert fill(Picture, {}) == Picture()


def test_flat_keywords_are_sorted_into_their_objects() -> None:
    found = fill_each(KINDS, {"workers": 2, "width": 9, "backend": "dask"})
    assert found == {"picture": Picture(9, 3), "execution": Execution(2, "dask")}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hieght", "unknown option 'hieght': did you mean 'height'? (known: width, height)"),
        ("worker", "unknown option 'worker': (known: width, height)"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(name: str, text: str) -> None:
    with pytest.raises(UsageError) as error:
        fill(Picture, {"width": 1, name: 2})
    assert str(error.value) == text


def test_an_unknown_name_is_compared_with_all_classes() -> None:
    with pytest.raises(UsageError, match=r"^unknown option 'worker': did you mean 'workers'"):
        fill_each(KINDS, {"worker": 2})


def test_what_a_class_refuses_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^chunk_size must be 1 or more, but got 0$"):
        fill_each(KINDS, {"chunk_size": 0})


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"workers": 0}, "workers must be 1 or more, but got 0"),
        ({"workers": -3}, "workers must be 1 or more, but got -3"),
        ({"chunk_size": 0}, "chunk_size must be 1 or more, but got 0"),
        ({"backend": "ray"}, "backend must be one of loky, dask, but got 'ray'"),
    ],
)
def test_execution_refuses(options: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError) as error:
        Execution(**options)
    assert str(error.value) == text


def test_execution_is_frozen_and_has_five_fields() -> None:
    assert asdict(Execution()) == {
        "workers": None,
        "backend": "loky",
        "scheduler": None,
        "chunk_size": 500,
        "progress": None,
    }
    with pytest.raises(FrozenInstanceError):
        Execution().workers = 2  # type: ignore[misc]


@pytest.mark.parametrize("value", [1, 7, np.int64(7)])
def test_whole_numbers(value: int) -> None:
    check_whole("stride", value, least=1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "stride is 0, expected 1 or more"),
        (1.5, "stride is 1.5, expected a whole number"),
        ("2", "stride is '2', expected a whole number"),
        (True, "stride is True, expected a whole number"),
        (None, "stride is None, expected a whole number"),
    ],
)
def test_other_values(value: object, text: str) -> None:
    with pytest.raises(UsageError) as error:
        check_whole("stride", value, least=1)
    assert str(error.value) == text
