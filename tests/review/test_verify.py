"""A corrected file is followed back to its source, and each broken link is named."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from benchmark_n.cli import run
from benchmark_n.errors import InputError
from benchmark_n.review import export_review, import_decisions, verify
from benchmark_n.review.lineage import without_lineage
from tests.review import samples

KEEP, ACCEPT = {"decision": "keep"}, {"decision": "accept"}


def _reviewed(folder: Path) -> Path:
    samples.exported(folder)
    import_decisions(folder / "review", samples.decide(folder, {7: ACCEPT}, "a.csv"), who="anna")
    import_decisions(folder / "review", samples.decide(folder, {8: KEEP}, "b.csv"), who="ben")
    return folder / "review"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_lineage_names_every_file_by_its_sha256(tmp_path: Path) -> None:
    review = _reviewed(tmp_path)
    data = (review / "corrected.json").read_bytes()
    told = json.loads(data)["benchmark_n_lineage"]
    assert told["source"] == {
        "file": "instances.json",
        "sha256": _sha256(tmp_path / "instances.json"),
    }
    assert told["runs"] == [{"file": "cleanlab", "sha256": _sha256(tmp_path / "scores.parquet")}]
    assert told["decisions"] == [_sha256(tmp_path / "a.csv"), _sha256(tmp_path / "b.csv")]
    # The file without its last section, as any other program can make it.
    content = data[: data.rindex(b',"benchmark_n_lineage"')] + b"}\n"
    assert told["corrected_sha256"] == hashlib.sha256(content).hexdigest()
    assert without_lineage(data) == content
    assert without_lineage(content) == content


def test_all_links_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    review = _reviewed(tmp_path)
    assert [one.what for one in verify(review)] == [
        "source instances.json",
        "run of cleanlab",
        "decisions of anna",
        "decisions of ben",
        "corrected corrected.json",
    ]
    assert all(one.holds for one in verify(review))
    assert run(["review", "verify", str(review)]) == 0
    assert capsys.readouterr().out.count("holds") == 5


def test_each_broken_link_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    review = _reviewed(tmp_path)

    def broken() -> list[tuple[str, str]]:
        return [(one.what, one.fault) for one in verify(review) if not one.holds]

    def spoilt(path: Path, old: bytes = b"", new: bytes = b"") -> list[tuple[str, str]]:
        data = path.read_bytes()
        path.write_bytes(data.replace(old, new) if old else data + b" ")
        found = broken()
        path.write_bytes(data)
        assert not broken()
        return found

    ((what, fault),) = spoilt(tmp_path / "scores.parquet")
    assert (what, fault) == ("run of cleanlab", "scores.parquet was changed")
    kept = next(
        p for p in (review / "decisions").iterdir() if _sha256(tmp_path / "a.csv") in p.name
    )
    ((what, fault),) = spoilt(kept)
    assert what == "decisions of anna"
    first, last = spoilt(tmp_path / "instances.json")
    assert "is not the file that was exported" in first[1]
    assert last[1] == "cannot be made again: the source is not there"
    ((what, fault),) = spoilt(review / "corrected.json", b'"category_id":2', b'"category_id":1')
    assert fault.startswith("was changed since")
    # The trail says otherwise than the file, whose own SHA-256 is right.
    ((what, fault),) = spoilt(
        review / "audit.jsonl", b'"after":{"category_id":2}', b'"after":{"category_id":3}'
    )
    assert fault == "is not what the audit trail makes of the source"
    kept.unlink()
    assert run(["review", "verify", str(review)]) == 1
    found = capsys.readouterr()
    assert "1 of 5 links are broken, the first is decisions of anna: " in found.err
    assert found.err.count("\n") == 1


def test_what_cannot_be_followed(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    with pytest.raises(InputError, match=r"corrected.json is missing: import decisions first"):
        verify(tmp_path / "review")
    (tmp_path / "review" / "corrected.json").write_bytes((tmp_path / "instances.json").read_bytes())
    with pytest.raises(InputError, match="has no lineage, expected a corrected file"):
        verify(tmp_path / "review")


def test_a_corrected_file_that_is_reviewed_again_has_both_lineages(tmp_path: Path) -> None:
    first = _reviewed(tmp_path)
    table = samples.scores(tmp_path / "second.parquet", samples.ROWS[1:3])
    again = tmp_path / "again"
    export_review([table], "csv", again / "review", annotations=first / "corrected.json")
    path = samples.decide(again, {8: {"decision": "remove"}})
    import_decisions(again / "review", path, who="cleo")
    told = json.loads((again / "review" / "corrected.json").read_text())["benchmark_n_lineage"]
    before = json.loads((first / "corrected.json").read_text())["benchmark_n_lineage"]
    assert told["earlier"] == before
    assert told["source"]["sha256"] == _sha256(first / "corrected.json")
    assert all(one.holds for one in verify(again / "review"))
