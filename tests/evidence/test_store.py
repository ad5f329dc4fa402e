"""Evidence on disk, its reuse, and the user's own files."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark_n import Benchmark
from benchmark_n.coco import read_coco
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evidence import annotation_evidence, load_evidence, save_evidence
from benchmark_n.evidence.collect import AUTOMATIC, gather
from benchmark_n.evidence.options import EvidenceOptions, evidence_options
from tests.detectors.samples import box_mask, evidence, instances
from tests.samples import document, write


def test_a_device_that_is_not_there_is_told_before_anything_is_made(
    scenes_hard: Benchmark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    coco, images = scenes_hard.noisy(), scenes_hard.images
    with pytest.raises(UsageError, match="device"):
        EvidenceOptions(device="gpu")
    for source in ("crops", "losses", "trainings", "features", "saliency"):
        options = EvidenceOptions((source,), device="cuda", evidence_dir=tmp_path / "kept")
        with pytest.raises(InputError, match="device cuda: no GPU was found"):
            gather(coco, options, AUTOMATIC[source], images=images)
    assert not (tmp_path / "kept").exists()
    options = EvidenceOptions(device="auto", backbone="hog", folds=2, evidence_dir=tmp_path)
    assert gather(coco, options, ("pred_probs",), images=images).pred_probs is not None


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    found = instances([(1, 2, 0.5, box_mask(1, 2, 3, 4))])
    made = evidence(
        [0, 2],
        pred_probs=np.eye(3, dtype=np.float32)[:2],
        features=np.ones((2, 5), np.float16),
        supercategories=("x", "x", ""),
        class_losses=np.ones((4, 2), np.float32),
        predictions=found,
        provenance={"evidence": "test", "notes": ["ä"]},
    )
    save_evidence(made, tmp_path / "evidence")
    again = load_evidence(tmp_path / "evidence", of=made)
    assert again.made() == ["pred_probs", "features", "class_losses", "predictions"]
    assert (again.masks, again.category_names) == (made.masks, made.category_names)
    assert again.supercategories == made.supercategories
    assert again.provenance == made.provenance
    for name in ("annotation_ids", "labels", "boxes", "pred_probs", "features", "class_losses"):
        np.testing.assert_array_equal(getattr(again, name), getattr(made, name))
    assert again.predictions is not None
    assert again.predictions.masks == found.masks
    np.testing.assert_array_equal(again.predictions.boxes, found.boxes)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"seed": -1}, "the evidence's seed is -1, expected 0 or more"),
        ({"folds": 2.5}, "`folds` is 2.5, expected a whole number"),
        ({"fit": "out of fold"}, "fit must be one of out-of-fold, in-sample, self, but got"),
        ({"cam_target": "true"}, "cam_target must be one of predicted, given, but got 'true'"),
        ({"trained_on": "dirty"}, "trained_on must be one of noisy-oof, .* but got 'dirty'"),
        ({"sources": "crops"}, "sources must be a tuple of texts, but got 'crops'"),
    ],
)
def test_options_that_cannot_be_are_one_line(given: dict[str, Any], line: str) -> None:
    with pytest.raises(UsageError, match=line):
        EvidenceOptions(**given)


def test_sources_alone_are_options() -> None:
    given = EvidenceOptions(("crops",), folds=3)
    assert evidence_options(given) is given
    assert evidence_options("files:DIR") == EvidenceOptions(("files:DIR",))
    assert evidence_options(["losses", "crops"]) == EvidenceOptions(("losses", "crops"))


def test_evidence_is_kept_in_the_cache_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCHMARK_N_CACHE", str(tmp_path))
    assert EvidenceOptions().folder == tmp_path / "evidence"
    assert EvidenceOptions(evidence_dir="kept").folder == Path("kept")


def test_evidence_of_other_annotations_is_refused(tmp_path: Path) -> None:
    save_evidence(evidence([0, 1]), tmp_path / "evidence")
    with pytest.raises(InputError, match="other annotations"):
        load_evidence(tmp_path / "evidence", of=evidence([0, 2]))


@pytest.mark.parametrize("damage", ["pickle", "version", "truncated", "not json"])
def test_damaged_evidence_is_one_line(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "evidence"
    save_evidence(evidence([0, 1]), folder)
    if damage == "pickle":
        np.savez(folder / "arrays.npz", boxes=np.array([{"a": 1}], object))
    elif damage == "truncated":
        (folder / "arrays.npz").write_bytes((folder / "arrays.npz").read_bytes()[:99])
    else:
        text = json.dumps({"evidence_version": 99}) if damage == "version" else "{"
        (folder / "evidence.json").write_text(text)
    with pytest.raises(InputError) as error:
        load_evidence(folder)
    assert "\n" not in str(error.value)


def options(tmp_path: Path, *sources: str, **changes: Any) -> EvidenceOptions:
    return EvidenceOptions(sources, evidence_dir=tmp_path / "kept", **changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Arrays about the three annotations of the sample document, in another order."""
    arrays = tmp_path / "arrays"
    arrays.mkdir()
    np.save(arrays / "annotation_ids.npy", np.array([9, 7, 8]))
    np.save(arrays / "pred_probs.npy", np.array([[0.1, 0.9, 0], [0.2, 0.8, 0], [1, 0, 0.0]]))
    np.save(arrays / "category_ids.npy", np.array([3, 1, 2]))
    return arrays


