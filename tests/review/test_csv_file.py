"""Cells of `decisions.csv`: no formulas for a spreadsheet, and exactly what they were on return."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from benchmark_n.files.formulas import guarded, restored
from benchmark_n.files.provenance import file_digest
from benchmark_n.review import export_review, import_decisions
from tests.review import samples

# What OWASP's page on CSV injection lists for the first sign of a cell.
SIGNS = ("=", "+", "-", "@", "\t", "\r")
texts = st.text(st.sampled_from("'=+-@\t\ra1, \"\n"), max_size=8) | st.text()


@given(texts)
@example("'=x")
@example("''")
@example("'")
def test_texts_come_back(text: str) -> None:
    assert restored(guarded(text)) == text
    assert not guarded(text).startswith(SIGNS)


@given(st.integers() | st.floats(allow_nan=False))
def test_numbers_stay_numbers(number: float) -> None:
    assert guarded(number) is number


def cells(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_formulas_in_names_and_guidelines(tmp_path: Path) -> None:
    names = {"cat": "=HYPERLINK(1)", "dog": "-dog", "person": "@p"}
    path = samples.source(tmp_path)
    text = path.read_text()
    for old, new in names.items():
        text = text.replace(f'"name": "{old}"', f'"name": "{new}"')
    path.write_text(text.replace('"file_name": "a.png"', '"file_name": "+a.png"'))
    (tmp_path / "a.png").rename(tmp_path / "+a.png")
    table = samples.scores(tmp_path / "s.parquet", samples.ROWS, detector="=cmd|' /C calc'!A0")
    guideline = "\r=1+1"
    export_review(
        [table], "csv", tmp_path / "review", annotations=path, images=tmp_path, guideline=guideline
    )
    rows = cells(tmp_path / "review" / "decisions.csv")
    assert len(rows) == 4
    for row in rows:
        assert not [cell for cell in row.values() if cell.startswith(SIGNS)]
        float(row["score"])
    assert {restored(row["guideline"]) for row in rows} == {guideline}
    assert {restored(row["given"]) for row in rows} == {"=HYPERLINK(1)", "-dog", "@p", ""}
    # A reviewer copies the cell as the table shows it.
    seven = next(row for row in rows if row["annotation_id"] == "7")
    assert seven["suggested_category"] == "'-dog"
    decided = samples.decide(
        tmp_path, {7: {"decision": "relabel", "category": "'-dog", "why": "'=no"}}
    )
    import_decisions(tmp_path / "review", decided, who="anna")
    assert samples.corrected(tmp_path)["annotations"][0]["category_id"] == 2
    assert samples.audit(tmp_path)[0]["why"] == "=no"


def test_negative_ids_stay_numbers(tmp_path: Path) -> None:
    path = samples.source(tmp_path)
    path.write_text(path.read_text().replace('"id": 7,', '"id": -7,'))
    rows = [{**row, "annotation_id": -7} for row in samples.ROWS if row["annotation_id"] == 7]
    table = samples.scores(tmp_path / "s.parquet", rows)
    export_review([table], "csv", tmp_path / "review", annotations=path)
    (row,) = cells(tmp_path / "review" / "decisions.csv")
    assert row["annotation_id"] == "-7"
    decided = samples.decide(tmp_path, {-7: {"decision": "remove"}})
    import_decisions(tmp_path / "review", decided, who="anna")
    assert [a["id"] for a in samples.corrected(tmp_path)["annotations"]] == [8, 9]


def test_no_file_of_a_review_tells_where_it_was_made(tmp_path: Path) -> None:
    for tool in ("csv", "labelstudio", "cvat", "fiftyone"):
        folder = tmp_path / tool
        folder.mkdir()
        samples.exported(folder, tool)
        for path in (folder / "review").rglob("*"):
            assert path.is_dir() or str(tmp_path).encode() not in path.read_bytes()
    review = json.loads((tmp_path / "csv" / "review" / "review.json").read_text())
    assert review["annotations"] == {
        "path": "../instances.json",
        "sha256": file_digest(tmp_path / "csv" / "instances.json"),
    }
