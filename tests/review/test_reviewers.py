"""Several reviewers of one review: who wins, what is left to the next round, how far they agree."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from sklearn.metrics import cohen_kappa_score

from benchmark_n.cli import run
from benchmark_n.errors import InputError, UsageError
from benchmark_n.review import agreements, import_decisions, next_round, read_state
from benchmark_n.review.votes import read_votes
from tests.browser import browse, needs_chromium
from tests.review import samples

KEEP, ACCEPT, REMOVE = ({"decision": word} for word in ("keep", "accept", "remove"))
TRIANGLE = [[4.0, 4.0, 30.0, 6.0, 12.0, 28.0]]
NEARLY = [[4.0, 4.0, 30.0, 7.0, 12.0, 28.0]]
ELSEWHERE = [[30.0, 30.0, 45.0, 30.0, 45.0, 45.0]]


def _redraw(polygons: list[list[float]]) -> dict[str, str]:
    return {"decision": "redraw", "segmentation": json.dumps(polygons)}


def _imported(folder: Path, of_each: dict[str, dict[int, dict[str, str]]], **options: Any) -> Any:
    files = [samples.decide(folder, d, f"{name}.csv") for name, d in of_each.items()]
    return import_decisions(folder / "review", files, who=list(of_each), **options)


def _actions(folder: Path) -> dict[int, tuple[str, str]]:
    return {line["annotation_id"]: (line["action"], line["who"]) for line in samples.audit(folder)}


def test_the_majority_decides_and_a_tie_stays_open(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    done = _imported(
        tmp_path,
        {
            "anna": {7: ACCEPT, 8: KEEP, 9: KEEP},
            "ben": {7: {"decision": "relabel", "category": "dog"}, 8: REMOVE, 9: REMOVE},
            "cleo": {7: KEEP, 8: REMOVE},
        },
    )
    # Accepting the suggested dog and relabelling as dog are one opinion.
    assert _actions(tmp_path) == {7: ("accept", "anna, ben"), 8: ("remove", "ben, cleo")}
    assert (done.disputed, done.undecided) == ((9,), 2)
    assert [one["id"] for one in samples.corrected(tmp_path)["annotations"]] == [7, 9]
    assert len(read_votes(tmp_path / "review")) == 8


def test_an_adjudicator_decides_against_the_majority(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    of_each = {"anna": {7: KEEP, 9: KEEP}, "ben": {7: KEEP, 9: KEEP}, "cleo": {7: ACCEPT}}
    done = _imported(tmp_path, of_each, adjudicator="cleo")
    assert _actions(tmp_path) == {7: ("accept", "cleo"), 9: ("keep", "anna, ben")}
    assert done.disputed == ()
    samples.exported(other := _folder(tmp_path, "other"))
    with pytest.raises(UsageError, match="'dora' decided nothing, expected one of anna, ben"):
        _imported(other, {"anna": {7: KEEP}, "ben": {7: ACCEPT}}, adjudicator="dora")
    assert not (other / "review" / "votes.jsonl").exists()


def _folder(parent: Path, name: str) -> Path:
    (parent / name).mkdir()
    return parent / name


@pytest.mark.parametrize(("other", "same"), [(NEARLY, True), (ELSEWHERE, False)])
def test_masks_by_hand_are_one_opinion_where_they_are_of_one_object(
    tmp_path: Path, other: list[list[float]], same: bool
) -> None:
    samples.exported(tmp_path)
    done = _imported(tmp_path, {"anna": {9: _redraw(TRIANGLE)}, "ben": {9: _redraw(other)}})
    assert done.disputed == (() if same else (9,))


def test_the_next_round_settles_what_was_disputed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples.exported(tmp_path)
    review = tmp_path / "review"
    with pytest.raises(InputError, match="no item has votes without a majority"):
        next_round(review, "csv")
    _imported(tmp_path, {"anna": {7: KEEP, 8: KEEP}, "ben": {7: ACCEPT, 8: KEEP}})
    assert run(["review", "next", str(review), "--to", "csv", "--images", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{review / 'round-2'}: 1 items without a majority\n"
    rows = (review / "round-2" / "decisions.csv").read_text().splitlines()
    assert [row.partition(",")[0] for row in rows] == ["annotation_id", "7"]
    assert (review / "round-2" / "crops" / "7.png").is_file()
    # Ben changes his mind; of each reviewer the later decision counts.
    second = samples.decide(tmp_path, {7: KEEP}, "second.csv")
    done = import_decisions(review, second, who="ben")
    assert (done.disputed, _actions(tmp_path)[7]) == ((), ("keep", "anna, ben"))
    # Agreement is of what each decided alone, in the first round.
    (agreed,) = agreements(read_state(review))
    assert (agreed.decision.items, agreed.decision.agreed) == (2, 0.5)


def test_one_reviewer_decides_an_item_once_in_an_import(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    files = [samples.decide(tmp_path, {7: d}, f"{i}.csv") for i, d in enumerate((KEEP, ACCEPT))]
    with pytest.raises(InputError, match=r"1.csv: annotation 7 is decided by anna in another file"):
        import_decisions(tmp_path / "review", files, who="anna")
    with pytest.raises(UsageError, match="3 reviewers"):
        import_decisions(tmp_path / "review", files, who=["a", "b", "c"])
    assert not (tmp_path / "review" / "votes.jsonl").exists()


def test_a_table_that_was_gone_on_with_is_imported_again(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    first = samples.decide(tmp_path, {7: {**KEEP, "when": "2026-01-31"}})
    import_decisions(tmp_path / "review", first, who="anna")
    more = {7: {**KEEP, "when": "2026-01-31"}, 8: {**KEEP, "when": "2026-02-01"}}
    done = import_decisions(
        tmp_path / "review", samples.decide(tmp_path, more, "more.csv"), who="anna"
    )
    assert (done.repeated, done.actions) == (1, {"keep": 1})


def test_the_order_of_the_files_changes_no_verdict(tmp_path: Path) -> None:
    of_each = {"anna": {7: KEEP, 8: REMOVE}, "ben": {7: ACCEPT, 8: REMOVE}, "cleo": {7: ACCEPT}}
    verdicts = []
    for number, names in enumerate((["anna", "ben", "cleo"], ["cleo", "ben", "anna"])):
        folder = _folder(tmp_path, str(number))
        samples.exported(folder)
        _imported(folder, {name: of_each[name] for name in names})
        verdicts.append({i: action for i, (action, _) in _actions(folder).items()})
    assert verdicts[0] == verdicts[1] == {7: "accept", 8: "remove"}


def test_agreement_against_scikit_learn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples.exported(tmp_path)
    anna = {7: ACCEPT, 8: KEEP, 9: KEEP, 10: KEEP}
    ben = {7: ACCEPT, 8: KEEP, 9: REMOVE, 10: ACCEPT}
    _imported(tmp_path, {"anna": anna, "ben": ben})
    assert run(["review", "report", str(tmp_path / "review"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (agreed,) = told["agreement"]
    words = [[one[i]["decision"] for i in (7, 8, 9, 10)] for one in (anna, ben)]
    words[1][3] = "add"  # to accept a proposal is another outcome than a suggested category
    assert agreed["names"] == ["anna", "ben"]
    assert agreed["decision"]["kappa"] == pytest.approx(cohen_kappa_score(*words))
    wrong = [[word != "keep" for word in row] for row in words]
    assert agreed["wrong"]["kappa"] == pytest.approx(cohen_kappa_score(*wrong))
    assert told["disputed"] == [9, 10]


PAGES = {
    "anna": {7: ("accept", 1000), 9: ("accept", 3000), 10: ("keep", 8000), 8: ("keep", 2000)},
    "ben": {7: ("accept", 500), 9: ("keep", 700), 10: ("keep", 900), 8: ("keep", 40_000)},
}


def _page_files(review: Path) -> list[Path]:
    """The files that Anna and Ben download from the page."""
    return [
        samples.page_file(
            review,
            [
                {"annotation_id": i, "decision": action, "who": name, "ms": ms}
                for i, (action, ms) in decided.items()
            ],
            f"{name}.json",
        )
        for name, decided in PAGES.items()
    ]


def test_files_of_the_page_give_agreement_and_time_of_each_reviewer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples.exported(tmp_path, "page")
    review = tmp_path / "review"
    files = [arg for path in _page_files(review) for arg in ("--decisions", str(path))]
    assert run(["review", "import", str(review), *files]) == 0
    assert "1 undecided, 1 of them without a majority" in capsys.readouterr().out
    assert run(["review", "report", str(review), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    words = [[decided[i][0] for i in (7, 8, 9, 10)] for decided in PAGES.values()]
    (agreed,) = told["agreement"]
    assert (agreed["names"], agreed["decision"]["items"]) == (["anna", "ben"], 4)
    # On 7 the suggested category is accepted, on 9 the suggested mask: two outcomes.
    words[0][2] = "mask"
    assert agreed["decision"]["kappa"] == pytest.approx(cohen_kappa_score(*words))
    times = {one["name"]: (one["seconds"], one["timed"]) for one in told["reviewers"]}
    assert times == {
        name: (median(ms / 1000 for _, ms in decided.values()), 4)
        for name, decided in PAGES.items()
    }
    assert run(["review", "report", str(review)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [float(one.split()[-1]) for one in lines if one.startswith("anna  ")] == [2.5]


@needs_chromium
def test_the_next_round_is_a_page_that_asks_anew(tmp_path: Path) -> None:
    samples.exported(tmp_path, "page")
    review = tmp_path / "review"
    import_decisions(review, _page_files(review))
    assert run(["review", "next", str(review), "--images", str(tmp_path)]) == 0
    # The run is the review's, so that its decisions are imported there; what the browser keeps of
    # the first round is under another name.
    first, second = samples.page_data(review), samples.page_data(review / "round-2")
    assert second["run_sha256"] == first["run_sha256"] == first["storage"]
    with browse(tmp_path) as tab:
        tab.open((review / "decide.html").as_uri())
        tab.key("k")
        tab.key("k")
        tab.open((review / "round-2" / "decide.html").as_uri())
        assert tab.text("#heading") == "person: another mask?"
        assert tab.text("#progress-text") == "0 of 1 decided"
        assert tab.value("document.querySelector('#photo').getAttribute('href')")
    again = [{"annotation_id": 9, "decision": "accept", "who": "ben", "when": "2026-03-01"}]
    done = import_decisions(review, samples.page_file(review, again, "again.json"))
    assert (done.disputed, done.undecided) == ((), 0)
    assert _actions(tmp_path)[9] == ("accept", "anna, ben")
