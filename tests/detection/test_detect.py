"""Detectors on the embedded dataset, end to end, through the functions and the commands."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from sklearn import metrics

import benchmark_n
from benchmark_n import Benchmark, EvidenceOptions, Execution, LabelErrorOptions
from benchmark_n.benchmark import newest_benchmark
from benchmark_n.cli import run
from benchmark_n.coco import read_coco
from benchmark_n.detection.correct import correct
from benchmark_n.errors import InputError, UsageError
from benchmark_n.tables.scores import read_scores
from tests import making


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory, _own_cache: None) -> Benchmark:
    """Class noise on 20 % of the instances of sixty drawn images."""
    out = tmp_path_factory.mktemp("benchmarks") / "scenes-sym-20"
    return making.make("scenes", "sym-20", num_images=60, out=out, workers=1)


@pytest.fixture(scope="module")
def evaluated(benchmark: Benchmark, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that `eval --detector cleanlab` wrote."""
    out = tmp_path_factory.mktemp("results")
    arguments = ["eval", str(benchmark.path), "--detector", "cleanlab,random", "--backbone", "hog"]
    assert run([*arguments, "--top", "30", "--workers", "1", "-q", "--out", str(out)]) == 0
    return out


def test_cleanlab_finds_class_noise(evaluated: Path, benchmark: Benchmark) -> None:
    results = json.loads((evaluated / "cleanlab" / "results.json").read_text())
    found = results["results"]["kinds"]["class"]
    table = read_scores(evaluated / "cleanlab" / "scores.parquet").to_pandas()
    rows = table[table.kind == "class"].set_index("annotation_id")
    truth = benchmark.manifest().to_pandas().set_index("annotation_id").loc[rows.index]
    wrong = truth.category_id != truth.noisy_category_id
    assert found["f1"] == pytest.approx(metrics.f1_score(wrong, rows.flagged))
    assert found["auroc"] == pytest.approx(metrics.roc_auc_score(wrong, rows.score))
    assert found["auprc"] > 0.6
    assert results["provenance"]["evidence"][0]["backbone"] == "hog"
    assert results["provenance"]["trained_on"] == "noisy-oof"


