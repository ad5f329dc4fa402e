"""CAMUS: both file formats, both forms of info files, splits, and every bad input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

pytest.importorskip("SimpleITK")

from benchmark_n.datasets.camus import adapter as camus
from benchmark_n.datasets.camus.scans import read_scan, simple_itk
from benchmark_n.datasets.labelmaps.convert import Conversion, convert
from benchmark_n.datasets.request import Request
from benchmark_n.errors import InputError
from tests.datasets.trees import INFO_NEW, INFO_OLD, heart, write_camus, write_scan_file

PATIENTS = ["patient0001", "patient0012"]


def converted(root: Path, split: str = "all", **options: Any) -> Conversion:
    request = Request(root, split, workers=1, **options)
    return convert(camus.CAMUS, root / f"{split}.json", request)


@pytest.mark.parametrize("suffix", [".nii.gz", ".mhd"])
def test_lossless_with_all_that_evaluators_need(tmp_path: Path, suffix: str) -> None:
    write_camus(tmp_path, PATIENTS, suffix=suffix, spacing=(0.31, 0.154))
    done = converted(tmp_path)
    coco = COCO(str(done.annotations))
    assert len(coco.imgs) == 8
    assert done.pictures is not None
    for image in coco.dataset["images"]:
        labels = np.zeros((image["height"], image["width"]), np.uint8)
        for annotation in coco.imgToAnns[image["id"]]:
            mask = coco_mask.decode(annotation["segmentation"]).astype(bool)
            assert not labels[mask].any()
            labels[mask] = annotation["category_id"]
        assert np.array_equal(labels, heart(shift=PATIENTS.index(image["patient"])))
        grey: Any = cv2.imread(str(done.pictures / image["file_name"]), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(grey, labels * 60 + 7)
        assert image["spacing"] == [0.31, 0.154]
        assert image["file_name"] == "{patient}_{view}_{instant}.png".format(**image)
        assert (image["sex"], image["age"], image["image_quality"]) == ("F", 56, "Good")
        assert image["ef"] == 59
        assert image["frame"] == {"ED": 1, "ES": 18}[image["instant"]]
    groups = [category["supercategory"] for category in coco.dataset["categories"]]
    assert groups == ["left_ventricle", "myocardium", "left_atrium"]


def test_older_info_files(tmp_path: Path) -> None:
    write_camus(tmp_path, PATIENTS[:1], info=INFO_OLD)
    image = COCO(str(converted(tmp_path).annotations)).dataset["images"][0]
    assert (image["ef"], image["edv"], image["esv"]) == (57, 94.5, 40.2)
    assert image["image_quality"] == "Poor"
    assert image["frame"] == 15


def test_unknown_values_are_null(tmp_path: Path) -> None:
    write_camus(tmp_path, PATIENTS[:1], info="ED: 1\nES: 9\nAge: NaN\n")
    image = COCO(str(converted(tmp_path).annotations)).dataset["images"][0]
    assert [image[key] for key in ("age", "sex", "ef", "edv")] == [None] * 4


def test_published_splits(tmp_path: Path) -> None:
    write_camus(tmp_path, PATIENTS, split="validation")
    write_camus(tmp_path, ["patient0400"], split="training")
    val = COCO(str(converted(tmp_path, "val").annotations))
    train = COCO(str(converted(tmp_path, "train").annotations))
    assert {i["patient"] for i in val.dataset["images"]} == set(PATIENTS)
    assert {i["patient"] for i in train.dataset["images"]} == {"patient0400"}
    with pytest.raises(InputError, match=r"no database_split/subgroup_testing.txt .*'all' takes"):
        converted(tmp_path, "test")
    assert len(COCO(str(converted(tmp_path, "all").annotations)).imgs) == 12


def test_ids_depend_on_the_patients_alone(tmp_path: Path) -> None:
    write_camus(tmp_path, PATIENTS)
    every = COCO(str(converted(tmp_path).annotations))
    request = Request(tmp_path, "all", workers=1, stride=2)
    half = COCO(str(convert(camus.CAMUS, tmp_path / "half.json", request).annotations))
    assert set(half.anns) < set(every.anns)
    assert sorted(half.imgs) == [121, 122, 141, 142]
    assert max(every.anns) == 12423


def folder(root: Path) -> Path:
    return root / "database_nifti" / PATIENTS[0]


def no_systole(root: Path) -> None:
    (folder(root) / f"{PATIENTS[0]}_4CH_ES_gt.nii.gz").unlink()


def truncated(root: Path) -> None:
    path = folder(root) / f"{PATIENTS[0]}_2CH_ED_gt.nii.gz"
    path.write_bytes(path.read_bytes()[:60])


def other_size(root: Path) -> None:
    path = folder(root) / f"{PATIENTS[0]}_2CH_ED_gt.nii.gz"
    write_scan_file(path, heart(70, 50), (0.3, 0.4))


def unknown_label(root: Path) -> None:
    path = folder(root) / f"{PATIENTS[0]}_2CH_ED_gt.nii.gz"
    write_scan_file(path, heart() + np.uint8(5), (0.3, 0.4))


def many_frames(root: Path) -> None:
    path = folder(root) / f"{PATIENTS[0]}_2CH_ED.nii.gz"
    write_scan_file(path, np.stack([heart()] * 3), (0.3, 0.4))


def too_bright(root: Path) -> None:
    path = folder(root) / f"{PATIENTS[0]}_2CH_ED.nii.gz"
    write_scan_file(path, heart().astype(np.int16) * 200, (0.3, 0.4))


def no_info(root: Path) -> None:
    (folder(root) / "Info_4CH.cfg").unlink()


def no_instant_in_info(root: Path) -> None:
    (folder(root) / "Info_4CH.cfg").write_text(INFO_NEW.replace("ES: 18", "ES: NaN"))


BAD = {
    no_systole: "patient0001_4CH_ES_gt.nii.gz: missing",
    truncated: "patient0001_2CH_ED_gt.nii.gz: cannot be read",
    other_size: "label map of 50x70 px, expected 50x60 px",
    unknown_label: "patient0001_2CH_ED_gt.nii.gz: label 5, expected 0, 1, 2 or 3",
    many_frames: "an array of 3x60x50, expected a single 2D frame",
    too_bright: "grey values 0 to 600, expected 0 to 255",
    no_info: "Info_4CH.cfg: missing",
    no_instant_in_info: "patient0001/Info_4CH.cfg: ES is NaN, expected a frame number",
}


@pytest.mark.parametrize("spoil", BAD, ids=lambda spoil: spoil.__name__)
def test_bad_patients(tmp_path: Path, spoil: Any) -> None:
    write_camus(tmp_path, PATIENTS)
    spoil(tmp_path)
    with pytest.raises(InputError) as caught:
        converted(tmp_path)
    assert BAD[spoil] in str(caught.value)
    assert "\n" not in str(caught.value)
    done = converted(tmp_path, skip_bad=True)
    assert done.images == 4
    assert [entry["name"] for entry in done.skipped] == [PATIENTS[0]]


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii"])
def test_truncation_at_any_place(tmp_path: Path, suffix: str) -> None:
    whole = tmp_path / f"whole{suffix}"
    write_scan_file(whole, heart(), (0.3, 0.4))
    data = whole.read_bytes()
    for length in range(0, len(data), max(len(data) // 40, 1)):
        path = tmp_path / f"part{suffix}"
        path.write_bytes(data[:length])
        with pytest.raises(InputError, match="cannot be read"):
            read_scan(path)


def test_without_simple_itk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "SimpleITK", None)
    with pytest.raises(InputError, match=r"run pip install '.\[medical\]' in the clone"):
        simple_itk()


def test_truncated_raw_file(tmp_path: Path) -> None:
    write_camus(tmp_path, PATIENTS, suffix=".mhd")
    path = folder(tmp_path) / f"{PATIENTS[0]}_2CH_ES.raw"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match=r"patient0001_2CH_ES.mhd: cannot be read"):
        converted(tmp_path)


def test_bad_lists_and_folders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no folder database_nifti .*benchmark-n fetch camus"):
        converted(tmp_path)
    write_camus(tmp_path, PATIENTS, split="training")
    path = tmp_path / "database_split" / "subgroup_training.txt"
    path.write_text("patient0001\npatient0777\n")
    with pytest.raises(InputError, match=r"Info_2CH.cfg: missing .*patient0777"):
        converted(tmp_path, "train")
    path.write_text("patientX\n")
    with pytest.raises(InputError, match="'patientX', expected a patient such as"):
        converted(tmp_path, "train")
    path.write_text("\n")
    with pytest.raises(InputError, match="the list is empty"):
        converted(tmp_path, "train")
