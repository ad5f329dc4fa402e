"""The page of files and its schemas are what the script writes now, and real rows obey them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from benchmark_n import Benchmark
from benchmark_n.cli import run
from benchmark_n.detectors.base import build_detector, run_detector
from benchmark_n.evidence.annotations import annotation_evidence
from benchmark_n.tables.scores import (
    Opinion,
    scores_schema,
    scores_table,
    with_opinions,
    with_words,
)
from tests.conftest import REPOSITORY
from tests.docs.pages import DOCS

jsonschema = pytest.importorskip("jsonschema")


def schema(name: str) -> Any:
    """A committed schema, itself checked."""
    found = json.loads((DOCS / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(found)
    return found


def test_the_committed_files_are_up_to_date(tmp_path: Path) -> None:
    script = REPOSITORY / "scripts" / "build" / "file_reference.py"
    subprocess.run([sys.executable, str(script), "--out", str(tmp_path)], check=True)
    names = {"files.md", *(f"{n}.schema.json" for n in ("manifest", "scores", "results"))}
    assert {path.name for path in tmp_path.iterdir()} == names
    for name in names:
        assert (tmp_path / name).read_text() == (DOCS / name).read_text()


def test_columns_that_detectors_add_are_listed() -> None:
    row = {"image_id": 1, "annotation_id": 7, "kind": "class", "score": 1, "flagged": True}
    table = scores_table({name: [value] for name, value in row.items()})
    table = with_words(with_opinions(table, [[Opinion(model="mine", category=3)]]), [["small"]])
    added = [name for name in table.column_names if name not in scores_schema().names]
    assert added == ["opinions", "words"]
    page = (DOCS / "files.md").read_text()
    for name in added:
        assert f"| `{name}` | list<" in page
    (plain,) = table.to_pylist()
    check = jsonschema.Draft202012Validator(schema("scores"))
    check.validate(plain)
    assert not check.is_valid({**plain, "opinions": [{"model": "mine"}]})
    assert not check.is_valid({**plain, "words": [3]})


def test_rows_of_a_benchmark_and_of_a_detector_obey(scenes_hard: Benchmark) -> None:
    manifest = pq.read_table(scenes_hard.path / "manifest.parquet")
    scores = run_detector(build_detector("random"), annotation_evidence(scenes_hard.noisy()))
    for name, rows in (("manifest", manifest.to_pylist()), ("scores", scores.to_pylist())):
        check = jsonschema.Draft202012Validator(schema(name))
        for row in rows[:200]:
            plain = {k: v.decode() if isinstance(v, bytes) else v for k, v in row.items()}
            check.validate(plain)
        broken = {**plain, schema(name)["required"][0]: "seven"}
        assert not check.is_valid(broken)


@pytest.mark.parametrize("arguments", [["--detector", "random"], ["--masks", "noisy"]])
def test_results_of_eval_obey(
    arguments: list[str], scenes_hard: Benchmark, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["eval", str(scenes_hard.path), *arguments, "--bootstrap", "5", "--quiet"]
    assert run([*command, "--out", str(tmp_path / "results")]) == 0
    (path,) = (tmp_path / "results").rglob("results.json")
    results = json.loads(path.read_text())
    check = jsonschema.Draft202012Validator(schema("results"))
    check.validate(results)
    for name in ("provenance", "results"):
        assert not check.is_valid({**results, name: "seven"})
        assert not check.is_valid({key: results[key] for key in results if key != name})
    if "mode" in results:
        assert not check.is_valid({**results, "mode": "guess"})
    else:
        kinds = {**results["results"]["kinds"], "class": {"auprc": "high"}}
        assert not check.is_valid({**results, "results": {**results["results"], "kinds": kinds}})
