"""VIPER: RGB instance maps at real size, without loss."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from benchmark_n.datasets import viper
from benchmark_n.datasets.labelmaps.convert import convert
from benchmark_n.datasets.request import Request
from benchmark_n.errors import InputError
from tests import making
from tests.datasets.trees import SHAPE_VIPER, VIPER_VALUES, street, write_viper

SMALL = (400, 420)


def converted(root: Path, **options: Any) -> COCO:
    request = Request(root, "train", workers=1, **options)
    return COCO(str(convert(viper.VIPER, root / "train.json", request).annotations))


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_lossless_at_real_size(tmp_path: Path, suffix: str) -> None:
    labels = street(SHAPE_VIPER, VIPER_VALUES, 3 << 16, 1)
    write_viper(tmp_path, "train", {"002_00003": labels}, suffix)
    coco = converted(tmp_path)
    (image,) = coco.dataset["images"]
    assert image["file_name"] == f"train/img/002/002_00003.{suffix}"
    assert image["sequence"] == "002"
    found = np.zeros(SHAPE_VIPER, np.int64)
    for annotation in coco.anns.values():
        mask = coco_mask.decode(annotation["segmentation"]).astype(bool)
        assert not found[mask].any()
        found[mask] = annotation["id"] % 2**24
        assert annotation["category_id"] == annotation["id"] // 2**16 % 2**8
        assert annotation["iscrowd"] == (annotation["id"] % 2**16 == 0)
    scored = [13, 16, 17, 19, 20, 23, 24, 25, 26, 27]
    assert (found == np.where(np.isin(labels >> 16, scored), labels, 0)).all()
    assert all(0 < identity < 2**53 for identity in coco.anns)


def test_classes_are_those_of_the_published_table(shared_data: Path) -> None:
    rows = list(csv.DictReader((shared_data / "viper" / "classes.csv").open()))
    scored = {int(r["id"]): r["classname"] for r in rows if r["instance_eval"] == "1"}
    ours = {identity: name for identity, (name, _) in viper.CLASSES.items()}
    assert ours == scored
    assert max(int(r["id"]) for r in rows) == viper.NUM_CLASSES - 1


def test_stride_keeps_ids(tmp_path: Path) -> None:
    frames = {f"001_0000{i}": street(SMALL, VIPER_VALUES, 3 << 16, i) for i in range(6)}
    write_viper(tmp_path, "train", frames)
    request = Request(tmp_path, "train", workers=2, stride=3)
    done = convert(viper.VIPER, tmp_path / "part.json", request)
    assert sorted(COCO(str(done.annotations)).imgs) == [100000, 100003]


def spoil(root: Path, pixels: Any) -> None:
    Image.fromarray(pixels).save(root / "train" / "inst" / "001" / "001_00001.png")


BAD = [
    (np.zeros((4, 6, 3), np.uint8), "label map of 6x4 px, expected 420x400 px"),
    (np.zeros((*SMALL,), np.uint8), "mode L, expected a label map with 3 channels"),
    (np.full((*SMALL, 3), 200, np.uint8), "class id 200 in the red channel"),
]


@pytest.mark.parametrize(("pixels", "message"), BAD)
def test_bad_maps(tmp_path: Path, pixels: Any, message: str) -> None:
    write_viper(tmp_path, "train", {"001_00001": street(SMALL, VIPER_VALUES, 3 << 16, 0)})
    spoil(tmp_path, pixels)
    with pytest.raises(InputError, match=message) as caught:
        converted(tmp_path)
    assert "001_00001.png" in str(caught.value)
    with pytest.raises(InputError, match="nothing could be read"):
        converted(tmp_path, skip_bad=True)


def test_bad_names(tmp_path: Path) -> None:
    labels = street(SMALL, VIPER_VALUES, 3 << 16, 0)
    write_viper(tmp_path, "train", {"001_0x1": labels})
    with pytest.raises(InputError, match=r"expected a name such as 002_00003.png"):
        converted(tmp_path)


def test_one_frame_in_two_folders_is_a_collision(tmp_path: Path) -> None:
    labels = street(SMALL, VIPER_VALUES, 3 << 16, 0)
    write_viper(tmp_path, "train", {"001_00001": labels})
    for kind in ("img", "inst"):
        folder = tmp_path / "train" / kind
        (folder / "777").mkdir()
        (file,) = (folder / "001").iterdir()
        (folder / "777" / file.name).write_bytes(file.read_bytes())
    with pytest.raises(InputError, match="image id 100001 is that of"):
        converted(tmp_path)


def test_missing_folders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no folder train/inst .*benchmark-n fetch viper"):
        converted(tmp_path)
    (tmp_path / "train" / "inst").mkdir(parents=True)
    (tmp_path / "train" / "img").mkdir(parents=True)
    with pytest.raises(InputError, match=r"no SEQ/SEQ_FRAME\.png"):
        converted(tmp_path)


def test_labels_alone_give_the_same_annotations(tmp_path: Path) -> None:
    """The archives of `inst` without the pictures: sizes are those of the labels."""
    labels = street(SMALL, VIPER_VALUES, 3 << 16, 1)
    documents = []
    for name in ("both", "alone"):
        write_viper(tmp_path / name, "train", {"002_00003": labels})
        if name == "alone":
            shutil.rmtree(tmp_path / name / "train" / "img")
        documents.append(converted(tmp_path / name).dataset)
    assert documents[0] == documents[1]
    root, out = tmp_path / "alone", tmp_path / "benchmark"
    made = making.make("viper", "hard", root=root, split="train", out=out, workers=1)
    assert made.summary["annotations"] == len(documents[0]["annotations"])


def test_a_missing_picture_among_others_is_refused(tmp_path: Path) -> None:
    labels = street(SMALL, VIPER_VALUES, 3 << 16, 1)
    write_viper(tmp_path, "train", {"002_00003": labels, "002_00004": labels})
    (tmp_path / "train" / "img" / "002" / "002_00004.jpg").unlink()
    with pytest.raises(InputError, match=r"002_00004\.jpg: missing"):
        converted(tmp_path)
