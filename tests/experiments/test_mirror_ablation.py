"""MIRROR end to end on drawn predictions and maps: results, page and ablation."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics

from benchmark_n import Benchmark
from benchmark_n.cli import run
from benchmark_n.evidence import annotation_evidence
from benchmark_n.tables.scores import read_scores
from tests import making


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory, _own_cache: None) -> Benchmark:
    """Class noise on 20 % of the instances of twelve drawn images."""
    out = tmp_path_factory.mktemp("benchmarks") / "scenes-sym-20"
    return making.make("scenes", "sym-20", num_images=12, out=out, workers=1)


@pytest.fixture(scope="module")
def arrays(benchmark: Benchmark, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three models that mostly know the clean category; maps that agree somewhat."""
    folder = tmp_path_factory.mktemp("arrays")
    noisy, clean = annotation_evidence(benchmark.noisy()), making.published_clean(benchmark)
    assert [record["id"] for record in clean] == noisy.annotation_ids.tolist()
    place = {category: i for i, category in enumerate(noisy.category_ids.tolist())}
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1, (3, len(clean), len(noisy.category_ids)))
    labels = [place[record["category_id"]] for record in clean]
    logits[:, np.arange(len(clean)), labels] += 4
    probs = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    maps = rng.random((3, len(clean), 8, 8)).astype(np.float16)
    maps[1, 0] = 0
    np.save(folder / "annotation_ids.npy", noisy.annotation_ids)
    np.save(folder / "model_probs.npy", probs)
    np.save(folder / "saliency.npy", maps)
    return folder


@pytest.fixture(scope="module")
def evaluated(
    benchmark: Benchmark, arrays: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, list[dict[str, float]]]]:
    """The directory that `eval --detector mirror --ablation` wrote, and the ablation."""
    out = tmp_path_factory.mktemp("results")
    command = ["eval", str(benchmark.path), "--detector", "mirror", "--ablation", "-q"]
    command += ["--evidence", f"files:{arrays}", "--evidence-dir", str(out / "kept")]
    assert run([*command, "--out", str(out), "--top", "10"]) == 0
    return out / "mirror", json.loads((out / "mirror" / "ablation.json").read_text())


def test_scores_hold_d_alpha_and_s(
    evaluated: tuple[Path, dict[str, list[dict[str, float]]]], benchmark: Benchmark
) -> None:
    folder, _ = evaluated
    results = json.loads((folder / "results.json").read_text())
    table = read_scores(folder / "scores.parquet").to_pandas()
    rows = table[table.kind == "class"].set_index("annotation_id")
    truth = benchmark.manifest().to_pandas().set_index("annotation_id").loc[rows.index]
    wrong = truth.category_id != truth.noisy_category_id
    found = results["results"]["kinds"]["class"]
    tau = results["provenance"]["details"]["tau"]
    assert tau > 0
    assert (rows.flagged == (rows.d & (rows.alpha >= tau))).all()
    assert found["f1"] == pytest.approx(metrics.f1_score(wrong, rows.flagged))
    assert found["f1"] > 0.8
    assert rows.alpha.isna().sum() == results["provenance"]["details"]["no_spatial_evidence"] == 1
    assert table[table.kind == "any"].alpha.isna().all()
    assert len(results["provenance"]["details"]["sweep"]) == 30


def test_the_page_shows_maps_and_numbers(
    evaluated: tuple[Path, dict[str, list[dict[str, float]]]],
) -> None:
    page = (evaluated[0] / "report.html").read_text()
    assert page.count('class="maps"') == 10
    assert len(re.findall(r"d 1, α 0\.\d\d", page)) == 10


def test_the_ablation_is_of_d_alpha_and_both(
    evaluated: tuple[Path, dict[str, list[dict[str, float]]]], benchmark: Benchmark, arrays: Path
) -> None:
    folder, made = evaluated
    results = json.loads((folder / "results.json").read_text())["results"]["kinds"]["class"]
    parts = {row["part"]: row for row in made["parts"]}
    assert parts["both"]["auprc"] == pytest.approx(results["auprc"])  # type: ignore[index]
    assert parts["both"]["f1"] == pytest.approx(results["f1"])  # type: ignore[index]
    assert parts["alpha"]["f1"] < parts["both"]["f1"]  # type: ignore[index]
    assert [row["subsets"] for row in made["models"][::3]] == [3, 3, 1]
    # One model: d is its disagreement with the given category, and its own map is all it shares.
    noisy = annotation_evidence(benchmark.noisy())
    rows = benchmark.manifest().to_pandas().set_index("annotation_id").loc[noisy.annotation_ids]
    wrong = (rows.category_id != rows.noisy_category_id).to_numpy()
    probs = np.load(arrays / "model_probs.npy")
    differs = probs.argmax(axis=2) != noisy.labels
    expected = [metrics.f1_score(wrong, one) for one in differs]
    unanimous = differs.all(axis=0) & (probs.argmax(axis=2) == probs[0].argmax(axis=1)).all(axis=0)
    assert parts["d"]["f1"] == pytest.approx(metrics.f1_score(wrong, unanimous))  # type: ignore[index]
    assert made["models"][0]["f1"] == pytest.approx(np.mean(expected))
    swept = {(row["tau"], row["tau_star"]): row["f1"] for row in made["sweep"]}
    assert swept[0.0, 0.0] == pytest.approx(parts["d"]["f1"])  # type: ignore[index]


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["--detector", "random", "--ablation"], 2, "--ablation is for --detector mirror"),
        (["--ablation"], 2, "--ablation is for --detector mirror"),
        (["--detector", "mirror", "--evidence", "saliency:hog"], 1, "unknown classifier 'hog'"),
        (["--detector", "mirror", "--evidence", "saliency:frozen:hog"], 1, "'hog' has no layer"),
        (
            ["--detector", "mirror", "--evidence", "saliency:frozen:lite0", "--full"],
            2,
            "--full trains whole networks, but 'frozen:lite0' stays as it is: expected 'lite0'",
        ),
        (["--detector", "mirror", "--evidence", "saliency:hog,hog"], 2, "a model is named twice"),
        (["--detector", "mirror", "--evidence", "saliency:scratch:x"], 1, "unknown network"),
        (["--detector", "mirror", "--evidence", "crops", "--backbone", "hog"], 1, "needs model_pr"),
    ],
)
def test_bad_requests_are_one_line(
    benchmark: Benchmark,
    arguments: list[str],
    code: int,
    line: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["eval", str(benchmark.path), "--workers", "1", "-q", *arguments]) == code
    error = capsys.readouterr().err.strip()
    assert line in error
    assert error.count("\n") == 0
