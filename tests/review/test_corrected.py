"""Corrections in each format are the corrected annotations, by other readers than ours."""

from __future__ import annotations

import importlib
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
import supervision
import yaml
from hypothesis import given, settings
from numpy.typing import NDArray
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from benchmark_n.coco import read_coco
from benchmark_n.coco.exports import open_export
from benchmark_n.errors import InputError, UsageError
from benchmark_n.masks import CropMask
from benchmark_n.review import export_review, import_decisions
from benchmark_n.review.corrected import RETURN_FORMATS, write_returned
from benchmark_n.review.corrected.brush import brush_rle
from tests import samples as documents
from tests.coco.test_exports import write_archive
from tests.review import exports, samples
from tests.review.test_formats import HEIGHT, WIDTH, masks

Mask = NDArray[np.uint8]
RING = np.zeros((48, 64), np.uint8)
RING[5:25, 5:25], RING[10:20, 10:20] = 1, 0
TWO = [[2.0, 2.0, 12.0, 2.0, 12.0, 12.0], [30.0, 30.0, 44.5, 30.0, 44.5, 40.25, 30.0, 40.25]]


def as_rle(mask: Mask) -> dict[str, Any]:
    rle = coco_mask.encode(np.asfortranarray(mask))
    return {"size": rle["size"], "counts": rle["counts"].decode()}


def filled(polygons: Any, height: int, width: int) -> Mask:
    """What pycocotools makes of polygons."""
    rle = coco_mask.merge(coco_mask.frPyObjects(polygons, height, width))
    return np.asarray(coco_mask.decode(rle), np.uint8)


def written(folder: Path, to: str, *records: dict[str, Any], **changes: Any) -> Path:
    """The sample document with these annotations in a format; what `write_returned` gives."""
    document = {**documents.document(), "annotations": list(records), **changes}
    path = documents.write(folder, document, "corrected.json")
    return write_returned(path, to, Path("in.json"))


# --- CVAT --------------------------------------------------------------------------------------


def shapes_of_cvat(path: Path) -> list[tuple[str, str, str, Mask]]:
    """Image, label, group and mask of each shape, read as CVAT's documentation says."""
    found = []
    for image in ElementTree.parse(path).getroot().iterfind("image"):
        height, width = int(image.attrib["height"]), int(image.attrib["width"])
        for shape in image:
            if shape.tag == "polygon":
                pairs = [pair.split(",") for pair in shape.attrib["points"].split(";")]
                polygon = [float(value) for pair in pairs for value in pair]
                mask = filled([polygon], height, width)
            else:
                assert shape.tag == "mask"
                box = [int(shape.attrib[name]) for name in ("left", "top", "width", "height")]
                runs = [int(run) for run in shape.attrib["rle"].split(",")]
                values = [place % 2 for place, run in enumerate(runs) for _ in range(run)]
                mask = np.zeros((height, width), np.uint8)
                mask[box[1] : box[1] + box[3], box[0] : box[0] + box[2]] = np.reshape(
                    values, (box[3], box[2])
                )
            group = shape.get("group_id", "")
            found.append((image.attrib["name"], shape.attrib["label"], group, mask))
    return found


def test_cvat_has_what_its_own_export_had(tmp_path: Path) -> None:
    export = exports.cvat(tmp_path)
    source = open_export(export.path).annotations
    shutil.copy(source, tmp_path / "corrected.json")
    folder = write_returned(tmp_path / "corrected.json", "cvat", export.path)
    coco = COCO(str(source))
    expected = [
        (coco.imgs[r["image_id"]]["file_name"], coco.cats[r["category_id"]]["name"], "", r)
        for r in coco.dataset["annotations"]
    ]
    shapes = shapes_of_cvat(folder / "annotations.xml")
    assert [one[:3] for one in shapes] == [one[:3] for one in expected]
    for (*_, mask), (*_, record) in zip(shapes, expected, strict=True):
        np.testing.assert_array_equal(mask, coco.annToMask(record))
    root = ElementTree.parse(folder / "annotations.xml").getroot()
    assert [image.get("id") for image in root.iter("image")] == [
        str(i) for i in range(exports.IMAGES)
    ]
    assert [shape.get("occluded") for shape in root.iter("polygon")].count("1") == 1
    assert len(list(root.iter("mask"))) == 2


