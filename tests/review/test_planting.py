"""Planted errors: known answers that measure the reviewers, and never reach the corrected file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from benchmark_n.cli import run
from benchmark_n.errors import InputError
from benchmark_n.review import SampleOptions, import_decisions, judge, read_state, reviewers
from benchmark_n.review.private import as_shown
from benchmark_n.review.state import ReviewState
from tests.review import mixed, samples

HUMAN = "human-lvis-crowd"


@pytest.fixture(scope="module")
def human(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A review with 12 errors as people make them, 12 decoys, and 3 proposals of a detector."""
    folder = tmp_path_factory.mktemp("human")
    sampling = SampleOptions(audit_sample=20, plant=12, recipe=HUMAN, seed=5)
    mixed.exported(folder, sampling, proposals=3)
    return folder


def _class_review(folder: Path, plant: int = 20) -> None:
    (folder / "swaps.yaml").write_text(mixed.CLASS_RECIPE)
    recipe = str(folder / "swaps.yaml")
    mixed.exported(folder, SampleOptions(30, plant, recipe=recipe, seed=2))


def test_errors_and_decoys_are_what_they_say(human: Path) -> None:
    planted = mixed.private(human)["planted"]
    state = read_state(human / "review")
    source = {a["id"]: a for a in json.loads((human / "set.json").read_text())["annotations"]}
    items = {item.annotation_id: item for item in state.review.items}
    assert [sum(one["decoy"] is side for one in planted) for side in (False, True)] == [12, 12]
    assert {kind for one in planted for kind in one["kinds"]} >= {"spatial", "missing"}
    assert len({one["source_id"] for one in planted}) == 24
    flags = {
        row["annotation_id"]
        for row in _rows(human)
        if row["flagged"] and row["annotation_id"] is not None
    }
    for one in planted:
        item, clean = items[one["annotation_id"]], source[one["source_id"]]
        assert one["source_id"] not in flags
        assert item.image_id == clean["image_id"]
        polygons = coco_mask.frPyObjects(clean["segmentation"], mixed.SIZE, mixed.SIZE)
        right = coco_mask.merge(polygons)
        if "missing" in one["kinds"]:
            assert item.proposal
            assert item.suggested_category == clean["category_id"]
            assert _iou(item.suggested_segmentation, right) == 1
        elif one["decoy"]:
            assert (one["record"], item.given) == (None, clean["category_id"])
            if "spatial" in one["kinds"]:
                assert _iou(item.suggested_segmentation, right) == pytest.approx(one["iou"])
        else:
            wrong = one["category_id"] if "class" in one["kinds"] else clean["category_id"]
            assert item.given == wrong
            if "spatial" in one["kinds"]:
                assert _iou(one["record"]["segmentation"], right) == pytest.approx(one["iou"])
                assert one["iou"] < 0.75
                assert _iou(item.suggested_segmentation, right) == 1


def _rows(folder: Path) -> list[dict[str, Any]]:
    from benchmark_n.tables.scores import read_scores

    rows: list[dict[str, Any]] = read_scores(folder / "scores.parquet").to_pylist()
    return rows


def _iou(one: Any, other: Any) -> float:
    return float(coco_mask.iou([one], [other], [0])[0][0])


def test_proposals_are_planted_among_proposals_alone(human: Path, tmp_path: Path) -> None:
    review = read_state(human / "review").review
    ids = [item.annotation_id for item in review.items if item.proposal]
    planted = {p["annotation_id"] for p in mixed.private(human)["planted"]}
    # Numbered in the order of the list, so that no number tells who proposes.
    assert ids == list(range(601, 601 + len(ids)))
    assert len(set(ids) - planted) == 3
    mixed.exported(tmp_path, SampleOptions(plant=5, recipe=HUMAN, seed=5))
    assert not any(i.proposal for i in read_state(tmp_path / "review").review.items)


ACTIONS = ("", "keep", "accept", "relabel", "remove", "redraw", "change")
TRIANGLE = json.dumps([[4.0, 4.0, 30.0, 6.0, 12.0, 28.0]])


def _anything(state: ReviewState, rng: np.random.Generator) -> dict[int, dict[str, str]]:
    """A decision that can be carried out on each item, or none."""
    chosen: dict[int, dict[str, str]] = {}
    for item in state.review.items:
        action = str(rng.choice(ACTIONS))
        empty = item.suggested_category is None and item.suggested_segmentation is None
        if (item.proposal and action == "remove") or (action == "accept" and empty):
            action = "keep"
        fields = {"decision": action}
        if action in ("relabel", "change"):
            names = [name for i, name in state.review.labels.items() if i != item.given]
            fields["category"] = str(rng.choice(names))
        if action in ("redraw", "change"):
            fields["segmentation"] = TRIANGLE
        chosen[item.annotation_id] = fields
    return chosen


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_planted_error_reaches_the_corrected_file(human: Path, seed: int) -> None:
    """Whatever is decided: what was planted on stays byte for byte, and nothing is added for it."""
    state = read_state(human / "review")
    chosen = _anything(state, np.random.default_rng(seed))
    folder = human / "work"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(human / "review", folder / "review")
    path = samples.decide(folder, chosen)
    import_decisions(folder / "review", path, who="anna", annotations=human / "set.json")
    planted = {one.annotation_id: one for one in state.private.planted}
    before = json.loads((human / "set.json").read_text())["annotations"]
    after = {one["id"]: one for one in samples.corrected(folder)["annotations"]}
    real = {i: one["decision"] for i, one in chosen.items() if i not in planted}
    for one in before:
        if real.get(one["id"], "") in ("", "keep"):
            assert after.pop(one["id"]) == one
        else:
            after.pop(one["id"], None)
    added = [i for i in after if real.get(i) in ("accept", "relabel", "redraw", "change")]
    assert sorted(after) == sorted(added)
    assert not {line["annotation_id"] for line in samples.audit(folder)} & set(planted)