def test_evidence_is_reused_and_scores_are_the_same(
    evaluated: Path, benchmark: Benchmark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = EvidenceOptions(backbone="hog", evidence_dir=tmp_path)
    scoring = LabelErrorOptions(bootstrap=2)
    fresh = benchmark_n.evaluate_detectors(
        benchmark, evidence=evidence, scoring=scoring, execution=Execution(workers=1)
    )
    assert fresh[0].scores.equals(pq.read_table(evaluated / "cleanlab" / "scores.parquet"))
    monkeypatch.setattr("benchmark_n.evidence.crops.maker.crop_evidence", None)
    again = benchmark_n.evaluate_detectors(benchmark, evidence=evidence, scoring=scoring)
    assert again[0].scores.equals(fresh[0].scores)


def test_annotated_file_carries_scores_and_all_records(
    evaluated: Path, benchmark: Benchmark
) -> None:
    noisy = list(benchmark.noisy().records())
    marked = list(read_coco(evaluated / "cleanlab" / "suspects.json").records())
    assert [r["id"] for r in marked] == [r["id"] for r in noisy]
    for before, after in zip(noisy, marked, strict=True):
        assert 0 <= after.pop("score") <= 1
        attributes = after.pop("attributes")
        assert {"class_score", "flagged"} <= attributes.keys()
        assert after == before


def test_review_by_score_beats_review_by_chance(
    evaluated: Path, benchmark: Benchmark, tmp_path: Path
) -> None:
    scores = evaluated / "cleanlab" / "scores.parquet"
    reviews = correct(benchmark, scores, (0.1, 1.0), out=tmp_path / "out")
    assert reviews[0].gain is not None
    assert reviews[0].gain > 2
    assert reviews[1].noise_gone == 1
    whole = read_coco(tmp_path / "out" / "corrected-100.json")
    clean = making.published_clean(benchmark)
    assert list(whole.records()) == clean
    part = read_coco(tmp_path / "out" / "corrected-10.json")
    differ = (part.category_ids != benchmark.noisy().category_ids).sum()
    assert differ == reviews[0].mended
    categories = [record["category_id"] for record in clean]
    assert (part.category_ids != categories).sum() == reviews[0].errors - differ


def test_correct_prints_a_table(
    evaluated: Path, benchmark: Benchmark, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = str(evaluated / "cleanlab" / "scores.parquet")
    assert run(["correct", str(benchmark.path), "--scores", scores, "--top", "5,20%"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["5", "20"]
    assert run(["correct", str(benchmark.path), "--scores", scores, "--top", "five"]) == 2


def test_detect_on_a_file_gives_a_list_but_no_scores(
    benchmark: Benchmark, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["detect", "--annotations", str(benchmark.annotations), "--detector", "cleanlab"]
    arguments += ["--images", str(benchmark.images), "--backbone", "hog", "--workers", "1"]
    assert run([*arguments, "--out", str(tmp_path), "--json"]) == 0
    captured = capsys.readouterr()
    (found,) = json.loads(captured.out)["detectors"]
    assert found["results"] is None
    assert found["flagged"]["class"] > 0
    assert "such lists mislead on few annotations" in captured.err
    # The evidence was there already: nothing to count.
    assert "crops" not in captured.err
    page = (tmp_path / "cleanlab" / "report.html").read_text()
    assert "Given and suggested category" in page
    assert "AUPRC" not in page


def test_newest_benchmark_is_the_default(
    benchmark: Benchmark,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["eval", "--detector", "random"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "benchmark-n: error: no benchmark under benchmarks/: name one, or make one first"
    ]
    for name, time in (("two", 2e9), ("one", 3e9), ("three", 1e9)):
        made = tmp_path / "benchmarks" / name
        shutil.copytree(benchmark.path, made)
        os.utime(made / "recipe.yaml", (time, time))
    assert newest_benchmark() == Path("benchmarks/one")
    # It needs no evidence, so none is made.
    assert run(["eval", "--detector", "random", "-q", "--evidence-dir", "evidence"]) == 0
    assert not Path("evidence").exists()
    assert (tmp_path / "results" / "one" / "random" / "report.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["--detector", "cleanlap"], 1, "did you mean 'cleanlab'"),
        (["--detector", "objectlab"], 1, "needs predictions (--evidence predictions:FILE)"),
        (["--detector", "cleanlab", "--masks", "noisy"], 2, "exclude one another"),
        (["--detector", "cleanlab", "--set", "random.seed=1"], 2, "cannot set 'random.seed'"),
        (["--detector", "cleanlab", "--folds", "500"], 1, "500 folds for 60 images"),
        (["--detector", "cleanlab", "--images", "."], 1, "60 of 60 images are missing"),
        (["--detector", "cleanlab", "--evidence", "predictions:no.json"], 1, "no such file"),
        (["--detector", "cleanlab", "--evidence", "guess"], 1, "unknown evidence 'guess'"),
    ],
)
def test_bad_requests_are_one_line(
    benchmark: Benchmark,
    arguments: list[str],
    code: int,
    line: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["eval", str(benchmark.path), "--backbone", "hog", "-q", *arguments]
    assert run(command) == code
    error = capsys.readouterr().err.strip()
    assert line in error
    assert error.count("\n") == 0


def test_a_benchmark_that_gives_its_errors_away_is_refused(tmp_path: Path) -> None:
    kept = making.make(
        "scenes", "sym-20", num_images=2, masks="keep", out=tmp_path / "kept", workers=1
    )
    with pytest.raises(InputError, match="unfit for label-error detection"):
        benchmark_n.evaluate_detectors(kept)


def test_results_never_go_into_a_benchmark(benchmark: Benchmark) -> None:
    arguments = ["eval", str(benchmark.path), "--detector", "random", "--backbone", "hog", "-q"]
    assert run([*arguments, "--out", str(benchmark.path)]) == 1
    assert not (benchmark.path / "random").exists()
    assert benchmark.verify() == []


def test_all_runs_what_has_its_evidence(
    benchmark: Benchmark, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    arguments = ["eval", str(benchmark.path), "--detector", "all", "--backbone", "hog", "--json"]
    assert run([*arguments, "-q", "--top", "5", "--workers", "1", "--out", str(tmp_path)]) == 0
    data = json.loads(capsys.readouterr().out)
    found = [one["detector"] for one in data["detectors"]]
    assert {"cleanlab", "entropy", "margin", "mc_dropout", "recov", "knn", "random"} <= set(found)
    assert not {"objectlab", "consensus", "usdnl", "bundl"} & set(found)
    assert np.all([(tmp_path / name / "report.html").is_file() for name in found])
    # One page has them all, and the floors.
    page = Path(data["leaderboard"])
    assert page == tmp_path / "leaderboard.html"
    rows = re.findall(r"<tr[^>]*>\s*<td[^>]*>(.*?)</td>", page.read_text(), re.DOTALL)
    named = {re.sub(r"<.*", "", row, flags=re.DOTALL).strip() for row in rows}
    assert set(found) <= named
    floors = data["detectors"][0]["results"]["kinds"]["class"]["floors"]
    assert {f"floor: {name.replace('_', ' ')}" for name in floors} <= named


def test_a_list_with_an_order_of_its_own_is_corrected_in_that(
    evaluated: Path, benchmark: Benchmark
) -> None:
    usual = read_scores(evaluated / "cleanlab" / "scores.parquet")
    # As in the joint list, kind "any" is no maximum over the others: here it is turned round.
    whole, score = pc.equal(usual["kind"], "any"), usual["score"]
    place = usual.column_names.index("score")
    turned = usual.set_column(
        place, "score", pc.if_else(whole, pc.subtract(1.0, score), score).cast(score.type)
    )
    truth = benchmark.manifest().to_pandas()
    own = turned.filter(whole).to_pandas().set_index("annotation_id").score
    first = np.argsort(-own[truth.annotation_id].to_numpy(), kind="stable")[: len(truth) // 10]
    wrong = (truth.category_id != truth.noisy_category_id).to_numpy()
    (review,) = correct(benchmark, turned, (0.1,))
    assert review.mended == wrong[first].sum()
    assert review.mended < correct(benchmark, usual, (0.1,))[0].mended


@pytest.mark.parametrize("share", [0, -0.5, 5])
def test_shares_that_are_none(scenes_hard: Benchmark, share: float) -> None:
    with pytest.raises(UsageError, match="`shares` has"):
        correct(scenes_hard, "scores.parquet", (share,))
