"""Submissions: what is wrong with them, line by line, and the board that is made from them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from sklearn import metrics

from benchmark_n import Benchmark, load
from benchmark_n.cli import run
from benchmark_n.coco import read_coco
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluation.evaluation_input import EvaluationInput
from benchmark_n.evaluation.predictions import evaluate_predictions
from benchmark_n.files.provenance import file_digest
from benchmark_n.report.board_page import board_page
from benchmark_n.report.result_table import Figure
from benchmark_n.report.submission import schema
from benchmark_n.report.submission_board import submission_board
from benchmark_n.report.submission_check import check_submission
from benchmark_n.tables.scores import scores_table, write_scores
from tests import making
from tests.browser import browse, needs_chromium
from tests.conftest import REPOSITORY

EVIL = "<b>knn</b> | x"
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[Benchmark]:
    folder = tmp_path_factory.mktemp("benchmarks")
    return [
        making.make("scenes", "hard", seed=s, num_images=8, out=folder / str(s), workers=1)
        for s in (1, 2)
    ]


def document(seeds: list[Benchmark], track: str = "label-errors") -> dict[str, Any]:
    ending = "parquet" if track in ("label-errors", "correct") else "json"
    return {
        **{"format": "benchmark-n submission", "version": 1, "track": track},
        **{"method": EVIL, "authors": ["A. Person"], "date": "2026-11-26"},
        **{"told": ["noise rate"], "outside_data": [], "hours": 0.1, "hardware": "2 cores"},
        "settings_chosen_on": "seeds 101-105",
        "runs": [
            {
                "file": f"{number}.{ending}",
                "benchmark": "scenes-N hard",
                "annotations_sha256": file_digest(one.annotations),
                "noise_seed": number,
                "training_seed": 0,
            }
            for number, one in enumerate(seeds, 1)
        ],
    }


def score(benchmark: Benchmark) -> tuple[Any, Any, Any]:
    """Drawn scores that help a little, and what is wrong."""
    rows = benchmark.manifest().to_pandas().query("not deleted")
    wrong = (rows.noisy_category_id.fillna(rows.category_id) != rows.category_id).to_numpy()
    values = np.random.default_rng(0).random(len(rows)) * 0.6 + 0.3 * wrong
    columns = {
        **{"image_id": rows.image_id, "annotation_id": rows.annotation_id, "score": values},
        **{"kind": ["class"] * len(rows), "flagged": values > 0.5},
    }
    return scores_table(columns), wrong, values


def put(folder: Path, told: dict[str, Any], seeds: list[Benchmark]) -> Path:
    folder.mkdir()
    (folder / "submission.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    for number, one in enumerate(seeds, 1):
        write_scores(score(one)[0], folder / f"{number}.parquet")
    return folder


def test_a_whole_one_has_no_fault(
    seeds: list[Benchmark], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = put(tmp_path / "s", document(seeds), seeds)
    assert check_submission(place, [one.path for one in seeds]) == []
    assert run(["submit", "check", str(place), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["faults"] == []


def _in_run(**changes: object) -> Change:
    return lambda told: told["runs"][0].update(changes)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda t: t.pop("hardware"), "'hardware' is missing"),
        (lambda t: t.update(colour="red"), "'colour' is no field of a submission"),
        (lambda t: t.update(version=2), "version 2, expected 'benchmark-n submission', version 1"),
        (lambda t: t.update(track="x"), "track: Invalid enum value 'x'"),
        (lambda t: t.update(hours=-1), "hours: Expected `float` >= 0"),
        (lambda t: t.update(date="soon"), "date: Invalid"),
        (lambda t: t.update(authors=[]), "authors: Expected `array` of length >= 1"),
        (lambda t: t["runs"][0].pop("file"), r"runs: .*`file` - at `runs\[0\]`"),
        (_in_run(annotations_sha256="ab"), r"runs: .*annotations_sha256"),
        (_in_run(file="../x.parquet"), r"file is \.\./x\.parquet, expected a path below"),
        (_in_run(file="1.csv"), "track label-errors takes .parquet files"),
        (_in_run(file="none.parquet"), "none.parquet: is missing"),
        (_in_run(file="submission.yaml"), "takes .parquet files"),
        (_in_run(noise_seed=103), "noise_seed is 103: 101 to 105 are for choosing settings"),
        (_in_run(noise_seed=4), "noise_seed is 4, but that of .* is 1"),
        (
            _in_run(benchmark="scenes-N mid"),
            "benchmark is scenes-N mid, but that of .* is scenes-N",
        ),
        (_in_run(role="floor"), "role is floor, expected entry"),
        (_in_run(role="floor"), "no run is of .*1, whose annotations have .*, as its entry"),
        (lambda t: t.update(method="floor: chance"), "method is 'floor: chance', expected another"),
        (lambda t: t.update(method=" Ceiling : x"), "method is ' Ceiling : x', expected another"),
        (_in_run(annotations_sha256="a" * 64), "no run is of .*1, whose annotations have SHA-256"),
        (lambda t: t["runs"].append(dict(t["runs"][0], file="2.parquet")), "are both the entry of"),
        (
            lambda t: [one.update(training_seed=one["noise_seed"]) for one in t["runs"]],
            "training_seed is noise_seed in every run",
        ),
    ],
)
def test_each_fault_is_a_line_and_an_exit_code(
    seeds: list[Benchmark],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Change,
    fault: str,
) -> None:
    told = document(seeds)
    change(told)
    place = put(tmp_path / "s", told, seeds)
    words = [word for one in seeds for word in ("--benchmark", str(one.path))]
    with pytest.raises(SystemExit) as end:
        run(["submit", "check", str(place), *words])
    assert end.value.code == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(re.search(fault, line) for line in lines), lines
    assert all(line.startswith(str(place)) for line in lines)


def test_several_faults_are_all_told(seeds: list[Benchmark], tmp_path: Path) -> None:
    told = document(seeds)
    del told["hours"], told["told"]
    told["version"] = 1
    assert len(check_submission(put(tmp_path / "s", told, seeds))) == 2


def test_scores_of_other_annotations(seeds: list[Benchmark], tmp_path: Path) -> None:
    place = put(tmp_path / "s", document(seeds), seeds)
    (place / "1.parquet").rename(place / "3.parquet")
    (place / "2.parquet").rename(place / "1.parquet")
    (place / "3.parquet").rename(place / "2.parquet")
    faults = check_submission(place, [one.path for one in seeds])
    assert len(faults) == 2
    assert re.match(r".*1\.parquet: scores: annotation \d+ is not in the manifest", faults[0])
    (place / "1.parquet").write_bytes(b"x")
    (line,) = check_submission(place)
    assert "1.parquet: cannot read the scores" in line
    with pytest.raises(InputError, match="cannot read the submission"):
        check_submission(tmp_path / "nowhere")


def test_the_board_has_scikit_learns_figures(seeds: list[Benchmark], tmp_path: Path) -> None:
    place = put(tmp_path / "s", document(seeds), seeds)
    board = submission_board([place], [one.path for one in seeds], bootstrap=30)
    (table, anything) = board.tables
    assert (table.title, anything.title) == ("scenes-N hard: class", "scenes-N hard: any")
    row = next(row for row in table.rows if row[0] == EVIL)
    assert row[1] == "noise rate"
    heads = [column.name for column in table.columns]
    auroc = row[heads.index("AUROC")]
    assert isinstance(auroc, Figure)
    expected = [metrics.roc_auc_score(*score(one)[1:]) for one in seeds]
    assert auroc.value == pytest.approx(np.mean(expected))
    assert len(table.unranked) == 4
    page = board_page(board, "t")
    assert "&lt;b&gt;knn&lt;/b&gt; | x" in page
    assert "<b>knn" not in page


def test_errata_are_listed_and_what_is_withdrawn_has_no_row(
    seeds: list[Benchmark], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = {**document(seeds), "errata": [{"date": "2026-12-01", "what": "one seed ran twice"}]}
    gone = {**document(seeds), "method": "gone"}
    gone["withdrawn"] = {"date": "2026-12-02", "why": "read the manifest"}
    places = [put(tmp_path / "a", good, seeds), put(tmp_path / "b", gone, [])]
    words = [word for one in seeds for word in ("--benchmark", str(one.path))]
    out = tmp_path / "board.md"
    assert run(["leaderboard", *map(str, places), *words, "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert out.read_text() == text
    assert r"Erratum of 2026-12-01: \<b>knn\</b> | x: one seed ran twice." in text
    assert "Withdrawn on 2026-12-02: gone: read the manifest." in text
    assert "| gone |" not in text
    assert run(["leaderboard", str(places[1]), *words, "--format", "csv"]) == 0
    assert "# Withdrawn on 2026-12-02: gone: read the manifest." in capsys.readouterr().out


def test_what_was_withdrawn_is_in_nobodys_way(seeds: list[Benchmark], tmp_path: Path) -> None:
    gone = document(seeds)
    gone["withdrawn"] = {"date": "2026-12-02", "why": "read the manifest"}
    old, new = put(tmp_path / "old", gone, []), put(tmp_path / "new", document(seeds), seeds)
    paths = [one.path for one in seeds]
    assert check_submission(old, paths) == []
    for order in ([old, new], [new, old]):
        for table in submission_board(order, paths, bootstrap=10).tables:
            assert [row[0] for row in table.rows].count(EVIL) == 1


def test_links_lead_nowhere_else(seeds: list[Benchmark], tmp_path: Path) -> None:
    place = put(tmp_path / "s", document(seeds), seeds)
    inside = place / "kept.parquet"
    (place / "1.parquet").rename(inside)
    (place / "1.parquet").symlink_to(inside.name)
    assert check_submission(place, [one.path for one in seeds]) == []
    outside = inside.rename(tmp_path / "elsewhere.parquet")
    (place / "1.parquet").unlink()
    (place / "1.parquet").symlink_to(outside)
    (line,) = check_submission(place)
    assert line == f"{place}/1.parquet: is a link to {outside}, expected a file below {place}"
    # A submission that is itself behind a link is one.
    (tmp_path / "link").symlink_to(put(tmp_path / "t", document(seeds), seeds))
    assert check_submission(tmp_path / "link") == []


def test_no_noise_seed_is_left_out(seeds: list[Benchmark], tmp_path: Path) -> None:
    told = document(seeds, "train-on-noisy")
    told["runs"][1]["role"] = "floor"
    place = put(tmp_path / "s", told, [])
    for number in (1, 2):
        (place / f"{number}.json").write_text("[]", encoding="utf-8")
    (line,) = check_submission(place)
    assert re.search(r"2\.json is the floor of scenes-N hard .*, of which there is no entry", line)
    lines = check_submission(place, [one.path for one in seeds])
    assert [re.search(r"no run is of .*/(\d), .*, as its (\w+)", x).groups() for x in lines] == [  # type: ignore[union-attr]
        ("1", "floor"),
        ("2", "entry"),
    ]
    with pytest.raises(InputError, match="no run is of"):
        submission_board([place], [one.path for one in seeds])


def test_each_noise_seed_counts_once_however_often_it_was_trained(
    seeds: list[Benchmark], tmp_path: Path
) -> None:
    clean_val = seeds[0].clean_val
    assert clean_val is not None
    told = document(seeds, "train-on-noisy")
    told["runs"] += [dict(told["runs"][0], file=f"{n}.json", training_seed=n) for n in (3, 4)]
    place = put(tmp_path / "s", told, [])
    records = [
        {key: record[key] for key in ("image_id", "category_id", "segmentation")} | {"score": 0.9}
        for record in read_coco(clean_val).records()
    ]
    aps = {}
    for name, step in ((1, 2), (2, 1), (3, 3), (4, 5)):
        path = place / f"{name}.json"
        path.write_text(json.dumps(records[::step]), encoding="utf-8")
        found = evaluate_predictions(EvaluationInput(seeds[0], against="val"), path)
        aps[name] = found.results["segm"]["statistics"]["AP"]
    (table,) = submission_board([place], [one.path for one in seeds], bootstrap=20).tables
    figure = table.rows[0][2]
    assert isinstance(figure, Figure)
    of_seeds = [np.mean([aps[1], aps[3], aps[4]]), aps[2]]
    assert figure.value == pytest.approx(np.mean(of_seeds))
    assert figure.sd == pytest.approx(np.std(of_seeds, ddof=1))


def test_an_ap_of_nothing_is_no_zero(seeds: list[Benchmark], tmp_path: Path) -> None:
    empty = Path(shutil.copytree(seeds[0].path, tmp_path / "empty"))
    path = empty / "annotations" / "clean_val.json"
    labels = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**labels, "annotations": []}), encoding="utf-8")
    place = put(tmp_path / "s", document(seeds[:1], "train-on-noisy"), [])
    (place / "1.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match=r"1\.json: .* AP is not defined: .*clean_val"):
        submission_board([place], [empty])


def test_what_cannot_share_a_board(seeds: list[Benchmark], tmp_path: Path) -> None:
    paths = [one.path for one in seeds]
    a = put(tmp_path / "a", document(seeds), seeds)
    b = put(tmp_path / "b", document(seeds), seeds)
    c = put(tmp_path / "c", {**document(seeds, "correct"), "method": "c"}, seeds)
    with pytest.raises(InputError, match=r"method '<b>knn</b> \| x' is that of .*a"):
        submission_board([a, b], paths)
    with pytest.raises(InputError, match=r"track is correct, but that of .*a is label-errors"):
        submission_board([a, c], paths)
    third = making.make("scenes", "hard", seed=3, num_images=8, out=tmp_path / "third", workers=1)
    with pytest.raises(InputError, match="no run is of"):
        submission_board([a], [*paths, third.path])
    with pytest.raises(UsageError, match="one benchmark under several seeds"):
        submission_board([a], [])
    (table,) = submission_board([c], paths, bootstrap=10).tables
    assert [column.name for column in table.columns][2:5] == [
        f"noise gone at {share} %" for share in (5, 10, 20)
    ]
    assert run(["leaderboard", str(a)]) == 2
    assert run(["leaderboard", str(a), str(tmp_path), "--benchmark", str(paths[0])]) == 2


def test_benchmarks_of_a_board_are_one_under_several_seeds(
    seeds: list[Benchmark], tmp_path: Path
) -> None:
    def sent(track: str, *benchmarks: Benchmark) -> Path:
        told = document(list(benchmarks), track)
        for run_, benchmark in zip(told["runs"], benchmarks, strict=True):
            run_["noise_seed"] = benchmark.recipe["seed"]
        place = put(tmp_path / f"{track}{len(list(tmp_path.iterdir()))}", told, list(benchmarks))
        for number in range(1, len(benchmarks) + 1):
            (place / f"{number}.json").write_text("[]", encoding="utf-8")
        return place

    def copy(benchmark: Benchmark, name: str) -> Path:
        return Path(shutil.copytree(benchmark.path, tmp_path / name))

    first = seeds[0]
    # The same size and name, of other pictures.
    other = making.make(
        "scenes", "hard", seed=2, data_seed=5, num_images=8, out=tmp_path / "other", workers=1
    )
    with pytest.raises(UsageError, match=r"other: SHA-256 of the source is \w+, but \w+ in .*1: "):
        submission_board([sent("label-errors", first, other)], [first.path, other.path])
    # One and the same twice would be two seeds without a spread.
    twin = copy(first, "twin")
    with pytest.raises(UsageError, match=r"twin: has annotations with SHA-256 \w{12}, as .*1 has"):
        submission_board([sent("label-errors", first)], [first.path, twin])
    again = copy(first, "again")
    with load(again).annotations.open("a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(UsageError, match=r"again: has noise seed 1, as .*1 has"):
        submission_board([sent("label-errors", first, load(again))], [first.path, again])
    # Models are judged on one set of clean labels.
    second = copy(seeds[1], "second")
    with (second / "annotations" / "clean_val.json").open("a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(UsageError, match="second: SHA-256 of the clean validation labels is"):
        submission_board([sent("train-on-noisy", *seeds)], [first.path, second])
    recipe = copy(seeds[1], "recipe")
    text = (recipe / "recipe.yaml").read_text(encoding="utf-8")
    changed = re.sub(r"^version: \d+$", "version: 77", text, flags=re.MULTILINE)
    (recipe / "recipe.yaml").write_text(changed, encoding="utf-8")
    with pytest.raises(UsageError, match="recipe: `version` of the recipe is 77, but 2 in"):
        submission_board([sent("label-errors", *seeds)], [first.path, recipe])


def test_detections_are_judged_on_the_clean_validation_labels(
    seeds: list[Benchmark], tmp_path: Path
) -> None:
    clean_val = seeds[0].clean_val
    assert clean_val is not None
    told = document(seeds, "train-on-noisy")
    told["runs"] += [dict(one, file="floor.json", role="floor") for one in told["runs"]]
    told["runs"][2]["training_seed"] = 1
    place = put(tmp_path / "s", told, [])
    records = [
        {key: record[key] for key in ("image_id", "category_id", "segmentation")} | {"score": 0.9}
        for record in read_coco(clean_val).records()
    ]
    for name, kept in (("1", records[::2]), ("2", records[::3]), ("floor", records[::5])):
        (place / f"{name}.json").write_text(json.dumps(kept), encoding="utf-8")
    (table,) = submission_board([place], [one.path for one in seeds], bootstrap=20).tables
    assert [row[0] for row in table.rows] == [EVIL, f"floor: {EVIL}"]
    found = [
        evaluate_predictions(EvaluationInput(seeds[0], against="val"), place / f"{n}.json")
        for n in (1, 2)
    ]
    for column, kind in ((2, "segm"), (3, "boundary"), (4, "bbox")):
        figure = table.rows[0][column]
        assert isinstance(figure, Figure)
        values = [one.results[kind]["statistics"]["AP"] for one in found]
        assert figure.value == pytest.approx(np.mean(values))
    p = table.rows[0][-1]
    assert isinstance(p, Figure)
    assert p.value == pytest.approx(2 / 21)
    (place / "1.json").write_text('[{"image_id": -5, "category_id": 1, "score": 1}]')
    (line,) = check_submission(place, [seeds[0].path])
    assert str(place / "1.json") in line
    assert "-5" in line


def test_the_published_schema_is_that_of_the_format(capsys: pytest.CaptureFixture[str]) -> None:
    text = (REPOSITORY / "docs" / "submission.schema.json").read_text(encoding="utf-8")
    assert json.loads(text) == schema()
    assert run(["submit", "schema"]) == 0
    assert capsys.readouterr().out == text


@needs_chromium
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_sorts_and_fits_the_window(
    seeds: list[Benchmark], tmp_path: Path, width: int
) -> None:
    place = put(tmp_path / "s", {**document(seeds), "method": "x" * 90}, seeds)
    board = submission_board([place], [one.path for one in seeds], bootstrap=10)
    page = tmp_path / "board.html"
    page.write_text(board_page(board, "Submissions"), encoding="utf-8")
    with browse(tmp_path, width=width) as tab:
        tab.open(page.as_uri())
        assert tab.value("document.documentElement.scrollWidth <= window.innerWidth")
        script = "Array.from(document.querySelector('tbody').rows, (r) => r.cells[5].textContent)"
        tab.click("th:nth-child(6) button")
        falling = [float(text[:5]) for text in tab.value(script)]
        assert falling == sorted(falling, reverse=True)
        tab.click("th:nth-child(6) button")
        assert [float(text[:5]) for text in tab.value(script)] == sorted(falling)
