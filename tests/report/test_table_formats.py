"""One table in four formats: read back by other readers, and set by LaTeX itself."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmark_n.errors import UsageError
from benchmark_n.report.latex import escape
from benchmark_n.report.result_table import Column, Figure, ResultTable, ResultTables
from benchmark_n.report.table_formats import FORMATS, render

PDFLATEX = shutil.which("pdflatex")
NASTY = r"a_b & 5 % of {x} #1 $2 ~ ^ \end{table} <π> ≤ blind | é 猫"


def nasty() -> ResultTables:
    columns = (
        *(Column("detector_name"), Column("told & kept")),
        *(Column("AUPRC", 3, "highest"), Column("error %", 1, "lowest", 100), Column("n", 0)),
    )
    rows = (
        (NASTY, "-", Figure(0.81249, (0.75, 0.86), 0.031), Figure(0.25), Figure(12)),
        ("b", "noise rate", Figure(0.8121, None, 0.01), Figure(-0.125, (-0.2, 0.1)), Figure(3)),
        ("floor: area", "", Figure(0.95), Figure(None), Figure(900)),
    )
    table = ResultTable(
        "scenes_N, 100 %", columns, rows, ("units: 60 images & more",), frozenset({2})
    )
    return ResultTables([table, table], ("Benchmark-N 1.0.0", "recipe: SHA-256 abc_%"))


def test_the_best_is_by_its_column_and_never_a_floor() -> None:
    (table, _) = nasty().tables
    # 0.81249 and 0.8121 look equal; of the errors the lowest is the best; counts have none.
    assert table.best_cells() == {(0, 2), (1, 2), (1, 3)}


def test_csv_is_read_back_in_full() -> None:
    text = render(nasty(), "csv")
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert comments == [
        "# Benchmark-N 1.0.0",
        "# recipe: SHA-256 abc_%",
        "# units: 60 images & more",
    ]
    rows = list(csv.DictReader(io.StringIO("\n".join(text.splitlines()[len(comments) :]))))
    assert len(rows) == 6
    assert rows[0]["detector_name"] == NASTY
    assert [float(rows[0][f"AUPRC{end}"]) for end in ("", " low", " high", " sd")] == [
        *(0.81249, 0.75, 0.86, 0.031)
    ]
    assert float(rows[1]["error % low"]) == -20
    assert (rows[2]["error %"], rows[2]["AUPRC sd"]) == ("", "")


def test_markdown_has_as_many_cells_as_columns_and_bold_figures() -> None:
    text = render(nasty(), "markdown")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in lines} == {6}
    assert "**0.812 ± 0.031 (0.750 to 0.860)**" in lines[2]
    assert "**-12.5 (-20.0 to 10.0)**" in lines[3]
    assert "**" not in lines[4]
    assert "units: 60 images & more" in text
    assert text.endswith("<!--\nBenchmark-N 1.0.0\nrecipe: SHA-256 abc_%\n-->")


def test_text_has_the_deviation_in_a_column_of_its_own() -> None:
    lines = render(ResultTables([nasty().tables[0]]), "text").splitlines()
    assert lines[0].split() == [
        *("detector_name", "told", "&", "kept", "AUPRC", "sd", "error", "%", "n")
    ]
    assert lines[2].split() == [
        "b",
        "noise",
        "rate",
        "0.812",
        "0.010",
        "-12.5",
        "[-20.0,",
        "10.0]",
        "3",
    ]
    assert lines[3].split() == ["floor:", "area", "0.950", "-", "-", "900"]


def test_every_sign_of_latex_is_escaped() -> None:
    assert escape(r"_%&#${}") == r"\_\%\&\#\$\{\}"
    assert escape("~^\\") == r"\textasciitilde{}\textasciicircum{}\textbackslash{}"
    assert escape("a\n猫\x00é") == "a ??é"


@pytest.mark.skipif(PDFLATEX is None, reason="no pdflatex to set the table with")
def test_latex_sets_the_table(tmp_path: Path) -> None:
    body = render(nasty(), "latex")
    assert r"\textbf{0.812} $\pm$ 0.031 {\scriptsize[0.750, 0.860]}" in body
    assert r"\textbf{$-$12.5}" in body
    head = r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{booktabs}\begin{document}"
    (tmp_path / "t.tex").write_text(f"{head}\n{body}\n\\end{{document}}\n", encoding="utf-8")
    command = [str(PDFLATEX), "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "t.pdf").read_bytes()[:4] == b"%PDF"


def test_another_format_is_refused() -> None:
    assert FORMATS == ("text", "csv", "latex", "markdown")
    with pytest.raises(
        UsageError, match="must be one of text, csv, latex, markdown, but got 'xls'"
    ):
        render(nasty(), "xls")
    with pytest.raises(ValueError, match="1 cells in a row of 2 columns"):
        ResultTable("", (Column("a"), Column("b")), (("x",),))


def test_text_of_others_is_text_in_every_format() -> None:
    columns = Column("detector"), Column("F1", best="highest")
    rows = tuple((name, Figure(0.5)) for name in ("=cmd()", "[ours](x) <b>", "*best"))
    table = ResultTable("on <i>", columns, rows, ("# Head\n# two",))
    found = ResultTables([table], ("a --->",))
    csv_text, text = render(found, "csv"), render(found, "markdown")
    assert "'=cmd()" in csv_text
    assert r"\[ours](x) \<b>" in text
    assert r"\*best" in text
    assert r"**on \<i>**" in text
    assert "\n# two" not in text
    assert text.count("-->") == 1
    lines = [line for line in render(found, "latex").splitlines() if r" \\" in line]
    assert [line[:2] for line in lines[1:]] == ["{}"] * 3
