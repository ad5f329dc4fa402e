"""Decisions become a corrected file and an audit trail, wholly or not at all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from benchmark_n.errors import InputError, UsageError
from benchmark_n.review import import_decisions
from benchmark_n.review.audit import read_audit
from tests.review import samples

WHO = {"who": "anna", "when": "2026-01-31T12:00:00+00:00", "why": "seen"}
TRIANGLE = [[4.0, 4.0, 30.0, 6.0, 12.0, 28.0]]


def test_without_decisions_the_input_comes_back(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    done = import_decisions(tmp_path / "review", tmp_path / "review" / "decisions.csv")
    assert (done.actions, done.undecided) == ({}, 4)
    assert samples.corrected(tmp_path) == json.loads((tmp_path / "instances.json").read_text())
    assert not (tmp_path / "review" / "audit.jsonl").exists()


def test_every_action(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    path = samples.decide(
        tmp_path,
        {
            7: {"decision": "accept", **WHO},
            8: {"decision": "change", "category": "person", "segmentation": json.dumps(TRIANGLE)},
            9: {"decision": "Remove", "why": "a shadow"},
            10: {"decision": "accept"},
        },
    )
    done = import_decisions(tmp_path / "review", path, who="ben", when="2026-02-01")
    assert (done.actions, done.undecided) == ({"accept": 2, "change": 1, "remove": 1}, 0)
    before = json.loads((tmp_path / "instances.json").read_text())
    after = samples.corrected(tmp_path)
    assert {k: v for k, v in after.items() if k != "annotations"} == {
        k: v for k, v in before.items() if k != "annotations"
    }
    seven, eight, ten = after["annotations"]
    assert seven == {**before["annotations"][0], "category_id": 2}
    # The new mask is what pycocotools makes of the reviewer's polygon.
    coco = COCO(str(tmp_path / "review" / "corrected.json"))
    expected = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(TRIANGLE, 48, 64)))
    np.testing.assert_array_equal(coco.annToMask(eight), expected)
    assert (eight["category_id"], eight["area"]) == (3, int(expected.sum()))
    assert isinstance(eight["segmentation"], list)
    rle = coco_mask.frPyObjects(samples.SUGGESTED, 60, 50)
    np.testing.assert_array_equal(coco.annToMask(ten), coco_mask.decode(rle))
    assert (ten["id"], ten["category_id"], ten["bbox"]) == (10, 1, [10, 10, 3, 20])
    trail = {line["annotation_id"]: line for line in samples.audit(tmp_path)}
    assert (trail[7]["before"], trail[7]["after"]) == ({"category_id": 1}, {"category_id": 2})
    assert (trail[7]["who"], trail[7]["when"], trail[7]["why"]) == tuple(WHO.values())
    assert (trail[8]["who"], trail[8]["when"]) == ("ben", "2026-02-01")
    assert (trail[9]["before"], trail[9]["after"]) == (before["annotations"][2], None)
    assert (trail[10]["before"], trail[10]["guideline"]) == (None, "v3")


def test_kept_annotations_keep_their_bytes_and_imports_add_up(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    review = tmp_path / "review"
    import_decisions(review, samples.decide(tmp_path, {7: {"decision": "keep"}}), who="anna")
    first = (review / "audit.jsonl").read_bytes()
    second = samples.decide(tmp_path, {8: {"decision": "relabel", "category": "cat"}}, "b.csv")
    import_decisions(review, second, who="ben")
    assert (review / "audit.jsonl").read_bytes().startswith(first)
    source = json.loads((tmp_path / "instances.json").read_text())
    source["annotations"][1]["category_id"] = 1
    assert samples.corrected(tmp_path) == source


@pytest.mark.parametrize(
    ("identity", "fields", "fault"),
    [
        (7, {"decision": "perhaps"}, "annotation 7: decision is 'perhaps', expected one of keep"),
        (7, {"decision": "relabel"}, "annotation 7: relabel: no category is given"),
        (7, {"decision": "relabel", "category": "cow"}, "category 'cow' is not in the file"),
        (7, {"decision": "relabel", "category": "cat"}, "7: relabel: it changes nothing"),
        (7, {"decision": "redraw"}, "annotation 7: redraw: no mask is given"),
        (7, {"decision": "redraw", "segmentation": "[[1"}, "segmentation is no JSON"),
        (7, {"decision": "redraw", "segmentation": "[[1,2,3]]"}, "odd|even number"),
        (7, {"decision": "redraw", "segmentation": "[[1,1,1,1,1,1]]"}, "the mask is empty"),
        (8, {"decision": "keep", "when": "yesterday"}, "annotation 8: when is 'yesterday'"),
        (10, {"decision": "remove"}, "annotation 10: remove: is a proposal"),
        (7, {"decision": "keep", "annotation_id": "4711"}, "annotation 4711 is not under review"),
        (7, {"decision": "keep", "annotation_id": "x"}, "annotation_id is 'x', expected a whole"),
    ],
)
def test_a_bad_decision_leaves_nothing(
    tmp_path: Path, identity: int, fields: dict[str, str], fault: str
) -> None:
    samples.exported(tmp_path)
    others = {9: {"decision": "keep"}, identity: fields}
    path = samples.decide(tmp_path, others)
    with pytest.raises(InputError, match=fault) as caught:
        import_decisions(tmp_path / "review", path, who="anna")
    assert "\n" not in str(caught.value)
    assert {p.name for p in (tmp_path / "review").iterdir()} == {
        "review.json",
        "decisions.csv",
        "crops",
        "README.md",
    }


def test_an_image_that_only_the_review_knows(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    path = tmp_path / "review" / "review.json"
    review = json.loads(path.read_text())
    for item in review["items"]:
        item["image_id"] = 77
    path.write_text(json.dumps(review))
    decisions = samples.decide(tmp_path, {7: {"decision": "relabel", "category": "dog"}})
    with pytest.raises(InputError, match="annotation 7: relabel: image 77 of the review is not in"):
        import_decisions(tmp_path / "review", decisions, who="anna")


def test_nothing_is_decided_twice(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    review = tmp_path / "review"
    path = samples.decide(tmp_path, {7: {"decision": "keep"}})
    twice = tmp_path / "twice.csv"
    lines = path.read_text().splitlines(keepends=True)
    twice.write_text("".join([*lines, lines[1]]))
    with pytest.raises(InputError, match=r"twice.csv: annotation 7 is decided twice"):
        import_decisions(review, twice, who="anna")
    with pytest.raises(UsageError, match="nobody says who decided"):
        import_decisions(review, path)
    import_decisions(review, path, who="anna", when="2026-02-01")
    kept = (review / "audit.jsonl").read_bytes(), (review / "corrected.json").read_bytes()
    with pytest.raises(InputError, match=r"filled.csv: was imported already"):
        import_decisions(review, path, who="anna")
    other = samples.decide(tmp_path, {7: {"decision": "remove"}}, "other.csv")
    with pytest.raises(InputError, match="annotation 7 is decided already: keep by anna, 2026-02"):
        import_decisions(review, other, who="ben")
    assert kept == ((review / "audit.jsonl").read_bytes(), (review / "corrected.json").read_bytes())


def test_another_file_than_the_reviewed_one_is_refused(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    path = samples.decide(tmp_path, {7: {"decision": "keep"}})
    moved = tmp_path / "moved.json"
    (tmp_path / "instances.json").rename(moved)
    with pytest.raises(InputError, match="name it with `annotations`"):
        import_decisions(tmp_path / "review", path, who="anna")
    import_decisions(tmp_path / "review", path, who="anna", annotations=moved)
    moved.write_text(moved.read_text().replace("cat", "cow"))
    with pytest.raises(InputError, match="is not the file that was exported"):
        import_decisions(tmp_path / "review", path, who="anna", annotations=moved)


def test_a_torn_audit_trail_is_cut_to_whole_imports(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    review = tmp_path / "review"
    import_decisions(review, samples.decide(tmp_path, {7: {"decision": "keep"}}), who="anna")
    whole = (review / "audit.jsonl").read_bytes()
    both = samples.decide(tmp_path, {8: {"decision": "remove"}, 9: {"decision": "keep"}}, "b.csv")
    import_decisions(review, both, who="ben", when="2026-02-01")
    done = (review / "audit.jsonl").read_bytes()
    for length in range(len(whole) + 1, len(done)):
        (review / "audit.jsonl").write_bytes(done[:length])
        assert len(read_audit(review)) == 1
    import_decisions(review, both, who="ben", when="2026-02-01")
    assert (review / "audit.jsonl").read_bytes() == done
    (review / "audit.jsonl").write_bytes(b"{}\n" + done)
    with pytest.raises(InputError, match=r"audit.jsonl: line 1: "):
        read_audit(review)


# For n = 1, 2, … a child is killed at its n-th call of a function that touches the disk, until one
# lives; the state that each leaves is kept in a folder of its own.
KILLER = """
import os, shutil, signal, sys
from pathlib import Path
from typing import Any
from benchmark_n.review import corrected_file, corrections
review, decisions, before, states = sys.argv[1:]
left = 0
def deadly(function):
    def call(*arguments, **named):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)
    return call
