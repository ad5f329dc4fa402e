"""Cityscapes: real encodings and sizes, without loss; every bad input is one line."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from benchmark_n.datasets.cityscapes import adapter as cityscapes
from benchmark_n.datasets.cityscapes.labels import LABELS, paint_polygons
from benchmark_n.datasets.labelmaps.convert import convert
from benchmark_n.datasets.request import Request
from benchmark_n.errors import InputError
from tests import making
from tests.datasets.trees import (
    CITYSCAPES_VALUES,
    SHAPE_CITYSCAPES,
    street,
    write_cityscapes,
    write_polygons,
)

SCORED = [24, 25, 26, 27, 28, 31, 32, 33]
SMALL = (400, 420)
FRAME = "aachen_000000_000019"


def converted(root: Path, out: Path, split: str = "val", **options: Any) -> COCO:
    request = Request(root, split, workers=1, **options)
    return COCO(str(convert(cityscapes.CITYSCAPES, out, request).annotations))


def expected_map(labels: NDArray[Any]) -> NDArray[Any]:
    """The source's pixels of the eight classes, 0 elsewhere."""
    classes = np.where(labels >= 1000, labels // 1000, labels)
    return np.where(np.isin(classes, SCORED), labels, 0)


def rebuilt(coco: COCO, image_id: int, shape: tuple[int, int]) -> NDArray[Any]:
    """The label map out of the annotations; no two may share a pixel."""
    labels = np.zeros(shape, np.int64)
    for annotation in coco.loadAnns(coco.getAnnIds(imgIds=[image_id], iscrowd=None)):
        mask = coco_mask.decode(annotation["segmentation"]).astype(bool)
        assert not labels[mask].any()
        assert annotation["area"] == mask.sum()
        labels[mask] = annotation["id"] % 65536
    return labels


def test_lossless_at_real_size(tmp_path: Path) -> None:
    frames = {
        f"aachen_000000_0000{i}9": street(SHAPE_CITYSCAPES, CITYSCAPES_VALUES, 7, i)
        for i in range(3)
    }
    write_cityscapes(tmp_path, "val", frames)
    coco = converted(tmp_path, tmp_path / "val.json")
    for image in coco.dataset["images"]:
        name = Path(image["file_name"]).name.removesuffix("_leftImg8bit.png")
        expected = expected_map(frames[name])
        assert (rebuilt(coco, image["id"], SHAPE_CITYSCAPES) == expected).all()
        assert (tmp_path / image["file_name"]).is_file()
        assert image["city"] == "aachen"


def test_groups_are_crowds_and_ignored_classes_stay_out(tmp_path: Path) -> None:
    labels = street(SMALL, CITYSCAPES_VALUES, 7, 0)
    write_cityscapes(tmp_path, "val", {FRAME: labels})
    coco = converted(tmp_path, tmp_path / "val.json")
    found = {a["id"] % 65536: (a["category_id"], a["iscrowd"]) for a in coco.anns.values()}
    present = set(np.unique(expected_map(labels)).tolist()) - {0}
    assert set(found) == present
    assert found[26] == (26, 1)
    assert found[27999] == (27, 0)
    names = {c["id"]: (c["name"], c["supercategory"]) for c in coco.dataset["categories"]}
    assert names[25] == ("rider", "human")
    assert names[33] == ("bicycle", "vehicle")
    assert sorted(names) == SCORED


def test_ids_depend_on_the_names_alone(tmp_path: Path) -> None:
    frames = {f"bonn_00000{i}_000019": street(SMALL, CITYSCAPES_VALUES, 7, i) for i in range(4)}
    write_cityscapes(tmp_path, "val", frames)
    every = converted(tmp_path, tmp_path / "all.json")
    second = converted(tmp_path, tmp_path / "part.json", stride=2)
    assert len(second.imgs) == 2
    assert set(second.anns) < set(every.anns)
    assert all(0 < identity < 2**53 for identity in every.anns)
    assert all(every.anns[i] == annotation for i, annotation in second.anns.items())


OBJECTS: list[dict[str, Any]] = [
    {"label": "road", "polygon": [[0, 20], [59, 20], [59, 39], [0, 39]]},
    {"label": "car", "polygon": [[5, 5], [30.0, 5], [30, 25], [5, 25]]},
    {"label": "car", "polygon": [[20, 10], [45, 10], [45, 30], [20, 30]]},
    {"label": "license plate", "polygon": [[21, 11], [25, 11], [25, 13]]},
    {"label": "persongroup", "polygon": [[50, 2], [58, 2], [54, 14]]},
    {"label": "polegroup", "polygon": [[1, 1], [3, 1], [3, 30], [1, 30]]},
    {"label": "bus", "polygon": [[0, 0], [59, 0], [59, 39]], "deleted": 1},
    {"label": "person", "polygon": [[33, 33], [41, 31], [39, 38], [34, 39]]},
]


def test_polygons_where_there_is_no_map(tmp_path: Path) -> None:
    write_polygons(tmp_path, "val", FRAME, OBJECTS)
    coco = converted(tmp_path, tmp_path / "val.json")
    labels = rebuilt(coco, next(iter(coco.imgs)), (40, 60))
    assert labels[8, 8] == 26000
    assert labels[15, 25] == 26001  # painted over the first car and the plate
    assert labels[4, 54] == 24
    assert labels[35, 36] == 24000
    assert labels[0, 30] == 0  # deleted
    crowds = [a["category_id"] for a in coco.anns.values() if a["iscrowd"]]
    assert crowds == [24]


def test_polygons_as_the_datasets_own_scripts_paint_them(tmp_path: Path) -> None:
    scripts = pytest.importorskip("cityscapesscripts.preparation.json2instanceImg")
    helpers = pytest.importorskip("cityscapesscripts.helpers.annotation")
    rng = np.random.default_rng(5)
    labels = [*LABELS, "cargroup", "ridergroup", "license plate"]
    objects = [
        {"label": str(rng.choice(labels)), "polygon": rng.uniform(-4, 64, (7, 2)).tolist()}
        for _ in range(60)
    ]
    path = write_polygons(tmp_path, "val", FRAME, objects)
    annotation = helpers.Annotation()
    annotation.fromJsonFile(str(path))
    expected = np.asarray(scripts.createInstanceImage(annotation, "ids"))
    assert (paint_polygons(path) == expected).all()


def labels_file(root: Path) -> Path:
    return root / "gtFine" / "val" / "aachen" / f"{FRAME}_gtFine_instanceIds.png"


def truncate(root: Path) -> None:
    path = labels_file(root)
    path.write_bytes(path.read_bytes()[:300])


def wrong_size(root: Path) -> None:
    Image.fromarray(np.zeros((20, 10), np.uint16)).save(labels_file(root))


def unknown_label(root: Path) -> None:
    Image.fromarray(np.full(SMALL, 41, np.uint16)).save(labels_file(root))


def stuff_instance(root: Path) -> None:
    Image.fromarray(np.full(SMALL, 11003, np.uint16)).save(labels_file(root))


def colour_map(root: Path) -> None:
    Image.new("RGB", (SMALL[1], SMALL[0])).save(labels_file(root))


def no_image(root: Path) -> None:
    (root / "leftImg8bit" / "val" / "aachen" / f"{FRAME}_leftImg8bit.png").unlink()


def no_labels_of_a_frame(root: Path) -> None:
    labels_file(root).unlink()


def broken_polygons(root: Path) -> None:
    labels_file(root).unlink()
    write_polygons(root, "val", FRAME, [{"label": "car"}])


def unknown_polygon(root: Path) -> None:
    labels_file(root).unlink()
    write_polygons(root, "val", FRAME, [{"label": "zebra", "polygon": [[0, 0], [1, 1], [2, 0]]}])


BAD = {
    truncate: "instanceIds.png: cannot be read",
    wrong_size: "label map of 10x20 px, expected 420x400 px",
    unknown_label: "pixel value 41, expected a label id up to 33",
    stuff_instance: "pixel value 11003",
    colour_map: "mode RGB, expected a label map with 1 channel",
    no_image: "leftImg8bit.png: missing",
    no_labels_of_a_frame: "instanceIds.png: missing",
    broken_polygons: "polygons.json: not a Cityscapes polygon file",
    unknown_polygon: "label 'zebra'",
}


@pytest.mark.parametrize("spoil", BAD, ids=lambda spoil: spoil.__name__)
def test_bad_frames(tmp_path: Path, spoil: Any) -> None:
    good = "bonn_000000_000019"
    labels = street(SMALL, CITYSCAPES_VALUES, 7, 0)
    write_cityscapes(tmp_path, "val", {FRAME: labels, good: labels})
    spoil(tmp_path)
    out = tmp_path / "val.json"
    with pytest.raises(InputError) as caught:
        converted(tmp_path, out)
    assert BAD[spoil] in str(caught.value)
    assert FRAME in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not out.exists()
    request = Request(tmp_path, "val", workers=1, skip_bad=True)
    done = convert(cityscapes.CITYSCAPES, out, request)
    assert done.images == 1
    assert [entry["name"] for entry in done.skipped] == [FRAME]
    assert COCO(str(out)).dataset["info"]["skipped"] == list(done.skipped)


def test_missing_folders_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no folder gtFine/val .*benchmark-n fetch cityscapes"):
        converted(tmp_path, tmp_path / "x.json")
    (tmp_path / "gtFine" / "val").mkdir(parents=True)
    (tmp_path / "leftImg8bit" / "val").mkdir(parents=True)
    with pytest.raises(InputError, match=r"no \*_gtFine_instanceIds.png"):
        converted(tmp_path, tmp_path / "x.json")


def test_labels_alone_give_the_same_annotations(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """gtFine without the pictures: sizes are those of the labels, names those of the pictures."""
    labels = street(SMALL, CITYSCAPES_VALUES, 7, 1)
    objects = [{"label": "car", "polygon": [[5, 5], [30, 5], [30, 30]]}]
    documents = []
    for name in ("both", "alone"):
        write_cityscapes(tmp_path / name, "val", {FRAME: labels})
        write_polygons(tmp_path / name, "val", "aachen_000001_000019", objects)
        if name == "alone":
            shutil.rmtree(tmp_path / name / "leftImg8bit")
        documents.append(converted(tmp_path / name, tmp_path / f"{name}.json").dataset)
    assert documents[0] == documents[1]
    assert len(documents[1]["images"]) == 2
    assert caplog.text.count("no pictures: no folder") == 1
    root, out = tmp_path / "alone", tmp_path / "benchmark"
    made = making.make("cityscapes", "hard", root=root, split="val", out=out, workers=1)
    assert made.summary["annotations"] == len(documents[0]["annotations"])
