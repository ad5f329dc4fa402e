"""Evidence ``detections`` from file to arrays, with a detector that knows what was drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.pixels import Pixels
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evidence import Evidence, load_evidence, save_evidence
from benchmark_n.evidence.collect import gather
from benchmark_n.evidence.detection_evidence import DetectedBoxes, DetectionEvidence
from benchmark_n.evidence.detections import maker
from benchmark_n.evidence.detections.base import OBJECT_DETECTORS, Locations
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.masks import Rle
from benchmark_n.runtime.execution import Execution
from tests.detectors.samples import box_mask, evidence
from tests.samples import annotation, document, write

torch = pytest.importorskip("torch")
import cv2  # noqa: E402

NAMES = ("cat", "sofa", "dog")
CALLS: list[int] = []


class Oracle:
    """Says of each image, by its mean grey, what stands in `ANSWERS`."""

    def __init__(self, name: str, categories: tuple[str, ...], masks: bool = False) -> None:
        self.name, self.version, self.categories = name, "1", categories
        self.trained_on = "nothing"
        self._masks = masks

    def locate(self, pixels: Pixels) -> Locations:
        grey = int(pixels.mean())
        CALLS.append(grey)
        boxes = np.array([[10, 10, 40, 40], [grey, 0, grey + 10, 20]], np.float32)
        probs = np.zeros((2, len(self.categories)), np.float32)
        probs[0, 0], probs[0, -1], probs[1, -1] = 0.5, 0.25, 0.01 * grey
        height, width = pixels.shape[:2]
        masks: tuple[Rle, ...] | None = None
        if self._masks:
            part = [np.zeros((height, width), np.uint8, order="F") for _ in boxes]
            part[0][10:40, 10:40] = 1
            encoded = [pytest.importorskip("pycocotools.mask").encode(one) for one in part]
            masks = tuple({"size": [height, width], "counts": one["counts"]} for one in encoded)
        return Locations(boxes, probs, masks)


def make_oracle(argument: str, device: str) -> Oracle:
    return Oracle("oracle", NAMES)


def make_masked(argument: str, device: str) -> Oracle:
    return Oracle("masked", ("person", "lamp"), masks=True)


def make_stranger(argument: str, device: str) -> Oracle:
    return Oracle("stranger", ("N/A", "zeppelin"))


@pytest.fixture(autouse=True)
def _oracles(monkeypatch: pytest.MonkeyPatch) -> None:
    CALLS.clear()
    for name in ("oracle", "masked", "stranger"):
        monkeypatch.setitem(OBJECT_DETECTORS.builtin, name, f"{__name__}:make_{name}")


@pytest.fixture
def coco(tmp_path: Path) -> CocoFile:
    """Three images, the third without annotations; grey of 20, 40 and 60."""
    data = document()
    data["images"].append({"id": 3, "width": 40, "height": 40, "file_name": "c.png"})
    # Annotations that are not in the order of their images.
    data["annotations"] = [annotation(9, 2, category_id=3), *data["annotations"][:2]]
    for number, image in enumerate(data["images"], start=1):
        picture = np.full((image["height"], image["width"], 3), 20 * number, np.uint8)
        cv2.imwrite(str(tmp_path / image["file_name"]), picture)
    return read_coco(write(tmp_path, data))


def make(coco: CocoFile, *names: str, progress: Any = None, **changes: Any) -> Evidence:
    folder = coco.path.parent
    options = EvidenceOptions(
        (f"detections:{','.join(names)}",), evidence_dir=folder / "kept", **changes
    )
    wanted = Execution(progress=progress)
    return gather(coco, options, set(), images=folder, execution=wanted)


def notes(given: Evidence) -> list[str]:
    lines: list[str] = given.provenance["sources"][0]["notes"]
    return lines


def test_support_and_detections_are_in_the_files_terms(coco: CocoFile) -> None:
    (one,) = make(coco, "oracle").require("detections")
    assert one.detector == "oracle"
    # The file has cat, dog and person; squares of 10 to 40 are the first and the second.
    assert one.known.tolist() == [True, True, False]
    np.testing.assert_allclose(one.support[0], [0.5, 0.25, 0])
    np.testing.assert_allclose(one.support[1], [0.5, 0.25, 0])
    # The third is a triangle in 1 to 20: IoU with that box .09, which is not near enough.
    assert not one.support[2].any()
    assert one.support.dtype == np.float32
    found = one.found
    rows = sorted(zip(found.image_ids.tolist(), found.labels.tolist(), strict=True))
    assert rows == [(1, 0), (1, 1), (1, 1), (2, 0), (2, 1), (2, 1), (3, 0), (3, 1), (3, 1)]
    third = found.boxes[(found.image_ids == 3) & (found.scores > 0.55)]
    assert third.tolist() == [[60, 0, 10, 20]]


def test_two_detectors_stand_side_by_side(coco: CocoFile) -> None:
    told: list[tuple[int, int]] = []
    given = make(coco, "oracle", "masked", progress=lambda *done: told.append(done))
    first, second = given.require("detections")
    assert (first.known.sum(), second.known.tolist()) == (2, [False, False, True])
    assert second.support[:, :2].max() == 0
    assert first.found.masks is None
    masks = second.found.masks
    assert masks is not None
    assert [mask["size"] for mask in masks[:1]] == [[48, 64]]
    assert told == [(3, 6), (6, 6)]
    told_of = given.provenance["sources"][0]["detectors"]
    assert told_of[1] == {"name": "masked", "version": "1", "unknown_categories": ["cat", "dog"]}
    assert "masked does not know 2 of 3 categories" in notes(given)[3]
    assert "was trained on nothing" in notes(given)[0]


def test_nothing_runs_twice(coco: CocoFile) -> None:
    first = make(coco, "oracle")
    assert sorted(CALLS) == [20, 40, 60]
    again = make(coco, "oracle")
    assert len(CALLS) == 3
    np.testing.assert_array_equal(
        again.require("detections")[0].support, first.require("detections")[0].support
    )


def test_other_names_need_no_other_run(coco: CocoFile) -> None:
    path = coco.path.parent / "map.yaml"
    path.write_text("person: sofa\ndog: []\n")
    make(coco, "oracle")
    (one,) = make(coco, "oracle", category_map=path).require("detections")
    assert len(CALLS) == 3
    assert one.known.tolist() == [True, False, True]
    path.write_text("human: sofa\n")
    with pytest.raises(InputError, match="category map: no category 'human'"):
        make(coco, "oracle", category_map=path)


def test_a_stopped_run_goes_on(coco: CocoFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maker, "_IMAGES_A_BLOCK", 1)

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(coco, "oracle", progress=stop)
    assert sorted(CALLS) == [20, 40]
    make(coco, "oracle")
    assert sorted(CALLS) == [20, 40, 60]


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_nothing(threads: int, coco: CocoFile) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        (one,) = make(coco, "oracle").require("detections")
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert one.found.image_ids.tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_images_without_annotations_may_be_absent(coco: CocoFile) -> None:
    (coco.path.parent / "c.png").unlink()
    given = make(coco, "oracle")
    assert notes(given)[0] == (
        "1 images without annotations have no file: nothing was looked for there"
    )
    assert set(given.require("detections")[0].found.image_ids.tolist()) == {1, 2}


def test_a_detector_of_other_categories_is_refused_before_it_runs(coco: CocoFile) -> None:
    with pytest.raises(
        InputError, match=r"stranger knows none of the categories of instances.json"
    ):
        make(coco, "oracle", "stranger")
    assert CALLS == []


def test_a_detector_named_twice_is_refused(coco: CocoFile) -> None:
    with pytest.raises(UsageError, match="a detector is named twice"):
        make(coco, "oracle", "oracle")


def test_sources_of_detections_stand_side_by_side(coco: CocoFile) -> None:
    polygon = document()["annotations"][0]["segmentation"]
    rows = [
        {"image_id": 1, "category_id": 3, "score": 0.5, "segmentation": polygon},
        {"image_id": 2, "category_id": 1, "score": 0.04, "segmentation": polygon},
    ]
    path = write(coco.path.parent, rows, "results.json")
    options = EvidenceOptions(
        ("detections:oracle", f"predictions:{path}"), evidence_dir=coco.path.parent / "kept"
    )
    given = gather(coco, options, set(), images=coco.path.parent)
    oracle, predictions = given.require("detections")
    assert (oracle.detector, predictions.detector) == ("oracle", "predictions")
    # The squares of image 2 and 1, of which it says cat and person.
    np.testing.assert_allclose(predictions.support[:2], [[0.04, 0, 0], [0, 0, 0.5]])
    assert predictions.known.tolist() == [True, False, True]
    assert predictions.found.scores.tolist() == [0.5]
    assert predictions.found.boxes.tolist() == [[10, 10, 30, 30]]
    twice = EvidenceOptions(("detections:oracle",) * 2, evidence_dir=coco.path.parent / "kept")
    with pytest.raises(UsageError, match="both give detections of oracle: leave one out"):
        gather(coco, twice, set(), images=coco.path.parent)


def test_other_labels_need_no_other_run(coco: CocoFile) -> None:
    make(coco, "oracle")
    assert len(CALLS) == 3
    text = coco.path.read_text()
    coco.path.write_text(text.replace('"category_id": 3', '"category_id": 1'))
    changed = make(read_coco(coco.path), "oracle")
    assert changed.labels.tolist() == [0, 0, 1]
    assert len(CALLS) == 3


def test_shared_categories_are_told(coco: CocoFile) -> None:
    path = coco.path.parent / "map.yaml"
    path.write_text("person: cat\n")
    given = make(coco, "oracle", category_map=path)
    assert "'cat' and 'person' are one category to oracle" in notes(given)
    (one,) = given.require("detections")
    np.testing.assert_array_equal(one.support[:, 0], one.support[:, 2])
    assert set(one.found.labels.tolist()) == {0, 1}


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    none = np.zeros(0, np.int64)
    empty = DetectedBoxes(none, none, np.zeros(0, np.float32), np.zeros((0, 4), np.float32))
    masks = (box_mask(1, 2, 3, 4), box_mask(0, 0, 9, 9))
    some = DetectedBoxes(
        np.array([1, 2]),
        np.array([0, 2]),
        np.array([0.5, 1], np.float32),
        np.ones((2, 4), np.float32),
        masks,
    )
    known = np.array([True, False, True])
    support = np.array([[0.1, 0, 0.5], [0.2, 0, 1]], np.float32)
    made = evidence(
        [0, 2],
        detections=(
            DetectionEvidence("a", support, known, some),
            DetectionEvidence("ü:b@c", support / 2, ~known, empty),
        ),
        provenance={},
    )
    save_evidence(made, tmp_path / "evidence")
    again = load_evidence(tmp_path / "evidence", of=made).require("detections")
    for one, other in zip(again, made.require("detections"), strict=True):
        assert one.detector == other.detector
        assert one.found.masks == other.found.masks
        for name in ("support", "known"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        for name in ("image_ids", "labels", "scores", "boxes"):
            np.testing.assert_array_equal(getattr(one.found, name), getattr(other.found, name))


def test_evidence_that_was_not_made_is_one_line() -> None:
    with pytest.raises(InputError, match=r"no detections, expected it beside .* \(pred_probs\)"):
        evidence([0], pred_probs=np.ones((1, 3)) / 3).require("detections")


def test_arrays_that_do_not_fit_are_refused() -> None:
    none = np.zeros(0, np.int64)
    found = DetectedBoxes(none, none, np.zeros(0, np.float32), np.zeros((0, 4), np.float32))
    with pytest.raises(InputError, match=r"support of shape \(2, 3\) and 2 known"):
        DetectionEvidence("a", np.zeros((2, 3)), np.ones(2, bool), found)
    told = DetectionEvidence("a", np.zeros((2, 3)), np.ones(3, bool), found)
    with pytest.raises(InputError, match=r"support of a is of shape \(2, 3\), expected \(1, 3\)"):
        evidence([0], detections=(told,))
