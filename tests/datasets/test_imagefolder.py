"""Image-classification data as benchmarks, and what is wrong with odd ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO

import benchmark_n
from benchmark_n.cli import run
from benchmark_n.coco.read import read_coco
from benchmark_n.coco.units import image_units
from benchmark_n.errors import InputError, UsageError
from tests import making


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three images of cats and two of dogs, of different form."""
    root = tmp_path / "pets"
    for name, count in (("cat", 3), ("dog", 2)):
        (root / name).mkdir(parents=True)
        for number in range(count):
            pixels = np.full((10 + number, 14, 3), 40 * number, np.uint8)
            cv2.imwrite(str(root / name / f"{number}.{'png' if number else 'jpg'}"), pixels)
    return root


def opened(root: Path, out: Path, **options: Any) -> benchmark_n.Benchmark:
    return making.make(
        "imagefolder", "clean", root=root, out=out, workers=1, **{"split": "all", **options}
    )


def test_each_image_is_an_instance_of_its_folder(folder: Path, tmp_path: Path) -> None:
    made = opened(folder, tmp_path / "out")
    coco = COCO(str(made.annotations))
    names = {c["id"]: c["name"] for c in coco.loadCats(coco.getCatIds())}
    assert names == {1: "cat", 2: "dog"}
    assert len(coco.anns) == len(coco.imgs) == 5
    assert made.images is not None
    for annotation in coco.anns.values():
        image = coco.imgs[annotation["image_id"]]
        pixels = cv2.imread(str(made.images / image["file_name"]))
        assert pixels is not None
        assert pixels.shape[:2] == (image["height"], image["width"])
        assert coco.annToMask(annotation).all()
        assert "cat" not in image["file_name"]
        assert "dog" not in image["file_name"]
    assert sorted(a["category_id"] for a in coco.anns.values()) == [1, 1, 1, 2, 2]


@pytest.mark.parametrize("channels", [0, 1, 3])
def test_arrays_come_out_as_they_went_in(tmp_path: Path, channels: int) -> None:
    rng = np.random.default_rng(0)
    shape = (6, 8, 9, channels) if channels else (6, 8, 9)
    images = rng.integers(0, 256, shape, np.uint8)
    labels = np.array([[3], [7], [3], [7], [7], [3]], np.uint8)
    path = tmp_path / "data.npz"
    np.savez(path, test_images=images, test_labels=labels)
    made = opened(path, tmp_path / "out", split="test")
    coco = COCO(str(made.annotations))
    assert [c["name"] for c in coco.loadCats([1, 2])] == ["3", "7"]
    assert made.images is not None
    seen = []
    for annotation in coco.anns.values():
        name = made.images / coco.imgs[annotation["image_id"]]["file_name"]
        pixels = cv2.imread(str(name), cv2.IMREAD_UNCHANGED)
        assert pixels is not None
        pixels = np.asarray(pixels[..., ::-1] if channels == 3 else pixels)
        same = [(pixels == image.reshape(pixels.shape)).all() for image in images]
        seen.append(same.index(True))
        assert labels[seen[-1], 0] == {1: 3, 2: 7}[annotation["category_id"]]
    assert sorted(seen) == list(range(6))


def test_names_of_files_tell_units(tmp_path: Path) -> None:
    """Six files of three patients: a case for each, by a number that tells no class."""
    root = tmp_path / "scans"
    for place, name in enumerate(["p1_a", "p1_b", "p2_a", "p3_a", "p3_b", "p3_c"]):
        folder = root / ("ill" if place % 2 else "well")
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{name}.png"), np.full((8, 8, 3), 30 * place, np.uint8))
    made = opened(root, tmp_path / "out", group_regex="^(p[0-9]+)_")
    coco = read_coco(made.annotations)
    units = image_units(coco, np.array(sorted(coco.images)))
    assert (units.field, len(units)) == ("case_id", 3)
    assert sorted(np.bincount(units.codes).tolist()) == [1, 2, 3]
    assert made.recipe["source"]["group_regex"] == "^(p[0-9]+)_"
    with pytest.raises(InputError, match=r"p\d_.\.png: `group_regex` 'x' does not match"):
        opened(root, tmp_path / "other", group_regex="x")
    with pytest.raises(UsageError, match="no regular expression"):
        opened(root, tmp_path / "other", group_regex="(")
    with pytest.raises(UsageError, match="is for dataset imagefolder"):
        making.make("scenes", "easy", group_regex="x", num_images=2, out=tmp_path / "other")


def test_class_noise_and_its_manifest(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, images=np.zeros((400, 4, 4), np.uint8), labels=np.arange(400) % 4)
    made = making.make("imagefolder", "sym-5", root=path, out=tmp_path / "out", workers=1, seed=3)
    rows = made.manifest().to_pandas()
    changed = (rows.category_id != rows.noisy_category_id).mean()
    assert 0.02 < changed < 0.09
    assert (rows.iou == 1).all()


def write(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


GOOD = np.zeros((3, 4, 4), np.uint8)


@pytest.mark.parametrize(
    ("arrays", "line"),
    [
        ({"pictures": GOOD}, r"no array 'images' for split 'all' \(it has: pictures\)"),
        ({"images": GOOD}, "no array 'labels'"),
        ({"images": GOOD, "labels": np.arange(2)}, r"int64 \(2,\), expected a whole number"),
        ({"images": GOOD, "labels": np.zeros(3, int)}, "one value alone"),
        ({"images": GOOD, "labels": np.zeros(3)}, "float64"),
        ({"images": GOOD[0], "labels": np.arange(4)}, r"uint8 \(4, 4\), expected uint8 images"),
        ({"images": GOOD.astype(float), "labels": np.arange(3)}, "float64"),
        ({"images": np.zeros((3, 4, 4, 2), np.uint8), "labels": np.arange(3)}, "expected uint8"),
        ({"images": np.array([None] * 3), "labels": np.arange(3)}, "an array of Python objects"),
    ],
)
def test_odd_arrays_are_one_line(tmp_path: Path, arrays: dict[str, Any], line: str) -> None:
    path = write(tmp_path / "odd.npz", **arrays)
    with pytest.raises(InputError, match=line) as caught:
        opened(path, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_odd_folders_are_one_line(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(InputError, match="no such folder, expected one folder of images a class"):
        opened(folder / "none", out)
    with pytest.raises(InputError, match="0 class folders, expected two or more"):
        opened(folder / "cat", out)
    (folder / "cat" / "3.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"3\.png: cannot be read as an image"):
        opened(folder, out)
    assert len(opened(folder, out, skip_bad=True).summary["skipped"]) == 1
    (folder / "fox").mkdir()
    with pytest.raises(InputError, match="fox: an empty class folder"):
        opened(folder, tmp_path / "other")
    (tmp_path / "bad.npz").write_bytes(b"no archive")
    with pytest.raises(InputError, match="cannot be read as arrays"):
        opened(tmp_path / "bad.npz", out)


def test_convert_writes_the_clean_file_with_its_images(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "clean.json"
    arguments = ["convert", "--dataset", "imagefolder", "--root", str(folder), "--out", str(out)]
    assert run([*arguments, "-q"]) == 0
    assert len(COCO(str(out)).imgs) == len(list((tmp_path / "clean").iterdir())) == 5