def test_files_are_brought_into_the_order_of_the_annotations(tmp_path: Path, folder: Path) -> None:
    coco = read_coco(write(tmp_path, document()))
    found = gather(coco, options(tmp_path, f"files:{folder}", trained_on="other"), {"pred_probs"})
    assert found.annotation_ids.tolist() == [7, 8, 9]
    assert found.pred_probs == pytest.approx(np.array([[0.8, 0, 0.2], [0, 0, 1], [0.9, 0, 0.1]]))
    assert found.provenance["sources"][0]["trained_on"] == "other"


@pytest.mark.parametrize(
    ("name", "array", "line"),
    [
        ("annotation_ids", np.array([9, 7, 6]), "annotation 8 is missing"),
        ("pred_probs", np.ones((3, 3)), "do not sum to 1"),
        ("pred_probs", np.ones((2, 3)) / 3, "expected 3 along axis 0"),
        ("pred_probs", np.ones((3, 2)) / 2, "2 categories, expected 3"),
        ("category_ids", np.array([3, 1, 5]), "category id 5 is not in the file"),
        ("pred_probs", np.array([{}], object), "cannot be read as arrays"),
    ],
)
def test_faulty_files_are_refused(
    tmp_path: Path, folder: Path, name: str, array: Any, line: str
) -> None:
    np.save(folder / f"{name}.npy", array, allow_pickle=True)
    coco = read_coco(write(tmp_path, document()))
    with pytest.raises(InputError, match=line):
        gather(coco, options(tmp_path, f"files:{folder}"), {"pred_probs"})


def test_two_sources_of_one_field_are_refused(tmp_path: Path, folder: Path) -> None:
    coco = read_coco(write(tmp_path, document()))
    with pytest.raises(UsageError, match="both give pred_probs"):
        gather(coco, options(tmp_path, f"files:{folder}", f"files:{folder}"), {"pred_probs"})


def test_predictions_and_annotators_are_read_and_kept(tmp_path: Path) -> None:
    coco = read_coco(write(tmp_path, document()))
    other = document()
    other["annotations"] = other["annotations"][:2]
    theirs = write(tmp_path, other, "other.json")
    polygon = document()["annotations"][0]["segmentation"]
    detection = {"image_id": 1, "category_id": 3, "score": 0.5, "segmentation": polygon}
    results = write(tmp_path, [detection], "results.json")
    wanted = options(tmp_path, f"predictions:{results}", f"annotators:{theirs},{theirs}")
    found = gather(coco, wanted, set())
    assert found.predictions is not None
    assert found.predictions.labels.tolist() == [2]
    assert found.annotators is not None
    assert found.annotators.annotators.tolist() == [0, 0, 1, 1]
    notes = found.provenance["sources"][0]["notes"]
    assert "would leak the truth" in notes[0]
    assert len(list((tmp_path / "kept").iterdir())) == 2


