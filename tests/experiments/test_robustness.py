from __future__ import annotations

from pathlib import Path

import pytest

from benchmark_n.cli.robustness import parse_seeds, write
from benchmark_n.errors import UsageError
from benchmark_n.experiments.robustness import Robustness, robustness, tier_scores
from benchmark_n.experiments.robustness_table import robustness_tables
from benchmark_n.report.robustness import standard_deviation
from benchmark_n.report.table_formats import render


def scores() -> Robustness:
    metrics = {
        ("clean", 1): {"segm_AP": 0.4, "boundary_AP": 0.2, "bbox_AP": 0.5},
        ("clean", 2): {"segm_AP": 0.5, "boundary_AP": 0.3, "bbox_AP": 0.5},
        ("hard", 1): {"segm_AP": 0.27, "boundary_AP": 0.2, "bbox_AP": 0.25},
        ("hard", 2): {"segm_AP": 0.36, "boundary_AP": 0.1, "bbox_AP": 0.25},
    }
    tiers = tier_scores(metrics, ["clean", "hard"], [1, 2])
    return Robustness("tiny-mask-rcnn", "scenes", tiers, {})


def test_shares_are_of_the_first_tiers_mean() -> None:
    clean, hard = scores().tiers
    assert clean.ap["segm"] == [0.4, 0.5]
    assert hard.kept["segm"] == pytest.approx([0.27 / 0.45, 0.36 / 0.45])
    assert hard.kept["bbox"] == pytest.approx([0.5, 0.5])


def test_the_table_has_means_and_deviations() -> None:
    lines = [line.split() for line in render(robustness_tables(scores()), "text").splitlines()]
    assert lines[1][:5] == ["clean", "45.00", "7.07", "100.00", "15.71"]
    assert lines[2][:5] == ["hard", "31.50", "6.36", "70.00", "14.14"]
    assert standard_deviation([0.4]) == 0


def test_results_and_plot_are_written(tmp_path: Path) -> None:
    write(scores(), tmp_path)
    assert (tmp_path / "robustness.json").is_file()
    assert (tmp_path / "robustness.png").read_bytes().startswith(b"\x89PNG")


def test_seeds() -> None:
    with pytest.raises(UsageError, match="expected a number"):
        parse_seeds("a")
    with pytest.raises(UsageError, match="expected 1 or more"):
        parse_seeds("0")
    with pytest.raises(UsageError, match="needs a tier and a seed"):
        robustness("tiny-mask-rcnn", "scenes", seeds=())
    with pytest.raises(UsageError, match="which tiny-unet has none of"):
        robustness("tiny-unet", "phantom")