def test_what_is_known_of_reviewers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _class_review(tmp_path)
    review = tmp_path / "review"
    seen: list[int] = []

    def half(row: Any) -> dict[str, str]:
        """Relabels every other animal that is no cat, to any but the one that is given."""
        if row["given"] == mixed.TRUE:
            return {"decision": "keep"}
        seen.append(1)
        other = next(name for name in mixed.NAMES.values() if name != row["given"])
        return {"decision": "relabel", "category": other} if len(seen) % 2 else {"decision": "keep"}

    def accepts(row: Any) -> dict[str, str]:
        return {"decision": "accept" if row["suggested_category"] else "keep"}

    files = [
        mixed.decide(tmp_path, decide, f"{name}.csv")
        for name, decide in (("anna", mixed.by_the_truth), ("ben", half), ("cleo", accepts))
    ]
    done = import_decisions(review, files, who=["anna", "ben", "cleo"])
    assert done.planted == 3 * 40
    anna, ben, cleo = reviewers(read_state(review))
    assert (anna.detection.share, anna.false_alarms.share) == (1, 0)
    # Whoever accepts all has all errors, and all decoys.
    assert (cleo.detection.share, cleo.false_alarms.share) == (1, 1)
    planted = {p["annotation_id"] for p in mixed.private(tmp_path)["planted"] if not p["decoy"]}
    votes = {v.annotation_id: v.action for v in read_state(review).votes if v.who == "ben"}
    expected = sum(votes[i] == "relabel" for i in planted)
    assert 0 < expected < 20
    assert (ben.detection.count, ben.detection.of) == (expected, 20)
    assert judge(review).items == 70
    assert run(["review", "report", str(review)]) == 0
    text = capsys.readouterr().out
    assert "anna" in text
    assert "20/20  100.0" in text
    assert "anna, ben, cleo: decision" in text


def test_time_of_a_decision(tmp_path: Path) -> None:
    _class_review(tmp_path, 5)
    path = mixed.decide(tmp_path, mixed.by_the_truth)
    import_decisions(tmp_path / "review", path, who="anna")
    votes = tmp_path / "review" / "votes.jsonl"
    assert reviewers(read_state(tmp_path / "review"))[0].seconds is None
    lines = [json.loads(line) for line in votes.read_text().splitlines()]
    for line, ms in zip(lines, [1000, 4000, 9000], strict=False):
        line["ms"] = ms
    votes.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (anna,) = reviewers(read_state(tmp_path / "review"))
    assert (anna.seconds, anna.timed) == (4, 3)


def test_reviewers_see_the_planted_annotation(human: Path) -> None:
    state = read_state(human / "review")
    from benchmark_n.coco import read_coco

    coco = read_coco(human / "set.json")
    view = as_shown(coco, state.private)
    changed = {
        int(i)
        for i, one, other in zip(
            coco.annotation_ids, coco.annotations, view.annotations, strict=True
        )
        if bytes(one) != bytes(other)
    }
    assert changed == {
        one.source_id
        for one in state.private.planted
        if not one.decoy and "missing" not in one.kinds
    }


def test_too_few_errors_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"set.json: recipe clean makes 0 errors and 0 decoys"):
        mixed.exported(tmp_path, SampleOptions(plant=3, recipe="clean"))
    assert not (tmp_path / "review").exists()


def test_events_are_of_several_annotations_and_not_planted(tmp_path: Path) -> None:
    """Of a recipe with events the noises alone are planted, as without the events."""
    mixed.exported(tmp_path, SampleOptions(plant=4, recipe="events-10", seed=1), proposals=3)
    planted = mixed.private(tmp_path)["planted"]
    assert sorted(one["decoy"] for one in planted) == [False] * 4 + [True] * 4
    source = {a["id"]: a for a in json.loads((tmp_path / "set.json").read_text())["annotations"]}
    for one in planted:
        if one["record"] is not None and "spatial" in one["kinds"]:
            polygons = source[one["source_id"]]["segmentation"]
            right = coco_mask.merge(coco_mask.frPyObjects(polygons, mixed.SIZE, mixed.SIZE))
            assert _iou(one["record"]["segmentation"], right) == pytest.approx(one["iou"])
    (tmp_path / "merges").mkdir()
    (tmp_path / "merges.yaml").write_text(MERGES)
    sampling = SampleOptions(plant=1, recipe=str(tmp_path / "merges.yaml"))
    with pytest.raises(InputError, match="recipe merges makes 0 errors and 0 decoys"):
        mixed.exported(tmp_path / "merges", sampling, proposals=3)


MERGES = """
name: merges
version: 1
description: neighbours drawn as one
noises:
  merge: {probability: 1.0, gap: 40}
"""
