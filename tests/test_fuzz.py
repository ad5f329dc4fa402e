"""Five hundred inputs of the fuzzer, read or refused in a line; scripts/faults/fuzz.py has more."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.fuzzing.formats import plan, prepare, start
from tests.fuzzing.table import all_formats
from tests.fuzzing.watchdog import run_all

COUNT, SEED = 500, 100


def test_no_input_is_more_than_one_line(tmp_path: Path) -> None:
    for module in ("torch", "safetensors", "SimpleITK"):
        pytest.importorskip(module)
    prepare(all_formats(), tmp_path / "valid")
    cases = [case for case in plan(all_formats(), COUNT + 200) if not case.bomb][:COUNT]
    begin = partial(start, all_formats, tmp_path / "valid", SEED)
    outcomes = list(run_all(begin, cases))
    assert [(o.item, o.text) for o in outcomes if o.kind == "finding"] == []
    assert len(outcomes) == COUNT
    # Were nothing taken, the valid files were none; were all of it, nothing was damaged.
    kinds = {(outcome.item.format, outcome.kind) for outcome in outcomes}
    assert {kind for _, kind in kinds} == {"accepted", "refused"}


def test_scores_are_of_the_benchmark_that_they_are_read_with(tmp_path: Path) -> None:
    formats = {"scores": all_formats()["scores"]}
    prepare(all_formats(), tmp_path / "valid")
    begin = partial(start, all_formats, tmp_path / "valid", SEED)
    cases = [case for case in plan(formats, 40) if not case.bomb]
    assert {outcome.kind for outcome in run_all(begin, cases)} == {"accepted", "refused"}
