"""Detectors over noise seeds: against scikit-learn, plain loops and Holm's own procedure."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from benchmark_n import Benchmark
from benchmark_n.cli import run
from benchmark_n.cli.compare import parse_seed_list
from benchmark_n.detection.correct import correct
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluation.floors import score_floors
from benchmark_n.evaluation.label_errors import score_benchmark
from benchmark_n.evaluators.label_errors.bootstrap import group_weights
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.experiments.compare import compare
from benchmark_n.report.result_table import Figure
from benchmark_n.report.seed_comparison import CORRECTING, Entry, comparison_table
from benchmark_n.tables.scores import scores_table
from tests import making

OPTIONS = LabelErrorOptions(by=(), bootstrap=40, units_in_order=True)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[Benchmark]:
    folder = tmp_path_factory.mktemp("benchmarks")
    return [
        making.make("scenes", "hard", seed=s, num_images=16, out=folder / str(s), workers=1)
        for s in (1, 2, 3)
    ]


def drawn(benchmark: Benchmark, help_: float, seed: int = 0) -> tuple[Any, Any]:
    """A table of scores for wrong categories, and the truth, in the order of the manifest."""
    rows = benchmark.manifest().to_pandas().query("not deleted")
    wrong = (rows.noisy_category_id.fillna(rows.category_id) != rows.category_id).to_numpy()
    values = np.clip(np.random.default_rng(seed).random(len(rows)) * 0.5 + help_ * wrong, 0, 1)
    columns = {
        "image_id": rows.image_id,
        "annotation_id": rows.annotation_id,
        "kind": ["class"] * len(rows),
        "score": values,
        "flagged": values > 0.5,
    }
    return scores_table(columns), rows.assign(wrong=wrong, score=values)


def entry(seeds: list[Benchmark], help_: float) -> Entry:
    return Entry([score_benchmark(drawn(b, help_)[0], b, OPTIONS) for b in seeds])


def test_replicates_of_all_noise_seeds_draw_the_same_images(seeds: list[Benchmark]) -> None:
    for benchmark in seeds:
        table, rows = drawn(benchmark, 0.1)
        result = score_benchmark(table, benchmark, OPTIONS).kinds["class"]
        images = sorted(set(benchmark.manifest()["image_id"].to_pylist()))
        for number, weights in enumerate(np.concatenate(list(group_weights(16, 5, 0, 5)))):
            often = rows.image_id.map(dict(zip(images, weights, strict=True))).to_numpy()
            auroc = metrics.roc_auc_score(rows.wrong, rows.score, sample_weight=often)
            assert result.replicates["auroc"][number] == pytest.approx(auroc, abs=1e-9)


def test_the_table_has_means_and_holms_p_values(seeds: list[Benchmark]) -> None:
    entries = {name: entry(seeds, h) for name, h in (("good", 0.4), ("fair", 0.1), ("bad", 0.0))}
    floors: dict[str, Entry] = {}
    for benchmark in seeds:
        for name, result in score_floors(benchmark, OPTIONS, None).items():
            floors.setdefault(name, Entry([])).results.append(result)  # type: ignore[attr-defined]
    table = comparison_table("t", entries, floors, "class")
    assert table is not None
    names = [row[0] for row in table.rows]
    assert names[0] == "good"
    heads = [column.name for column in table.columns]
    aurocs = [
        metrics.roc_auc_score(*(drawn(b, 0.4)[1][c] for c in ("wrong", "score"))) for b in seeds
    ]
    figure = table.rows[0][heads.index("AUROC")]
    assert isinstance(figure, Figure)
    assert figure.value == pytest.approx(np.mean(aurocs))
    assert figure.sd == pytest.approx(np.std(aurocs, ddof=1))
    # By hand: the best floor, the share of the replicates on the other side, Holm's steps.
    lifted = {
        name: np.mean([one.kinds["class"].replicates["lifted_auprc"] for one in each.results], 0)
        for name, each in {**entries, **floors}.items()
    }
    means = {
        name: np.mean([one.kinds["class"].measures["lifted_auprc"] for one in each.results])
        for name, each in floors.items()
    }
    best = max(means, key=lambda name: float(means[name]))
    raw = {
        name: min(
            1.0,
            2
            * (min((lifted[name] <= lifted[best]).sum(), (lifted[name] >= lifted[best]).sum()) + 1)
            / 41,
        )
        for name in entries
    }
    steps, most = {}, 0.0
    for rank, name in enumerate(sorted(raw, key=lambda n: raw[n])):
        most = max(most, (3 - rank) * raw[name])
        steps[name] = min(1.0, most)
    found = {row[0]: row[-1] for row in table.rows if row[0] in entries}
    for name, cell in found.items():
        assert isinstance(cell, Figure)
        assert cell.value == pytest.approx(steps[name])
    assert {table.rows[place][0] for place in table.unranked} == set(floors)


def test_noise_gone_is_that_of_a_review(seeds: list[Benchmark]) -> None:
    table = comparison_table(
        "t", {"a": entry(seeds, 0.3)}, {}, "any", shown=CORRECTING, against=None
    )
    assert table is not None
    for place, share in enumerate((0.05, 0.1, 0.2), 2):
        gone = [correct(b, drawn(b, 0.3)[0], [share])[0].noise_gone or 0 for b in seeds]
        figure = table.rows[0][place]
        assert isinstance(figure, Figure)
        assert figure.value == pytest.approx(np.mean(gone))


def test_chance_finds_the_share_it_looks_at(scenes_hard: Benchmark) -> None:
    found = score_floors(scenes_hard, LabelErrorOptions(by=(), bootstrap=2), None)["chance"]
    measures = found.kinds["any"].measures
    count = int(measures["instances"] or 0)
    for share, name in ((0.05, "recall_at_5_percent"), (0.2, "recall_at_20_percent")):
        assert measures[name] == pytest.approx(round(share * count) / count)


def test_results_of_other_draws_and_unknown_names_are_refused(seeds: list[Benchmark]) -> None:
    a = entry(seeds, 0.3)
    short = Entry(a.results[:2])
    with pytest.raises(InputError, match="b: groups is 16 over 2 seeds, but 16 over 3 in a"):
        comparison_table("t", {"a": a, "b": short}, {}, "class")
    other = LabelErrorOptions(by=(), bootstrap=40, seed=5, units_in_order=True)
    b = Entry([score_benchmark(drawn(s, 0.3)[0], s, other) for s in seeds])
    with pytest.raises(InputError, match="b: seed is 5 over 3 seeds, but 0 over 3 in a"):
        comparison_table("t", {"a": a, "b": b}, {}, "class")
    with pytest.raises(InputError, match=r"`against` is 'c': \(known: a\)"):
        comparison_table("t", {"a": a}, {}, "class", against="c")
    with pytest.raises(UsageError, match="has one twice"):
        compare([seeds[0]], "random", [1, 1])
    with pytest.raises(UsageError, match="name a benchmark"):
        compare([])


def test_no_row_swallows_another(seeds: list[Benchmark]) -> None:
    a = entry(seeds, 0.3)
    with pytest.raises(InputError, match="two rows are called 'floor: chance'"):
        comparison_table("t", {"floor: chance": a}, {"floor: chance": a}, "class")


def test_leads_over_one_without_scores_of_a_kind_are_left_out(seeds: list[Benchmark]) -> None:
    both = {"a": entry(seeds, 0.3), "b": entry(seeds, 0.1)}
    kinds = [{k: v for k, v in one.kinds.items() if k == "any"} for one in both["b"].results]
    few = [replace(one, kinds=k) for one, k in zip(both["b"].results, kinds, strict=True)]
    table = comparison_table("t", {**both, "b": Entry(few)}, {}, "class", against="b")
    assert table is not None
    assert [row[-2:] for row in table.rows] == [("", "")]
    assert "over nothing" in table.notes[0]
    assert "b: no scores of class under every seed" in table.notes


def test_leads_over_what_does_not_run_are_refused_before_anything_runs(
    seeds: list[Benchmark], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ran(*_: object, **__: object) -> None:
        pytest.fail("a detector ran")

    monkeypatch.setattr("benchmark_n.experiments.compare.evaluate_detectors", ran)
    with pytest.raises(InputError, match=r"`against` is 'knn': \(known: random\)"):
        compare([seeds[0]], "random", against="knn")
    words = ["compare", str(seeds[0].path), "--detector", "all", "--against", "nobody"]
    assert run(words) == 1


@pytest.mark.parametrize("words", [["--top", "5"], ["--images", "."]])
def test_compare_has_no_options_that_do_nothing(seeds: list[Benchmark], words: list[str]) -> None:
    assert run(["compare", str(seeds[0].path), "--detector", "random", *words]) == 2


def test_json_has_the_tables_figures(
    seeds: list[Benchmark], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compare", str(seeds[0].path), "--seeds", "1-3", "--detector", "random"]
    assert run([*words, "--bootstrap", "20", "-q", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (compared,) = found["compared"]
    table = next(one for one in found["tables"] if one["title"] == "scenes-N hard: class")
    heads = [column["name"] for column in table["columns"]]
    row = dict(zip(heads, next(r for r in table["rows"] if r[0] == "random"), strict=True))
    aurocs = [one["kinds"]["class"]["auroc"] for one in compared["detectors"]["random"]]
    assert row["AUROC"]["value"] == pytest.approx(np.mean(aurocs))
    assert row["AUROC"]["sd"] == pytest.approx(np.std(aurocs, ddof=1))
    low, high = row["lead"]["interval"]
    assert low <= high
    assert 2 / 21 <= row["p (Holm)"]["value"] <= 1
    assert found["provenance"][1:] == compared["provenance"]


def test_a_seed_that_is_not_there_is_made(
    seeds: list[Benchmark], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lone = making.make("scenes", "hard", seed=1, num_images=16, out=tmp_path / "b", workers=1)
    words = ["--seeds", "1-2", "--detector", "random", "--bootstrap", "20", "-q"]
    assert run(["compare", str(lone.path), *words, "--json"]) == 0
    (made,) = json.loads(capsys.readouterr().out)["compared"]
    assert run(["compare", str(seeds[0].path), *words, "--json"]) == 0
    (there,) = json.loads(capsys.readouterr().out)["compared"]
    assert made == there
    assert len(there["detectors"]["random"]) == 2
    assert run(["compare", str(lone.path), *words, "--correcting", "--format", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("# Benchmark-N ")
    assert sum("SHA-256 of annotations" in line for line in lines) == 2
    rows = list(csv.DictReader(io.StringIO("\n".join(x for x in lines if x[0] != "#"))))
    assert {row["table"] for row in rows} == {"scenes-N hard: any"}
    assert "noise gone at 10 % high" in rows[0]


def test_seed_lists() -> None:
    assert parse_seed_list("101-105") == [101, 102, 103, 104, 105]
    for wrong in ("a", "3-1", "1,,2", "-1"):
        with pytest.raises(UsageError, match="expected such as 1-5"):
            parse_seed_list(wrong)