def _flipped(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["arrays.npz", "annotations.parquet", "evidence.json"])
def test_one_bit_of_evidence_is_noticed(tmp_path: Path, name: str) -> None:
    made = evidence([0, 2], pred_probs=np.eye(3, dtype=np.float32)[:2])
    save_evidence(made, tmp_path / "evidence")
    path = tmp_path / "evidence" / name
    whole = path.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        _flipped(path, place)
        with pytest.raises(InputError):
            load_evidence(tmp_path / "evidence", of=made)
        path.write_bytes(whole)
    assert load_evidence(tmp_path / "evidence", of=made).made() == ["pred_probs"]


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a bit of the arrays": lambda folder: _flipped(folder / "arrays.npz", 300),
    "cut arrays": lambda folder: os.truncate(folder / "arrays.npz", 200),
    "no arrays": lambda folder: (folder / "arrays.npz").unlink(),
    "cut tables": lambda folder: os.truncate(folder / "annotations.parquet", 90),
    "cut meta": lambda folder: os.truncate(folder / "evidence.json", 30),
    "no meta": lambda folder: (folder / "evidence.json").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_evidence_is_made_again_with_one_warning(
    tmp_path: Path, folder: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    coco = read_coco(write(tmp_path, document()))
    wanted = options(tmp_path, f"files:{folder}")
    first = gather(coco, wanted, {"pred_probs"})
    (kept,) = (tmp_path / "kept").iterdir()
    whole = {path.name: path.read_bytes() for path in kept.iterdir()}
    DAMAGES[damage](kept)
    again = gather(coco, wanted, {"pred_probs"})
    np.testing.assert_array_equal(again.pred_probs, first.pred_probs)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "made again" in caplog.records[0].getMessage()
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == whole


def test_evidence_in_another_ones_place_is_made_again(
    tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of other annotations, and of the same but from other inputs."""
    coco = read_coco(write(tmp_path, document()))
    changed = document()
    changed["annotations"][0]["category_id"] = 2
    other = read_coco(write(tmp_path, changed, "other.json"))
    places: dict[str, Path] = {}
    for name, file, trained in (
        ("this", coco, "clean"),
        ("annotations", other, "clean"),
        ("inputs", coco, "other"),
    ):
        sources = options(tmp_path / name, f"files:{folder}", trained_on=trained)
        gather(file, sources, {"pred_probs"})
        (places[name],) = (tmp_path / name / "kept").iterdir()
    for name in ("annotations", "inputs"):
        caplog.clear()
        shutil.rmtree(places["this"])
        shutil.copytree(places[name], places["this"])
        sources = options(tmp_path / "this", f"files:{folder}", trained_on="clean")
        found = gather(coco, sources, {"pred_probs"})
        assert found.labels.tolist() == annotation_evidence(coco).labels.tolist()
        assert found.provenance["sources"][0]["trained_on"] == "clean"
        assert len(caplog.records) == 1
        assert f"other {name}" in caplog.records[0].getMessage()


def test_what_is_no_evidence_is_not_replaced(tmp_path: Path, folder: Path) -> None:
    coco = read_coco(write(tmp_path, document()))
    wanted = options(tmp_path, f"files:{folder}")
    gather(coco, wanted, {"pred_probs"})
    (kept,) = (tmp_path / "kept").iterdir()
    shutil.rmtree(kept)
    kept.mkdir()
    (kept / "notes").write_text("mine")
    with pytest.raises(InputError, match="holds no evidence"):
        gather(coco, wanted, {"pred_probs"})
    assert [path.name for path in kept.iterdir()] == ["notes"]
