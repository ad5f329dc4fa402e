"""Rows kept block by block: resumed, mapped, and made again where they are damaged."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark_n.errors import InputError
from benchmark_n.evidence.row_store import RowBlock, Rows, half, stored_rows

BLOCKS = [RowBlock({"start": start}, 3, start) for start in (0, 10, 20)]
WHOLE = [0, 1, 2, 10, 11, 12, 20, 21, 22]


class Maker:
    """Three rows a block; stops where it is told to."""

    def __init__(self, stop: int | None = None) -> None:
        self.made: list[int] = []
        self._stop = stop

    def __call__(self, start: int) -> Rows:
        if start == self._stop:
            raise KeyboardInterrupt
        self.made.append(start)
        rows = np.arange(start, start + 3)
        return {"rows": rows, "wide": half(rows[:, None] / np.arange(1, 5)), "none": rows[:0]}


def test_blocks_stand_below_one_another(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    rows = stored_rows(tmp_path, {}, BLOCKS, Maker(), lambda *done: told.append(done))
    assert rows["rows"].tolist() == WHOLE
    expected = (np.array(WHOLE)[:, None] / np.arange(1, 5)).astype(np.float16)
    np.testing.assert_array_equal(rows["wide"], expected)
    assert rows["none"].shape == (0,)
    assert told == [(3, 9), (6, 9), (9, 9)]
    assert isinstance(rows["wide"], np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        rows["wide"][0] = 1


def test_a_stopped_run_goes_on(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        stored_rows(tmp_path, {}, BLOCKS, Maker(stop=20))
    again = Maker()
    assert stored_rows(tmp_path, {}, BLOCKS, again)["rows"].tolist() == WHOLE
    assert again.made == [20]
    assert len(list(tmp_path.iterdir())) == 1  # no blocks are left


def test_a_block_cut_off_is_made_again(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        stored_rows(tmp_path, {}, BLOCKS, Maker(stop=20))
    first = sorted(tmp_path.rglob("*.npz"))[0]
    os.truncate(first, first.stat().st_size - 40)
    again = Maker()
    assert stored_rows(tmp_path, {}, BLOCKS, again)["rows"].tolist() == WHOLE
    assert again.made == [0, 20]


def test_what_is_kept_is_not_made_again(tmp_path: Path) -> None:
    stored_rows(tmp_path, {"model": 1}, BLOCKS, Maker())
    again = Maker()
    assert stored_rows(tmp_path, {"model": 1}, BLOCKS, again)["rows"].tolist() == WHOLE
    assert again.made == []


@pytest.mark.parametrize(
    ("made_of", "blocks"), [({"model": 2}, BLOCKS), ({"model": 1}, BLOCKS[:2])]
)
def test_other_inputs_are_other_rows(made_of: Any, blocks: Any, tmp_path: Path) -> None:
    stored_rows(tmp_path, {"model": 1}, BLOCKS, Maker())
    again = Maker()
    assert len(stored_rows(tmp_path, made_of, blocks, again)["rows"]) == 3 * len(blocks)
    assert len(again.made) == len(blocks)


def test_a_damaged_store_is_made_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stored_rows(tmp_path, {}, BLOCKS, Maker())
    (path,) = tmp_path.rglob("wide.npy")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    again = Maker()
    stored_rows(tmp_path, {}, BLOCKS, again)
    assert again.made == [0, 10, 20]
    assert "wide.npy is damaged: it is made again" in caplog.text


def test_half_precision_refuses_what_it_cannot_hold() -> None:
    assert half(np.array([65504.0, -0.5])).tolist() == [65504, -0.5]
    with pytest.raises(InputError, match=r"the value 70000, which half precision cannot hold"):
        half(np.array([1.0, 70000.0]))
    with pytest.raises(InputError, match="the value nan"):
        half(np.array([np.nan]))
