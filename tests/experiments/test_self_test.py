"""The self-test of the joint list: rates by closed form, and errors that it plants."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import benchmark_n
from benchmark_n import EvidenceOptions
from benchmark_n.cli import run
from benchmark_n.errors import InputError
from benchmark_n.experiments.list_rates import TOPS, at_tops
from tests.detection.joint.files import Files, write_files


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return write_files(tmp_path_factory.mktemp("scene"), images=60)


def test_rates_are_counts_of_the_head() -> None:
    right = np.array(([1] * 30 + [0] * 20) * 3, float)
    units = np.arange(150) % 50
    planted = np.full(50, 2.0)
    at = at_tops(right, units, planted, seed=0)
    assert [one.top for one in at] == list(TOPS)
    assert at[0].precision == pytest.approx(30 / 50)
    assert at[1].recall == pytest.approx(60 / 100)
    # Of a list of 150 the first 200 are all there are.
    assert at[2].precision == pytest.approx(90 / 150)
    for one in at:
        assert one.precision_interval is not None
        low, high = one.precision_interval
        assert low < (one.precision or 0) < high


def test_where_every_unit_is_alike_the_interval_is_a_point() -> None:
    at = at_tops(np.ones(300), np.arange(300) % 3, np.full(3, 100.0), seed=0)
    assert at[0].precision_interval == (1.0, 1.0)
    assert at[0].recall_interval == pytest.approx((50 / 300, 50 / 300))


def test_without_errors_there_is_no_recall() -> None:
    at = at_tops(np.zeros(60), np.arange(60), np.zeros(60), seed=0)
    assert (at[0].precision, at[0].recall, at[0].recall_interval) == (0.0, None, None)


@pytest.mark.usefixtures("_own_cache")
def test_planted_errors_are_found(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["detect", "--annotations", str(files.annotations), "--self-test", "--seed", "3"]
    words += ["--evidence", f"predictions:{files.predictions}", "--workers", "1"]
    assert run([*words, "--json", "-q"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert set(data["planted"]) >= {"class", "missing"}
    for kind, found in data["found"]["200"].items():
        assert 0 <= found <= data["planted"][kind]
    total = len(files.scene.evidence)
    assert 0 < data["planted"]["class"] < 0.12 * total
    assert data["found"]["100"]["class"] >= 0.6 * data["planted"]["class"]
    assert run([*words, "-q"]) == 0
    text = capsys.readouterr().out
    assert "errors were planted by human-lvis-crowd, seed 3" in text
    assert [line.split()[0] for line in text.splitlines()[1:4]] == ["50", "100", "200"]


def test_a_recipe_that_plants_nothing_is_refused(files: Files, tmp_path: Path) -> None:
    recipe = tmp_path / "none.yaml"
    recipe.write_text(
        "name: none\nversion: 1\ndescription: nothing\nnoises:\n  deletion:\n    probability: 0.0\n"
    )
    options = EvidenceOptions((f"predictions:{files.predictions}",))
    with pytest.raises(InputError, match="planted no error"):
        benchmark_n.self_test(files.annotations, recipe=recipe, evidence=options)