os.fsync = deadly(os.fsync)
os.open = deadly(os.open)
Path.replace = deadly(Path.replace)
corrected_file.CocoStream.write = deadly(corrected_file.CocoStream.write)
for moment in range(1, 40):
    shutil.rmtree(review)
    shutil.copytree(before, review)
    child = os.fork()
    if child == 0:
        left = moment
        corrections.import_decisions(review, decisions, who="ben", when="2026-02-01")
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == 0:
        break
    assert status == -signal.SIGKILL
    shutil.copytree(review, Path(states) / str(moment))
"""


def test_a_killed_import_is_finished_by_the_next(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    review, before, states = tmp_path / "review", tmp_path / "before", tmp_path / "states"
    import_decisions(review, samples.decide(tmp_path, {7: {"decision": "keep"}}), who="anna")
    both = samples.decide(tmp_path, {8: {"decision": "remove"}, 9: {"decision": "keep"}}, "b.csv")
    shutil.copytree(review, before)
    arguments = [str(path) for path in (review, both, before, states)]
    subprocess.run([sys.executable, "-c", KILLER, *arguments], check=True, timeout=120)
    names = ("audit.jsonl", "corrected.json")
    old = [(before / name).read_bytes() for name in names]
    new = [(review / name).read_bytes() for name in names]
    assert old[0] != new[0]
    assert old[1] != new[1]
    left = sorted(states.iterdir())
    assert len(left) > 8
    # The states lie elsewhere than the review did, so the reviewed file has to be named.
    options: Any = {"who": "ben", "when": "2026-02-01", "annotations": tmp_path / "instances.json"}
    for state in left:
        found = [(state / name).read_bytes() for name in names]
        # The audit trail comes first: a corrected file never tells what no trail explains.
        assert found in ([old[0], old[1]], [new[0], old[1]], [new[0], new[1]])
        if found[1] == new[1]:
            with pytest.raises(InputError, match="was imported already"):
                import_decisions(state, both, **options)
        else:
            import_decisions(state, both, **options)
        assert [(state / name).read_bytes() for name in names] == new
        assert not list(state.glob(".*"))