def test_datumaro_reads_the_cvat_file(tmp_path: Path) -> None:
    pytest.importorskip("datumaro")
    dataset = importlib.import_module("datumaro.components.dataset").Dataset
    export = exports.cvat(tmp_path)
    found = open_export(export.path)
    shutil.copy(found.annotations, tmp_path / "corrected.json")
    folder = write_returned(tmp_path / "corrected.json", "cvat", export.path)
    shutil.copytree(tmp_path / "cvat", folder / "images")
    read = dataset.import_from(str(folder / "annotations.xml"), "cvat")
    coco = COCO(str(found.annotations))
    ids = {image["file_name"]: i for i, image in coco.imgs.items()}
    names = [label.name for label in read.categories()[next(iter(read.categories()))].items]
    compared = 0
    for item in read:
        records = coco.imgToAnns[ids[f"{item.id}.png"]]
        for shape, record in zip(item.annotations, records, strict=True):
            assert names[shape.label] == coco.cats[record["category_id"]]["name"]
            if shape.type.name == "mask":
                np.testing.assert_array_equal(np.asarray(shape.image), coco.annToMask(record))
            else:
                np.testing.assert_allclose(shape.points, record["segmentation"][0], atol=0.01)
            compared += 1
    assert compared == len(export.records)


def test_cvat_groups_the_parts_of_an_annotation(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = documents.annotation(7, 1, attributes={"occluded": True, "pose": "left", "seen": False})
    several = documents.annotation(8, 1, segmentation=TWO)
    hole = documents.annotation(9, 1, segmentation=as_rle(RING))
    crowd = documents.annotation(10, 2, segmentation=[documents.SQUARE[0]], iscrowd=1)
    folder = written(tmp_path, "cvat", one, several, hole, crowd)
    shapes = shapes_of_cvat(folder / "annotations.xml")
    groups = [group for _, _, group, _ in shapes]
    assert groups[0] == groups[3] == groups[4] == ""
    assert groups[1] == groups[2] != ""
    union = shapes[1][3] | shapes[2][3]
    np.testing.assert_array_equal(union, filled(TWO, 48, 64))
    np.testing.assert_array_equal(shapes[3][3], RING)
    first = next(ElementTree.parse(folder / "annotations.xml").getroot().iter("polygon"))
    assert first.get("occluded") == "1"
    assert {one.get("name"): one.text for one in first} == {"pose": "left", "seen": "false"}
    assert caplog.messages == [
        "corrected-cvat: 1 of 4 annotations (first: 9): masks of instances, to which CVAT's COCO "
        "export gives iscrowd 1",
        "corrected-cvat: 1 of 4 annotations (first: 10): polygons lose iscrowd, which CVAT's COCO "
        "export gives to masks alone",
    ]


# --- Label Studio ------------------------------------------------------------------------------


def unpacked(data: list[int]) -> list[int]:
    """The values of a stream of rle-pack, bit by bit as its specification has them."""
    bits = "".join(f"{byte:08b}" for byte in data)
    place = 0

    def take(count: int) -> int:
        nonlocal place
        place += count
        return int(bits[place - count : place], 2)

    total, width = take(32), take(5) + 1
    sizes = [take(4) + 1 for _ in range(4)]
    values: list[int] = []
    while len(values) < total:
        repeated, length = take(1), take(sizes[take(2)]) + 1
        values += [take(width)] * length if repeated else [take(width) for _ in range(length)]
    return values


@given(mask=masks())
@settings(max_examples=50)
def test_brush_masks_are_unpacked_to_the_pixel(mask: Mask) -> None:
    values = unpacked(brush_rle(CropMask.from_full(mask)))
    rgba = np.reshape(values, (HEIGHT, WIDTH, 4))
    np.testing.assert_array_equal(rgba, np.repeat(255 * mask[..., None].astype(int), 4, axis=2))


def test_brush_masks_of_long_runs() -> None:
    mask = np.zeros((300, 400), np.uint8)
    mask[100:290] = 1
    values = unpacked(brush_rle(CropMask.from_full(mask)))
    np.testing.assert_array_equal(np.reshape(values, (300, 400, 4))[..., 3], 255 * mask)


def test_label_studio_unpacks_brush_masks(tmp_path: Path) -> None:
    brush = pytest.importorskip("label_studio_sdk.converter.brush")
    for mask in (RING, filled(TWO, 48, 64)):
        values = brush.decode_rle(brush_rle(CropMask.from_full(mask)))
        np.testing.assert_array_equal(np.reshape(values, (48, 64, 4))[..., 3], 255 * mask)
        assert brush_rle(CropMask.from_full(mask)) == brush.mask2rle(255 * mask)
    interface = pytest.importorskip("label_studio_sdk.label_interface")
    folder = written(tmp_path, "labelstudio", documents.annotation(7, 1))
    config = interface.LabelInterface((folder / "labeling_config.xml").read_text(encoding="utf-8"))
    config.validate()
    for task in json.loads((folder / "tasks.json").read_text(encoding="utf-8")):
        for annotation in task["annotations"]:
            assert config.validate_annotation(annotation)


def test_label_studio_has_ids_names_and_masks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    records = [
        documents.annotation(7, 1, segmentation=[TWO[1]]),
        documents.annotation(8, 1, category_id=2, segmentation=TWO),
        documents.annotation(9, 1, category_id=3, segmentation=as_rle(RING)),
        documents.annotation(0, 2, segmentation=[], bbox=[10, 15, 20, 30], iscrowd=1),
    ]
    folder = written(tmp_path, "labelstudio", *records)
    first, second = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
    assert first["data"] == {"image": "/data/local-files/?d=a.png", "image_id": 1}
    polygon, several, hole = first["annotations"][0]["result"]
    assert [one["id"] for one in (polygon, several, hole)] == ["7", "8", "9"]
    assert [one["type"] for one in (polygon, several)] == ["polygonlabels", "brushlabels"]
    points = np.array(polygon["value"]["points"]) * (0.64, 0.48)
    np.testing.assert_allclose(points.ravel(), TWO[1])
    assert polygon["value"]["polygonlabels"] == ["cat"]
    assert several["value"]["brushlabels"] == ["dog"]
    for region, mask in ((several, filled(TWO, 48, 64)), (hole, RING)):
        alpha = np.reshape(unpacked(region["value"]["rle"]), (48, 64, 4))[..., 3]
        np.testing.assert_array_equal(alpha, 255 * mask)
    (box,) = second["annotations"][0]["result"]
    assert (box["id"], box["type"]) == ("0", "rectanglelabels")
    sides = {"x": 20.0, "y": 25.0, "width": 40.0, "height": 50.0}  # of 50 x 60 px, in percent
    assert box["value"].pop("rectanglelabels") == ["cat"]
    assert box["value"] == pytest.approx({**sides, "rotation": 0})
    view = ElementTree.parse(folder / "labeling_config.xml").getroot()
    tags = {one.get("name"): [label.get("value") for label in one] for one in view}
    names = {region["from_name"] for region in (polygon, several, box)}
    assert {name: tags[name] for name in names} == {
        name: ["cat", "dog", "person"] for name in names
    }
    assert caplog.messages == [
        "corrected-labelstudio: 1 of 4 annotations (first: 8): several polygons, written as one "
        "brush region",
        "corrected-labelstudio: 1 of 4 annotations (first: 0): regions lose iscrowd, which Label "
        "Studio does not have",
    ]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("/data/local-files/?d=a/b%20c.png", "/data/local-files/?d=a/b%20c.png"),
        ("/data/upload/1/0cd3f0f5-b.png", "/data/upload/1/0cd3f0f5-b.png"),
        ("https://example.org/b.png", "https://example.org/b.png"),
        ("images\\0cd3f0f5-b c.png", "/data/local-files/?d=0cd3f0f5-b%20c.png"),
    ],
)
def test_label_studio_s_addresses(tmp_path: Path, name: str, address: str) -> None:
    image = {"id": 1, "width": 64, "height": 48, "file_name": name}
    folder = written(tmp_path, "labelstudio", documents.annotation(7, 1), images=[image])
    (task,) = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
    assert task["data"]["image"] == address


