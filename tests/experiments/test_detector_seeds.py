"""Rows of floors beside those of detectors."""

from __future__ import annotations

import pytest

from benchmark_n import Benchmark
from benchmark_n.evaluators.label_errors.floors import FLOORS
from benchmark_n.experiments.detector_seeds import MEASURES, measured_floors


def test_every_floor_has_a_row_and_flags_of_its_own_only_where_it_flags_all(
    scenes_hard: Benchmark,
) -> None:
    rows = list(measured_floors(scenes_hard, ["class", "spatial", "missing"]))
    names = [f"floor: {name.replace('_', ' ')}" for name in FLOORS]
    assert [row["detector"] for row in rows] == names * 2
    assert all(set(MEASURES) <= set(row) for row in rows)
    share = rows[0]["prevalence"]
    assert rows[0]["f1"] == pytest.approx(2 * share / (1 + share))
    assert {row["f1"] for row in rows if row["detector"] != names[0]} == {None}
