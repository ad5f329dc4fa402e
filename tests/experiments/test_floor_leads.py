"""Leads over floors against SciPy's paired intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmark_n.experiments.floor_leads import at_floor, lead

SEEDS = range(1, 6)


def rows(
    detector: str, values: Sequence[float | None], kind: str = "class"
) -> list[dict[str, Any]]:
    return [
        {
            **{"noise": "sym-20", "backbone": "hog", "kind": kind, "seed": seed},
            **{"detector": detector, "lifted_auprc": value},
        }
        for seed, value in zip(SEEDS, values, strict=False)
    ]


def test_the_interval_is_that_of_the_paired_test() -> None:
    rng = np.random.default_rng(5)
    own, floor = rng.normal(0.3, 0.1, 5), rng.normal(0.25, 0.1, 5)
    mean, low = lead(own.tolist(), floor.tolist())
    theirs = stats.ttest_rel(own, floor).confidence_interval(0.95)
    assert mean == pytest.approx(np.mean(own - floor))
    assert low == pytest.approx(theirs.low)
    alone = lead([0.2], [0.1])
    assert alone[0] == pytest.approx(0.1)
    assert alone[1] is None


def test_what_may_be_no_better_than_the_best_floor_is_told() -> None:
    steady, wide = [0.5, 0.51, 0.49, 0.5, 0.5], [0.9, -0.4, 0.6, 0.3, 0.1]
    best, other = [0.2] * 5, [0.1] * 5
    lines = at_floor(
        [
            *rows("cleanlab", steady),
            *rows("recov", wide),
            *rows("random", [0.0] * 5),
            *rows("floor: area", other),
            *rows("floor: category", best),
        ]
    )
    assert [line.split(": ")[1] for line in lines] == ["recov", "random"]
    assert lines[1] == "sym-20, hog, class: random: lead -0.200 (95 % from -0.200) over category"


def test_of_one_seed_the_lead_alone_decides() -> None:
    floor = rows("floor: area", [0.2])
    assert at_floor([*rows("one", [0.3]), *floor]) == []
    assert at_floor([*rows("one", [0.2]), *floor]) == [
        "sym-20, hog, class: one: lead +0.000 on one seed over area"
    ]


def test_seeds_that_only_one_has_do_not_count() -> None:
    shared = at_floor([*rows("one", [None, None, 0.3]), *rows("floor: area", [0.2, 0.2])])
    assert shared == ["sym-20, hog, class: one: no seed in common with floor area"]
    assert at_floor(rows("one", [0.3])) == []  # missing instances have no floors
