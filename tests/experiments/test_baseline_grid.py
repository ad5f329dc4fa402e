"""The baseline grid: its protocol against scikit-learn, its rankings against scipy, its page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from benchmark_n import Benchmark, EvidenceOptions, evaluate_detectors
from benchmark_n.errors import InputError
from benchmark_n.experiments.baseline_grid import (
    SCORING,
    Drawing,
    GridRun,
    measure_piece,
)
from benchmark_n.experiments.baseline_page import baseline_page
from benchmark_n.experiments.baseline_rankings import (
    compare_on_same_pictures,
    compare_rankings,
    rankings,
)
from benchmark_n.experiments.grid_pieces import Row, joined, lacking
from tests import making, samples

DETECTORS = ("cleanlab", "entropy", "objectlab", "random")


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Drawing:
    """Benchmarks of two noise seeds, made once."""
    folder = tmp_path_factory.mktemp("benchmarks")
    made = {
        seed: making.make(
            "scenes", "hard", seed=seed, num_images=16, out=folder / str(seed), workers=1
        )
        for seed in (1, 2)
    }
    return lambda seed, _: made[seed]


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evidence")


@pytest.fixture(scope="module")
def run(evidence: Path) -> GridRun:
    asked = EvidenceOptions(backbone="hog", folds=2, evidence_dir=evidence)
    return GridRun(detectors=DETECTORS, evidence=lambda _: asked)


@pytest.fixture(scope="module")
def piece(run: GridRun, scenes: Drawing) -> Row:
    return measure_piece(scenes, (1, 2), run)


def test_a_row_has_the_mean_of_what_scikit_learn_finds(
    piece: Row, run: GridRun, scenes: Drawing, tmp_path: Path
) -> None:
    lifted = []
    for seed in (1, 2):
        benchmark = scenes(seed, tmp_path)
        (one,) = evaluate_detectors(benchmark, "random", scoring=SCORING)
        scores = one.scores.to_pandas().query("kind == 'class'").set_index("annotation_id").score
        truth = benchmark.manifest().to_pandas().query("not deleted")
        wrong = truth.noisy_category_id.fillna(truth.category_id) != truth.category_id
        area = metrics.average_precision_score(wrong, scores[truth.annotation_id])
        lifted.append((area - wrong.mean()) / (1 - wrong.mean()))
    (row,) = (r for r in piece["rows"] if (r["name"], r["kind"]) == ("random", "class"))
    assert row["values"] == pytest.approx(lifted, abs=1e-6)
    assert row["mean"] == pytest.approx(np.mean(lifted), abs=1e-6)
    assert row["interval"][0] <= row["mean"] <= row["interval"][1]


def test_leads_are_over_the_best_floor_and_p_values_are_holms(piece: Row) -> None:
    rows = [row for row in piece["rows"] if row["kind"] == "class"]
    floors = {row["name"]: row["mean"] for row in rows if row["floor"]}
    best = max(floors, key=lambda name: float(floors[name]))
    assert {"floor: chance", "floor: area", "floor: category", "floor: blind"} <= set(floors)
    own = [row for row in rows if not row["floor"]]
    assert {row["name"] for row in own} == {"cleanlab", "entropy", "random"}
    for row in own:
        assert row["against"] == best
        assert row["lead"] == pytest.approx(row["mean"] - floors[best], abs=2e-6)
        # 200 replicates: no p-value is below 2 / 201, nor Holm's first of three below 6 / 201.
        assert row["p"] >= 2 / 201
    assert min(row["p"] for row in own) >= 6 / 201 - 1e-6


def test_evidence_is_made_once_a_benchmark_and_what_cannot_run_says_why(
    piece: Row, evidence: Path
) -> None:
    assert [path.name.partition("-")[0] for path in evidence.iterdir()] == ["crops", "crops"]
    assert set(piece["not_run"]) == {"objectlab"}
    assert "needs predictions" in piece["not_run"]["objectlab"]
    assert len(set(piece["annotations"])) == 2


def test_a_detector_that_fails_under_one_seed_has_no_mean_of_the_others(
    run: GridRun, scenes: Drawing, tmp_path: Path
) -> None:
    source = samples.write(tmp_path, samples.document())

    def without_images(seed: int, out: Path) -> Benchmark:
        if seed == 1:
            return scenes(seed, out)
        return making.make("custom", "high", annotations=source, out=out, workers=1)

    found = measure_piece(without_images, (1, 2), replace(run, detectors=("cleanlab", "random")))
    assert {row["name"] for row in found["rows"] if not row["floor"]} == {"random"}
    assert found["not_run"]["cleanlab"].startswith("drawing 2: ")


def test_a_piece_is_done_again_where_it_lacks_something(piece: Row) -> None:
    assert lacking(piece, (1, 2), DETECTORS) == []
    assert lacking(piece, (1, 2, 3), (*DETECTORS, "knn")) == ["drawings 3", "knn"]
    assert lacking({**piece, "version": "0"}, (1,), DETECTORS) == ["measured in version 0"]
    older = [{name: row[name] for name in row if name != "p_alone"} for row in piece["rows"]]
    assert lacking({**piece, "rows": older}, (1,), DETECTORS) != []


def test_detectors_that_are_added_make_the_piece_that_all_make_at_once(
    piece: Row, run: GridRun, scenes: Drawing
) -> None:
    parts = [
        measure_piece(scenes, (1, 2), replace(run, detectors=names))
        for names in (DETECTORS[:2], DETECTORS[2:])
    ]
    found = joined(*parts)

    def rows_by_name(one: Row) -> dict[tuple[str, str], Row]:
        return {(row["kind"], row["name"]): row for row in one["rows"]}

    assert rows_by_name(found) == rows_by_name(piece)
    assert len(found["rows"]) == len(piece["rows"])
    assert rows_by_name(parts[0]) != rows_by_name(piece)  # Holm's correction is over all
    assert {*found["detectors"]} == {*piece["detectors"]}
    assert found["not_run"] == piece["not_run"]
    short = joined(parts[0], measure_piece(scenes, (1,), replace(run, detectors=["random"])))
    (row,) = (r for r in short["rows"] if (r["name"], r["kind"]) == ("random", "class"))
    (whole,) = (r for r in piece["rows"] if (r["name"], r["kind"]) == ("random", "class"))
    assert (row["drawings"], row["values"]) == ([1], whole["values"][:1])
    assert row["p"] >= row["p_alone"]
    floors = [r for r in short["rows"] if r["floor"] and r["kind"] == "class"]
    assert {len(r["values"]) for r in floors} == {2}
    assert lacking(short, (1, 2), (*DETECTORS[:2], "random")) == []
    with pytest.raises(InputError, match="measured as a whole"):
        joined({**parts[0], "annotations": ["0", "1"]}, parts[1])


def written(
    name: str, tier: str, figures: dict[str, list[float]], *, low: float = 0.01, kind: str = "class"
) -> Row:
    """A piece with these figures, and a floor of 0."""
    base = {"kind": kind, "measure": "lifted_auprc", "errors": 10.0}
    rows = [
        {
            **base,
            "name": detector,
            "floor": False,
            "told": "noise rate" if detector == "usdnl" else "",
            "values": values,
            "mean": float(np.mean(values)),
            "interval": [0.0, 1.0],
            "lead": float(np.mean(values)),
            "lead_interval": [low, 1.0],
        }
        for detector, values in figures.items()
    ]
    count = len(next(iter(figures.values())))
    floor: dict[str, Any] = {
        **base,
        "name": "floor: chance",
        "floor": True,
        "told": "",
        "values": [0.0] * count,
        "mean": 0.0,
        "interval": [0.0, 0.0],
    }
    return {
        "set": name,
        "tier": tier,
        "drawings": list(range(1, count + 1)),
        "version": "1",
        "cpu_seconds": 36.0,
        "rows": [*rows, floor],
        "not_run": {"objectlab": "needs predictions"},
    }


def test_a_tier_ranks_by_means_over_its_sets() -> None:
    rng = np.random.default_rng(1)
    names = [f"d{n}" for n in range(8)]
    one, other, real = ({name: rng.random(3).tolist() for name in names} for _ in range(3))
    sparse = {"d0": [0.9] * 3, "d1": [0.1] * 3}  # a set without pixels
    pieces = [
        written("scenes", "hard", {**one, "random": [2.0] * 3, "lone": [3.0] * 3}),
        written("phantom", "hard", other),
        written("bare", "hard", sparse),
        written("pair", "real", real),
    ]
    ranked = rankings(pieces, "class")["hard"]
    assert set(ranked) == set(names)
    means = [np.mean([one[name], other[name]]) for name in names]
    assert [np.mean(ranked[name]) for name in names] == pytest.approx(means)
    (found,) = compare_rankings(pieces)
    expected = stats.kendalltau(means, [np.mean(real[name]) for name in names]).statistic
    assert (found.first, found.second, found.real) == ("hard", "pair", True)
    assert found.agreement.tau == pytest.approx(expected)


def test_tiers_on_the_pictures_of_a_real_pair_are_compared_with_it_alone() -> None:
    rng = np.random.default_rng(2)
    hard, own, real, alien = ({f"d{n}": rng.random(3).tolist() for n in range(8)} for _ in range(4))
    pieces = [
        written("scenes", "hard", hard),
        written("pair", "real", real),
        {**written("pair_a", "hard", own), "pair": "pair"},
        written("other", "real", alien),
    ]

    def tau(first: dict[str, list[float]], second: dict[str, list[float]]) -> float:
        means = [[np.mean(side[name]) for name in first] for side in (first, second)]
        return float(stats.kendalltau(*means).statistic)

    among = {(one.first, one.second): one.agreement.tau for one in compare_rankings(pieces)}
    assert among == {
        ("hard", "pair"): pytest.approx(tau(hard, real)),
        ("hard", "other"): pytest.approx(tau(hard, alien)),
        ("pair", "other"): pytest.approx(tau(real, alien)),
    }
    ((name, (found,)),) = compare_on_same_pictures(pieces).items()
    assert (name, found.first, found.second, found.real) == ("pair", "hard", "pair", True)
    assert found.agreement.tau == pytest.approx(tau(own, real))
    page = baseline_page(pieces)
    assert "1 of 1 comparisons of pair with a tier on its own pictures" in page.split("\n\n")[2]
    assert "### On the same pictures" in page
    assert "### On the same pictures" not in baseline_page(pieces[:2])
    # Its pictures are counted once: the summary is that without it.
    summary = page.partition("## In one minute")[2].partition("## How to read")[0]
    fewer = baseline_page([*pieces[:2], pieces[3]])
    assert summary == fewer.partition("## In one minute")[2].partition("## How to read")[0] != ""


def test_seeds_that_not_all_sets_have_are_left_out() -> None:
    figures = {name: [0.1, 0.5] for name in "abc"}
    short = {name: [0.3] for name in "abc"}
    pieces = [written("scenes", "mid", figures), written("phantom", "mid", short)]
    assert rankings(pieces, "class")["mid"]["a"] == pytest.approx([0.2])


def test_the_page_says_first_that_real_noise_ranks_otherwise() -> None:
    figures = {f"d{n}": [n / 10, n / 10] for n in range(9)}
    turned = {name: [1 - value for value in values] for name, values in figures.items()}
    page = baseline_page(
        [written("scenes", "hard", figures), written("pair", "real", turned)], ["scenes-easy"]
    )
    first = page.split("\n\n")[2]
    assert first.startswith("- **Tiers rank detectors otherwise than real noise**")
    assert "1 of 1 comparisons" in first
    assert "class, hard and pair: -1.00 (-1.00 to -1.00), 9 detectors" in first
    assert "**Not whole yet** are 1 ([which](#what-was-not-measured))" in page
    assert page.endswith("## What was not measured\n\n- scenes-easy\n")
    assert "2, which took 0.02 core-hours" in page
    same = baseline_page([written("scenes", "hard", figures), written("pair", "real", figures)])
    assert "Tiers rank detectors as real noise does" in same.split("\n\n")[2]
    assert "**not measured yet**" in baseline_page([written("scenes", "hard", figures)])


def test_the_page_marks_the_best_and_what_is_at_the_floor() -> None:
    pieces = [
        written("scenes", "hard", {"knn": [0.5, 0.7], "usdnl": [0.2, 0.2]}),
        written("pair", "real", {"knn": [0.1], "entropy": [0.3]}, low=-0.1),
    ]
    rows: dict[str, str] = {}
    for line in baseline_page(pieces).split("## How to read")[1].splitlines():
        rows.setdefault(line.split(" | ")[0].strip("| "), line)
    assert "| scenes hard, 2 seeds | pair, 1 drawing |" in rows["detector"]
    assert "| **0.60** (0.00 to 1.00) | 0.10 (0.00 to 1.00) ≤ floor |" in rows["knn"]
    assert "| noise rate | 0.20 (0.00 to 1.00) | - |" in rows["usdnl"]
    assert "| - | 0.30 (0.00 to 1.00) ≤ floor |" in rows["entropy"]
    assert "| 0.00 (0.00 to 0.00) | 0.00 (0.00 to 0.00) |" in rows["floor: chance"]
    assert "scenes hard, pair real | needs predictions" in rows["objectlab"]


def test_the_summary_counts_the_sets_in_which_a_detector_is_above_the_floor() -> None:
    one = written("scenes", "hard", {"knn": [0.5], "random": [0.1], "entropy": [0.2]})
    for row in one["rows"]:
        if row["name"] == "entropy":
            row["lead_interval"] = [-0.1, 0.5]
    other = written("phantom", "hard", {"knn": [0.2], "entropy": [0.0]}, low=0.0)
    real = written("pair", "real", {"knn": [0.3]})
    page = baseline_page([one, other, real]).split("## In one minute")[1].split("## ")[0]
    assert "| detector | class, hard | class, real |" in page
    assert "| knn | 1/2 | 1/1 |" in page
    assert "Above the floor in none of these: `entropy`." in page
    assert "random" not in page


def test_what_ran_under_the_first_seed_alone_is_marked_and_compared_under_it() -> None:
    figures = {"knn": [0.5, 0.7], "margin": [0.4, 0.1], "entropy": [0.3, 0.3]}
    piece = written("scenes", "hard", figures)
    short = written("scenes", "hard", {"mirror": [0.2]})["rows"][0]
    piece["rows"].append({**short, "drawings": [1]})
    tables = baseline_page([piece]).split("## How to read")[1]
    line = next(one for one in tables.splitlines() if one.startswith("| mirror"))
    assert line == "| mirror |  | **0.20**¹ (0.00 to 1.00) |"
    assert rankings([piece], "class")["hard"] == {
        "knn": [0.5], "margin": [0.4], "entropy": [0.3], "mirror": [0.2]
    }  # fmt: skip