# --- YOLO --------------------------------------------------------------------------------------


def polygons_of_yolo(path: Path, height: int, width: int) -> list[tuple[int, list[float]]]:
    found = []
    for line in path.read_text().splitlines():
        number, *values = line.split()
        sides = (width, height) * (len(values) // 2)
        found.append((int(number), [float(v) * s for v, s in zip(values, sides, strict=True)]))
    return found


def test_supervision_reads_yolo(tmp_path: Path) -> None:
    export = exports.roboflow(tmp_path)
    source = open_export(export.path).annotations
    shutil.copy(source, tmp_path / "corrected.json")
    folder = write_returned(tmp_path / "corrected.json", "yolo", source)
    coco = COCO(str(source))
    read = supervision.DetectionDataset.from_yolo(
        str(source.parent), str(folder / "labels"), str(folder / "data.yaml"), force_masks=True
    )
    assert read.classes == ["shapes", *exports.NAMES]
    found = {Path(name).name: detections for name, _, detections in read}
    # What it makes of the same polygons in the source.
    same = {
        Path(name).name: detections
        for name, _, detections in supervision.DetectionDataset.from_coco(
            str(source.parent), str(source), force_masks=True
        )
    }
    for identity, image in coco.imgs.items():
        detections: Any = found[image["file_name"]]
        expected: Any = same[image["file_name"]]
        records = coco.imgToAnns[identity]
        for place, record in enumerate(records):
            name = coco.cats[record["category_id"]]["name"]
            assert read.classes[detections.class_id[place]] == name
            np.testing.assert_array_equal(detections.mask[place], expected.mask[place])
        name = Path(image["file_name"]).with_suffix(".txt").name
        lines = polygons_of_yolo(folder / "labels" / name, exports.SIZE, exports.SIZE)
        for (_, polygon), record in zip(lines, records, strict=True):
            np.testing.assert_allclose(polygon, record["segmentation"][0], atol=1e-6)


def test_yolo_joins_parts_and_keeps_to_the_image(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    beyond = [[-10.0, 4.0, 20.0, 4.0, 20.0, 30.0, -10.0, 30.0]]
    several = documents.annotation(7, 1, segmentation=TWO)
    folder = written(tmp_path, "yolo", several, documents.annotation(8, 1, segmentation=beyond))
    lines = polygons_of_yolo(folder / "labels" / "a.txt", 48, 64)
    assert [number for number, _ in lines] == [0, 0]
    for (_, polygon), expected in zip(lines, (TWO, beyond), strict=True):
        assert min(polygon) >= 0
        mask = filled([np.round(polygon, 6).tolist()], 48, 64)
        np.testing.assert_array_equal(mask, filled(expected, 48, 64))
    assert (folder / "labels" / "b.txt").read_text() == ""
    assert [
        message.partition(": ")[2] for message in caplog.messages if "corrected-" in message
    ] == [
        "1 of 2 annotations (first: 7): several parts, joined into one polygon by lines of no "
        "width",
        "1 of 2 annotations (first: 8): polygons beyond the image, written as the outline of their "
        "part in it",
    ]


def test_classes_go_by_the_ids_of_their_categories(tmp_path: Path) -> None:
    categories = [{"id": 30, "name": "cat"}, {"id": 4, "name": "cat"}, {"id": 7, "name": "yes"}]
    records = [documents.annotation(i, 1, category_id=c) for i, c in ((1, 30), (2, 4), (3, 7))]
    folder = written(tmp_path, "yolo", *records, categories=categories)
    names = yaml.safe_load((folder / "data.yaml").read_text())["names"]
    assert names == {0: "cat (4)", 1: "yes", 2: "cat (30)"}
    lines = polygons_of_yolo(folder / "labels" / "a.txt", 48, 64)
    assert [number for number, _ in lines] == [2, 0, 1]


def test_boxes_alone_are_boxes(tmp_path: Path) -> None:
    boxes = [[10.0, 15.0, 20.0, 30.0], [1.5, 2.0, 7.0, 8.5]]
    records = [
        documents.annotation(i, 1, segmentation=[], bbox=box) for i, box in enumerate(boxes, 7)
    ]
    folder = written(tmp_path, "yolo", *records)
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((48, 64, 3), np.uint8))
    read = supervision.DetectionDataset.from_yolo(
        str(tmp_path), str(folder / "labels"), str(folder / "data.yaml")
    )
    ((_, _, detections),) = read
    corners = [[x, y, x + w, y + h] for x, y, w, h in boxes]
    np.testing.assert_allclose(detections.xyxy, corners, atol=1e-4)
    root = ElementTree.parse(written(tmp_path, "cvat", *records) / "annotations.xml").getroot()
    sides = ("xtl", "ytl", "xbr", "ybr")
    assert [[float(b.attrib[s]) for s in sides] for b in root.iter("box")] == corners


@pytest.mark.parametrize(
    ("file_name", "label_file"),
    [
        ("images/a.png", "labels/a.txt"),
        ("train/images/a.b.png", "labels/train/images/a.b.txt"),
        ("/data/local-files/?d=x%2Fa%20b.png", "labels/a b.txt"),
        ("../../media/a.png", "labels/a.txt"),
        (None, "labels/1.txt"),
    ],
)
def test_names_of_label_files(tmp_path: Path, file_name: str | None, label_file: str) -> None:
    image = {"id": 1, "width": 64, "height": 48, "file_name": file_name}
    folder = written(tmp_path, "yolo", documents.annotation(7, 1), images=[image])
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    assert files == ["data.yaml", label_file]


# --- What a format cannot hold -----------------------------------------------------------------

NO_PIXEL = documents.annotation(8, 1, segmentation=as_rle(np.zeros((48, 64), np.uint8)))


@pytest.mark.parametrize(
    ("to", "record", "fault"),
    [
        ("yolo", documents.annotation(8, 1, iscrowd=1), "is a crowd, which YOLO"),
        ("yolo", documents.annotation(8, 1, segmentation=as_rle(RING)), "has a hole in its mask"),
        ("yolo", documents.annotation(8, 1, segmentation=[]), "has a box without a mask beside"),
        ("yolo", NO_PIXEL, "has a mask without a pixel, which YOLO"),
        ("cvat", NO_PIXEL, "has a mask without a pixel, which CVAT"),
        ("labelstudio", NO_PIXEL, "has a mask without a pixel, which Label Studio"),
    ],
)
def test_what_a_format_cannot_hold(
    tmp_path: Path, to: str, record: dict[str, Any], fault: str
) -> None:
    with pytest.raises(InputError) as caught:
        written(tmp_path, to, documents.annotation(7, 1), record)
    line = str(caught.value)
    assert line.startswith(f"corrected.json: annotation 8: {fault}")
    assert "(1 such of 2): corrected.json has all corrections" in line
    assert {path.name for path in tmp_path.iterdir()} == {"corrected.json"}
    folder = written(tmp_path, "coco", documents.annotation(7, 1), record)
    assert (folder / "in.json").read_bytes() == (tmp_path / "corrected.json").read_bytes()


def test_two_images_of_one_label_file(tmp_path: Path) -> None:
    images = documents.document()["images"]
    images[1]["file_name"] = "a.jpg"
    with pytest.raises(InputError, match=r"image 2: 'a.jpg' has the labels of another image"):
        written(tmp_path, "yolo", documents.annotation(7, 1), images=images)


# --- Through the import ------------------------------------------------------------------------


def _review_of(folder: Path, document: dict[str, Any]) -> Path:
    """A review of the samples' suspects in a document of one's own."""
    path = documents.write(folder, document, "other.json")
    scores = samples.scores(folder / "scores.parquet", samples.ROWS)
    export_review([scores], "csv", folder / "review", annotations=path)
    return folder / "review"


def test_a_refusal_leaves_the_decisions_imported(tmp_path: Path) -> None:
    document = documents.document()
    document["annotations"][0]["segmentation"] = as_rle(filled(documents.SQUARE, 48, 64))
    review = _review_of(tmp_path, document)
    ring = json.dumps(as_rle(RING))
    path = samples.decide(tmp_path, {7: {"decision": "redraw", "segmentation": ring}})
    with pytest.raises(InputError, match="annotation 7: has a hole in its mask"):
        import_decisions(review, path, who="anna", as_format="yolo")
    assert [line["annotation_id"] for line in samples.audit(tmp_path)] == [7]
    done = import_decisions(review, path, who="anna", as_format="coco")
    assert done.returned == review / "corrected-coco"
    coco = COCO(str(done.returned / "other.json"))
    np.testing.assert_array_equal(coco.annToMask(coco.anns[7]), RING)


def test_an_import_in_a_format_may_be_repeated_in_another(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    samples.exported(tmp_path)
    review = tmp_path / "review"
    path = samples.decide(tmp_path, {7: {"decision": "keep"}})
    import_decisions(review, path, who="anna")
    trail = (review / "audit.jsonl").read_bytes()
    for to in RETURN_FORMATS:
        done = import_decisions(review, path, who="anna", as_format=to)
        assert done.returned == review / f"corrected-{to}"
        assert done.returned.is_dir()
    assert (review / "audit.jsonl").read_bytes() == trail
    with pytest.raises(InputError, match="was imported already"):
        import_decisions(review, path, who="anna")
    caplog.clear()
    more = samples.decide(tmp_path, {8: {"decision": "remove"}}, "more.csv")
    import_decisions(review, more, who="ben", as_format="coco")
    stale = [m for m in caplog.messages if "is without this import" in m]
    assert [m.rpartition("as_format=")[2] for m in stale] == [
        "'cvat'`",
        "'labelstudio'`",
        "'yolo'`",
    ]
    written_now = json.loads((review / "corrected-coco" / "instances.json").read_text())
    assert [record["id"] for record in written_now["annotations"]] == [7, 9]


def test_nothing_of_others_is_removed(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    path = samples.decide(tmp_path, {7: {"decision": "keep"}})
    review = tmp_path / "review"
    import_decisions(review, path, who="anna", as_format="yolo")
    (review / "corrected-yolo" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"corrected-yolo: exists and holds notes\.txt"):
        import_decisions(review, path, who="anna", as_format="yolo")
    assert (review / "corrected-yolo" / "notes.txt").read_text() == "mine"


def test_an_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"as 'voc': .*known: coco, cvat, labelstudio, yolo"):
        import_decisions(tmp_path, tmp_path / "d.csv", as_format="voc")


def _zipped(folder: Path) -> tuple[Path, Path]:
    """The samples' review of an archive with two COCO files; the archive and the review."""
    source = samples.source(folder).read_bytes()
    names = ("annotations/instances_train.json", "annotations/instances_val.json")
    files = {names[0]: source, names[1]: json.dumps(documents.document()).encode()}
    archive = write_archive(folder / "task.zip", files)
    scores = samples.scores(folder / "scores.parquet", samples.ROWS)
    export_review([scores], "csv", folder / "review", annotations=archive / names[0], images=folder)
    return archive, folder / "review"


def test_an_archive_comes_back_as_one(tmp_path: Path) -> None:
    archive, review = _zipped(tmp_path)
    told = json.loads((review / "review.json").read_text())["annotations"]["path"]
    assert told == "../task.zip/annotations/instances_train.json"
    path = samples.decide(tmp_path, {8: {"decision": "remove"}})
    data = []
    for _ in range(2):
        done = import_decisions(review, path, who="anna", as_format="coco")
        data.append((review / "corrected-coco" / "task.zip").read_bytes())
    assert data[0] == data[1]
    assert done.returned is not None
    with zipfile.ZipFile(done.returned / "task.zip") as box:
        assert box.namelist() == ["annotations/instances_train.json"]
        document = json.loads(box.read(box.namelist()[0]))
    assert document == samples.corrected(tmp_path)
    assert read_coco(done.returned / "task.zip").annotation_ids.tolist() == [7, 9]
    moved = archive.rename(tmp_path / "moved.zip")
    with pytest.raises(InputError, match="name it with `annotations`"):
        import_decisions(review, path, who="anna", as_format="coco")
    named = moved / "annotations" / "instances_train.json"
    shutil.rmtree(done.returned)
    import_decisions(review, path, who="anna", annotations=named, as_format="coco")
    assert (review / "corrected-coco" / "moved.zip").is_file()


@pytest.mark.parametrize("form", ["polygon", "rle", "runs"])
def test_added_annotations_have_the_form_of_the_file(tmp_path: Path, form: str) -> None:
    document = documents.document()
    for record in document["annotations"]:
        height, width = (48, 64) if record["image_id"] == 1 else (60, 50)
        mask = filled(record["segmentation"], height, width)
        if form == "rle":
            record["segmentation"] = as_rle(mask)
        if form == "runs":
            flat = np.concatenate([[0], mask.ravel(order="F"), [2]])
            counts = np.diff([0, *np.flatnonzero(np.diff(flat))]).tolist()
            record["segmentation"] = {"size": [height, width], "counts": counts}
    review = _review_of(tmp_path, document)
    triangle = json.dumps([[4, 4, 30, 6, 12, 28]])
    decisions = {
        7: {"decision": "redraw", "segmentation": triangle},
        10: {"decision": "accept"},
    }
    import_decisions(review, samples.decide(tmp_path, decisions), who="anna")
    coco = COCO(str(review / "corrected.json"))
    expected = {
        7: filled([[4, 4, 30, 6, 12, 28]], 48, 64),
        10: coco_mask.decode(coco_mask.frPyObjects(samples.SUGGESTED, 60, 50)),
    }
    for identity, mask in expected.items():
        segmentation = coco.anns[identity]["segmentation"]
        if isinstance(segmentation, dict):
            assert isinstance(segmentation["counts"], {"rle": str, "runs": list}[form])
        else:
            assert form == "polygon"
        np.testing.assert_array_equal(coco.annToMask(coco.anns[identity]), mask)
