"""Week two: what was decided stays away until its mask, category or guideline changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from benchmark_n.cli import run
from benchmark_n.coco import read_coco
from benchmark_n.detection.result import DetectionResult
from benchmark_n.errors import InputError
from benchmark_n.evidence import Evidence
from benchmark_n.report.gallery import worst
from benchmark_n.review import SampleOptions, export_review, import_decisions, since, trend
from benchmark_n.tables.scores import add_any, scores_table
from tests.review import mixed, samples

TRIANGLE = [[4.0, 4.0, 30.0, 6.0, 12.0, 28.0]]
DECISIONS = {
    7: {"decision": "accept"},  # becomes a dog
    9: {"decision": "keep"},
    10: {"decision": "keep"},  # nothing is missing
}


def _reviewed(folder: Path) -> Path:
    samples.exported(folder)
    import_decisions(folder / "review", samples.decide(folder, DECISIONS), who="anna")
    return folder / "review"


def _later(folder: Path, change: Any, rows: list[dict[str, Any]] = samples.ROWS) -> DetectionResult:
    """What a detector says of the file as it is a week later."""
    data = json.loads((folder / "instances.json").read_text())
    change(data)
    path = folder / "later.json"
    path.write_text(json.dumps(data))
    columns = {name: [row.get(name) for row in rows] for name in rows[0]}
    evidence: Any = None
    found: Evidence = evidence
    table = add_any(scores_table(columns, {"detector": "cleanlab"}))
    return DetectionResult("cleanlab", table, found, None, read_coco(path), None, {})


def _states(result: DetectionResult) -> dict[int | None, str]:
    rows = result.scores.to_pylist()
    return {row["annotation_id"]: row["since"] for row in rows}


def _nothing(data: dict[str, Any]) -> None:
    pass


def test_what_is_decided_stays_away(tmp_path: Path) -> None:
    review = _reviewed(tmp_path)
    (result,) = since([_later(tmp_path, _nothing)], review)
    assert _states(result) == {8: "open"}
    assert result.provenance["since"]["settled"] == 7
    assert "7 rows are settled and left out" in result.warnings[-1]


def test_a_corrected_file_is_settled_whatever_its_ids(tmp_path: Path) -> None:
    review = _reviewed(tmp_path)
    corrected = samples.corrected(tmp_path)

    def numbered_anew(data: dict[str, Any]) -> None:
        data |= corrected
        for one in data["annotations"]:
            one["id"] += 100
        for one in data["images"]:
            one["id"] += 50
        for one in data["annotations"]:
            one["image_id"] += 50

    rows = [
        {
            **row,
            "annotation_id": row["annotation_id"] and row["annotation_id"] + 100,
            "image_id": row["image_id"] + 50,
        }
        for row in samples.ROWS
    ]
    (result,) = since([_later(tmp_path, numbered_anew, rows)], review)
    assert _states(result) == {108: "open"}


def test_a_changed_mask_or_category_comes_back_first(tmp_path: Path) -> None:
    review = _reviewed(tmp_path)

    def changed(data: dict[str, Any]) -> None:
        one = next(a for a in data["annotations"] if a["id"] == 9)
        one["category_id"] = next(
            c["id"] for c in data["categories"] if c["id"] != one["category_id"]
        )
        data["annotations"].append({**one, "id": 77, "image_id": 1, "segmentation": TRIANGLE})

    rows = [*samples.ROWS, samples.row(77, "class", 0.05)]
    rows[1] = samples.row(8, "class", 0.99, category=1)
    (result,) = since([_later(tmp_path, changed, rows)], review)
    assert _states(result) == {8: "open", 9: "changed", 77: "new"}
    listed = [(row["annotation_id"], row["kind"]) for row in worst(result.scores, 10)]
    # Annotation 8 has the highest score by far, and stays behind what is new or changed.
    assert listed == [(9, "spatial"), (9, "class"), (77, "class"), (8, "class")]


def test_another_guideline_settles_nothing(tmp_path: Path) -> None:
    review = _reviewed(tmp_path)
    (same,) = since([_later(tmp_path, _nothing)], review, guideline="v3")
    (other,) = since([_later(tmp_path, _nothing)], review, guideline="v4")
    assert _states(same) == {8: "open"}
    assert _states(other) == {7: "open", 8: "open", 9: "open", None: "open"}


def test_a_guideline_in_a_file_is_its_version(tmp_path: Path) -> None:
    review = _reviewed(tmp_path)
    path = tmp_path / "rules.md"
    for version, left in (("v3", {8}), ("v4", {7, 8, 9, None})):
        path.write_text(f"# Rules {version}\n")
        (found,) = since([_later(tmp_path, _nothing)], review, guideline=str(path))
        assert set(_states(found)) == left


def test_a_refused_proposal_stays_away_another_does_not(tmp_path: Path) -> None:
    review = _reviewed(tmp_path)
    moved = {"size": [60, 50], "counts": [610 + 600, 20, 40, 20, 40, 20, 2250 - 600]}
    near = {"size": [60, 50], "counts": [611, 19, 41, 19, 41, 19, 2250]}
    rows = [
        samples.row(None, "missing", 0.9, image_id=2, category=1, mask=mask)
        for mask in (near, moved)
    ]
    rows += [samples.row(None, "missing", 0.9, image_id=2, category=2, mask=near)]
    (result,) = since([_later(tmp_path, _nothing, rows)], review)
    left = result.scores.to_pylist()
    assert [row["suggested_category"] for row in left] == [1, 2]
    assert json.loads(left[0]["suggested_segmentation"]) == moved


def test_a_refused_proposal_of_category_0_stays_away(tmp_path: Path) -> None:
    path = samples.source(tmp_path)
    data = json.loads(path.read_text())
    for record in [*data["categories"], *data["annotations"]]:
        key = "category_id" if "image_id" in record else "id"
        record[key] = {1: 0}.get(record[key], record[key])
    path.write_text(json.dumps(data))
    proposal = samples.row(None, "missing", 0.9, image_id=2, category=0, mask=samples.SUGGESTED)
    table = samples.scores(tmp_path / "scores.parquet", [proposal])
    review = tmp_path / "review"
    (item,) = export_review([table], "csv", review, annotations=path, images=tmp_path).items
    decided = samples.decide(tmp_path, {item.annotation_id: {"decision": "keep"}})
    import_decisions(review, decided, who="anna")
    (result,) = since([_later(tmp_path, _nothing, [proposal])], review)
    assert result.scores.num_rows == 0


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    review = _reviewed(tmp_path)
    asked = ["detect", "--annotations", str(tmp_path / "instances.json"), "--detector", "random"]
    predictions = tmp_path / "predictions.json"
    predictions.write_text("[]")
    asked += ["--out", str(tmp_path / "results"), "--evidence", f"predictions:{predictions}"]
    assert run([*asked, "--since", str(review), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["detectors"][0]["provenance"]["since"]
    assert told["settled"] > 0
    assert told["open"] > 0
    assert run([*asked, "--since", str(tmp_path)]) == 1
    assert "not a review" in capsys.readouterr().err


def test_the_trend_by_batch_and_annotator(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = []
    for week, wrong in (("one", 90), ("two", 30)):
        (folder := tmp_path / week).mkdir()
        mixed.exported(folder, SampleOptions(audit_sample=120, seed=3), wrong=wrong)
        import_decisions(folder / "review", mixed.decide(folder, mixed.by_the_truth), who="anna")
        folders.append((folder / "review").rename(folder / week))
    first, second = trend(folders)
    assert (first.batch, second.batch) == ("one", "two")
    for row, truth in ((first, 90 / 600), (second, 30 / 600)):
        assert row.interval is not None
        assert row.interval[0] <= truth <= row.interval[1]
    assert run(["review", "trend", *map(str, folders), "--by", "id"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + 2 * (1 + 160)
    with pytest.raises(InputError, match="no decided annotation, nor its image, has 'annotator'"):
        trend(folders, "annotator")


def test_parts_without_a_sample_are_shares_of_the_suspects(tmp_path: Path) -> None:
    mixed.exported(tmp_path, SampleOptions(), top=80)
    path = tmp_path / "set.json"
    data = json.loads(path.read_text())
    for one in data["annotations"]:
        one["attributes"] = {"annotator": "ab"[one["id"] % 2]}
    path.write_text(json.dumps(data))
    review = json.loads((tmp_path / "review" / "review.json").read_text())
    import hashlib

    review["annotations"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (tmp_path / "review" / "review.json").write_text(json.dumps(review))
    done = mixed.decide(tmp_path, mixed.by_the_truth)
    import_decisions(tmp_path / "review", done, who="anna")
    wrong = {a["id"]: a["category_id"] != 1 for a in data["annotations"]}
    whole, *parts = trend([tmp_path / "review"], "annotator")
    assert (whole.decided, whole.weighted, [p.part for p in parts]) == (80, False, ["a", "b"])
    listed = [item["annotation_id"] for item in review["items"]]
    for part, odd in zip(parts, (0, 1), strict=True):
        ids = [i for i in listed if i % 2 == odd]
        count = int(np.sum([wrong[i] for i in ids]))
        assert (part.decided, part.wrong, part.share) == (len(ids), count, count / len(ids))
        expected = binomtest(count, len(ids)).proportion_ci(0.95, method="wilson")
        assert part.interval == pytest.approx(tuple(expected))
