"""The joint list from file to page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO

from benchmark_n import EvidenceOptions
from benchmark_n.cli import run
from benchmark_n.detection.joint.result import JointResult
from benchmark_n.detection.joint.run import detect_jointly, of_unknown_categories
from benchmark_n.review import export_review
from benchmark_n.tables.scores import read_scores, write_scores
from tests.detection.joint.files import Files, write_files
from tests.detectors.detected.scenes import scene
from tests.review.samples import page_data, page_file
from tests.samples import document, write


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return write_files(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def found(files: Files, _own_cache: None) -> JointResult:
    options = EvidenceOptions((f"predictions:{files.predictions}",))
    return detect_jointly(files.annotations, evidence=options)


def test_errors_of_all_kinds_lead_the_list(found: JointResult, files: Files) -> None:
    drawn = files.scene
    ids = drawn.evidence.annotation_ids
    wrong = set(ids[drawn.invented | drawn.shifted].tolist())
    gone = {image for image, _ in drawn.removed}
    head = found.suspects[:30]
    right = [
        one.annotation_id in wrong if one.annotation_id is not None else one.image_id in gone
        for one in head
    ]
    assert np.mean(right) >= 0.7
    assert {"missing", "spurious", "spatial"} <= {one.kind for one in head}
    values = [one.probability for one in found.suspects]
    assert values == sorted(values, reverse=True)


def test_a_result_is_shown_in_one_line(found: JointResult, files: Files) -> None:
    name, count = files.annotations.name, len(found.suspects)
    expected = sum(one.probability for one in found.suspects)
    assert repr(found) == (
        f"<JointResult on {name}: {count} suspects, {expected:.1f} errors expected>"
    )
    assert len(repr(found.coco)) < 100


def test_probabilities_are_that_not_every_reason_is_wrong(found: JointResult) -> None:
    for one in found.suspects:
        right = np.prod([1 - reason.probability for reason in one.reasons])
        assert one.probability == pytest.approx(1 - right, abs=1e-4)
        assert one.kind == max(one.reasons, key=lambda reason: reason.probability).kind


def test_reasons_of_detectors_and_rules_are_said_in_words(found: JointResult) -> None:
    said = {reason.source: reason.what for one in found.suspects for reason in one.reasons}
    assert {"unannotated", "unsupported", "misplaced"} <= said.keys()
    assert [source for source, what in said.items() if not what] == ["posterior"]


def test_what_ran_and_what_did_not_is_said_of_every_detector(found: JointResult) -> None:
    from benchmark_n.detectors.base import DETECTORS

    names = [part.name for part in found.parts]
    assert sorted(names) == sorted(["structure", "pictures", *DETECTORS.names()])
    assert all(part.why for part in found.parts)
    ran = {part.name for part in found.parts if part.runs}
    assert ran == {"structure", "posterior", "unannotated", "unsupported", "misplaced"}


def test_images_are_ranked_by_the_sum_of_their_suspects(found: JointResult) -> None:
    sums = dict.fromkeys(found.coco.images, 0.0)
    for one in found.suspects:
        sums[one.image_id] += one.probability
    ranked = found.ranked_images
    assert [one.expected for one in ranked] == pytest.approx(
        sorted(sums.values(), reverse=True), abs=1e-3
    )
    assert sum(sums.values()) == pytest.approx(found.expected)
    for image in ranked:
        own = [s.probability for s in found.suspects if s.image_id == image.image_id]
        assert image.any_error == pytest.approx(1 - np.prod([1 - p for p in own]), abs=1e-4)


def test_the_command_writes_one_page_and_one_list(
    files: Files, found: JointResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    words = ["detect", "--annotations", str(files.annotations), "--out", str(out), "--json"]
    assert run([*words, "--evidence", f"predictions:{files.predictions}"]) == 0
    captured = capsys.readouterr()
    data = json.loads(captured.out)
    assert data["suspects"] == json.loads(json.dumps([one.to_dict() for one in found.suspects]))
    assert "ran: unannotated: reads predictions:" in captured.err
    assert "left out: pictures: no pictures: name their folder by --images" in captured.err
    assert sorted(path.name for path in out.iterdir()) == ["joint", "review"]
    assert data["decide"] == str(out / "review" / "decide.html")
    said = [text for one in page_data(out / "review")["items"] for text in one["reasons"]]
    assert "Flagged by the joint list." in said
    assert "There may be nothing of the kind here." in said
    folder = out / "joint"
    assert sorted(path.name for path in folder.iterdir()) == [
        *("report.html", "results.json", "scores.parquet", "suspects.json"),
    ]
    listed = json.loads((folder / "suspects.json").read_text())
    assert listed["suspects"] == data["suspects"]
    assert listed["image_ranking"] == data["images"]
    marked = COCO(str(folder / "suspects.json")).anns
    for one in found.suspects:
        if one.annotation_id is not None:
            assert marked[one.annotation_id]["score"] == one.probability
    page = (folder / "report.html").read_text()
    assert page.count('<div class="card">') == min(200, len(found.suspects))
    assert "What ran, and what did not" in page


def test_what_a_review_settled_leaves_the_list(
    files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["detect", "--annotations", str(files.annotations), "--json"]
    words += ["--evidence", f"predictions:{files.predictions}", "--out"]
    assert run([*words, str(tmp_path / "first")]) == 0
    before = json.loads(capsys.readouterr().out)["suspects"]
    review = tmp_path / "first" / "review"
    kept = [one["annotation_id"] for one in before if one["annotation_id"] is not None][:3]
    decided = [{"annotation_id": identity, "decision": "keep"} for identity in kept]
    path = page_file(review, decided)
    assert run(["review", "import", str(review), "--decisions", str(path), "--who", "anna"]) == 0
    capsys.readouterr()
    assert run([*words, str(tmp_path / "second"), "--since", str(review)]) == 0
    captured = capsys.readouterr()
    after = json.loads(captured.out)["suspects"]
    assert after == [one for one in before if one["annotation_id"] not in kept]
    assert "since the review: 3 rows are settled and left out" in captured.err
    assert run([*words, str(tmp_path / "third"), "--since", str(review), "--guideline", "v2"]) == 0
    assert json.loads(capsys.readouterr().out)["suspects"] == before


def test_review_reads_the_scores(files: Files, found: JointResult, tmp_path: Path) -> None:
    table = read_scores(_written(files, tmp_path) / "scores.parquet").to_pandas()
    assert set(table.kind) <= {"class", "spatial", "spurious", "missing", "any"}
    missing = table[table.kind == "missing"]
    assert missing.suggested_segmentation.notna().all()
    assert len(missing) == sum(one.annotation_id is None for one in found.suspects)
    whole = table[table.kind == "any"].set_index("annotation_id")
    for one in found.suspects:
        if one.annotation_id is not None:
            assert whole.score[one.annotation_id] == pytest.approx(one.probability, abs=1e-6)
            assert whole.flagged[one.annotation_id] == (one.probability >= 0.5)


def test_a_review_has_the_order_of_the_list(files: Files, tmp_path: Path) -> None:
    out = _written(files, tmp_path)
    listed = json.loads((out / "results.json").read_text())["suspects"]
    review = export_review(
        [out / "scores.parquet"], "csv", tmp_path / "review", annotations=files.annotations
    )
    wanted = [one["annotation_id"] for one in listed if one["annotation_id"] is not None]
    assert any(len(one["reasons"]) > 1 for one in listed)
    assert [one.annotation_id for one in review.items if not one.proposal] == wanted


def _written(files: Files, folder: Path) -> Path:
    words = ["detect", "--annotations", str(files.annotations), "--out", str(folder / "out"), "-q"]
    assert run([*words, "--evidence", f"predictions:{files.predictions}"]) == 0
    return folder / "out" / "joint"


def test_what_rules_find_stands_in_the_scores_in_words(tmp_path: Path) -> None:
    data = document()
    twin = {**data["annotations"][0], "id": 11}
    data["annotations"].append(twin)
    found = detect_jointly(write(tmp_path, data))
    (one,) = [s for s in found.suspects if s.reasons[0].source == "duplicate"]
    said = {r["kind"]: r["words"] for r in found.scores.to_pylist() if r["annotation_id"] == 11}
    assert (one.annotation_id, said) == (11, {one.kind: ["duplicate: IoU 1.00"], "any": None})
    path = tmp_path / "scores.parquet"
    write_scores(found.scores, path)
    export_review([path], "page", tmp_path / "review", annotations=found.coco.path)
    reasons = {item["id"]: item["reasons"] for item in page_data(tmp_path / "review")["items"]}
    assert reasons[11] == ["Duplicate: IoU 1.00.", "Flagged by the joint list."]


def test_without_pictures_or_detectors_rules_alone_run(files: Files) -> None:
    found = detect_jointly(files.annotations)
    assert [part.name for part in found.parts if part.runs] == ["structure"]
    why = {part.name: part.why for part in found.parts}
    assert why["posterior"] == "no pictures: name their folder by `images`"
    assert all(reason.source not in why for one in found.suspects for reason in one.reasons)


def test_options_of_detectors_need_their_names(
    files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["detect", "--annotations", str(files.annotations)]
    assert run([*words, "--set", "posterior.rounds=1"]) == 2
    assert "--set are of detectors that are named" in capsys.readouterr().err
    assert run([*words, "--recipe", "mid"]) == 2
    assert "--recipe is of --self-test" in capsys.readouterr().err
    assert run([*words, "--self-test", "--detector", "random"]) == 2
    assert "leave --detector out" in capsys.readouterr().err


def test_all_says_what_it_leaves_out_and_why(
    files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["detect", "--annotations", str(files.annotations), "--detector", "all", "--json"]
    words += ["--evidence", f"predictions:{files.predictions}", "--out", str(tmp_path / "out")]
    assert run(words) == 0
    captured = capsys.readouterr()
    data = json.loads(captured.out)["detectors"]
    left_out = data[0]["provenance"]["left_out"]
    ran = [one["detector"] for one in data]
    from benchmark_n.detectors.base import DETECTORS

    assert sorted([*ran, *left_out]) == sorted(DETECTORS.names())
    assert "needs annotators" in left_out["consensus"]
    assert "left out: detector 'consensus' needs annotators" in captured.err
    assert "(--evidence annotators:FILE,FILE…)" in captured.err


def test_it_is_said_where_detectors_know_the_fewer_annotations_categories() -> None:
    few, most = scene(known=1).evidence, scene(known=5).evidence
    known = int((few.labels < 1).sum())
    (line,) = of_unknown_categories(few)
    assert line.startswith(f"{known} of {len(few)} annotations are of categories that the object")
    assert of_unknown_categories(most) == []
    assert of_unknown_categories(replace(few, features=np.zeros((len(few), 2), np.float16))) == []


def test_a_file_without_suspects_is_no_fault(tmp_path: Path) -> None:
    source = document()
    source["annotations"] = [
        {**one, "id": i, "image_id": image["id"], "bbox": [1, 1, 8, 8], "area": 64}
        | {"segmentation": [[1, 1, 9, 1, 9, 9, 1, 9]]}
        for i, image in enumerate(source["images"], start=1)
        for one in source["annotations"][:1]
    ]
    path = write(tmp_path, source)
    assert run(["detect", "--annotations", str(path), "--out", str(tmp_path / "out"), "-q"]) == 0
    told = json.loads((tmp_path / "out" / "joint" / "results.json").read_text())
    assert told["suspects"] == []
    assert len(read_scores(tmp_path / "out" / "joint" / "scores.parquet")) == 0
