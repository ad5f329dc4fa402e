"""Each tool's format: read by the tool's own library, given back as the tool gives it back."""

from __future__ import annotations

import csv
import importlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
import supervision
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from benchmark_n.coco import Image
from benchmark_n.errors import InputError
from benchmark_n.masks import CropMask
from benchmark_n.review import (
    FORMATS,
    cvat,
    export_review,
    fiftyone,
    import_decisions,
    label_studio,
)
from benchmark_n.review.decision import Decision
from benchmark_n.review.items import Flag, Item, Review, ReviewedFile
from benchmark_n.review.shown import Shown
from tests.review import samples

Mask = NDArray[np.uint8]
HEIGHT, WIDTH = 23, 31
LABELS = {1: "cat", 2: 'dog, "big" <é>'}
FILES = {"labelstudio": "tasks.json", "cvat": "annotations.xml", "fiftyone": "labels.json"}


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    """Union and difference of boxes: several parts, holes, single pixels; never empty."""
    canvas = np.zeros((HEIGHT, WIDTH), np.uint8)
    for value in draw(st.lists(st.sampled_from([1, 1, 0]), min_size=1, max_size=6)):
        y, x = draw(st.integers(0, HEIGHT - 1)), draw(st.integers(0, WIDTH - 1))
        h, w = draw(st.integers(1, 14)), draw(st.integers(1, 14))
        canvas[y : y + h, x : x + w] = value
    if not canvas.any():
        canvas[draw(st.integers(0, HEIGHT - 1)), 3] = 1
    return canvas


def shown(mask: Mask) -> tuple[Review, list[Shown]]:
    item = Item(7, 1, False, 2, None, None, (Flag("cleanlab", "class", 0.5, True),))
    review = Review(ReviewedFile("a.json", ""), "v3", LABELS, (item,))
    image = Image(1, HEIGHT, WIDTH, "a.png")
    return review, [Shown(item, image, CropMask.from_full(mask), None)]


def given_back(tool: str, folder: Path) -> list[Decision]:
    """The file that the writer made, as the tool exports it once `redraw` was chosen."""
    path = folder / FILES[tool]
    if tool == "labelstudio":
        tasks = json.loads(path.read_text(encoding="utf-8"))
        for task in tasks:
            task["annotations"] = [label_studio_annotation(task["predictions"][0], "redraw")]
        path.write_text(json.dumps(tasks), encoding="utf-8")
        return label_studio.read(path)
    text = path.read_text(encoding="utf-8").replace("undecided<", "redraw<")
    path.write_text(text.replace('"undecided"', '"redraw"'), encoding="utf-8")
    return cvat.read(path) if tool == "cvat" else fiftyone.read(path)


def label_studio_annotation(prediction: dict[str, Any], decision: str) -> dict[str, Any]:
    choice = {"from_name": "decision", "to_name": "image", "type": "choices"}
    why = {"from_name": "why", "to_name": "image", "type": "textarea"}
    return {
        "id": 1,
        "completed_by": {"id": 3, "email": "anna@example.org"},
        "was_cancelled": False,
        "updated_at": "2026-01-31T12:00:00.728378Z",
        "result": [
            *prediction["result"],
            {**choice, "value": {"choices": [decision]}},
            {**why, "value": {"text": ["seen", "twice"]}},
        ],
    }


def decoded(segmentation: Any) -> Mask:
    """What pycocotools makes of polygons or of an RLE."""
    rle = segmentation
    if isinstance(segmentation, list):
        rle = coco_mask.merge(coco_mask.frPyObjects(segmentation, HEIGHT, WIDTH))
    return np.asarray(coco_mask.decode(rle), np.uint8)


@pytest.mark.parametrize("tool", list(FILES))
@given(mask=masks())
@settings(max_examples=40)
def test_masks_come_back_to_the_pixel(tool: str, mask: Mask) -> None:
    writers = {"labelstudio": label_studio.write, "cvat": cvat.write, "fiftyone": fiftyone.write}
    with tempfile.TemporaryDirectory() as name:
        writers[tool](Path(name), *shown(mask))
        (decision,) = given_back(tool, Path(name))
    assert (decision.annotation_id, decision.action) == (7, "redraw")
    np.testing.assert_array_equal(decoded(decision.segmentation), mask)


@given(mask=masks())
@settings(max_examples=30)
def test_cvat_runs_go_row_by_row_in_the_box(mask: Mask) -> None:
    with tempfile.TemporaryDirectory() as name:
        cvat.write(Path(name), *shown(mask))
        root = ElementTree.parse(Path(name) / cvat.ANNOTATIONS).getroot()
    shape = next(root.iter("mask"))
    left, top, width, height = (int(shape.attrib[n]) for n in ("left", "top", "width", "height"))
    box = []
    for place, run in enumerate(shape.attrib["rle"].split(", ")):
        box += [place % 2] * int(run)
    canvas = np.zeros((HEIGHT, WIDTH), np.uint8)
    canvas[top : top + height, left : left + width] = np.reshape(box, (height, width))
    np.testing.assert_array_equal(canvas, mask)
    assert shape.attrib["label"] == LABELS[2]


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A COCO document with masks as RLE, as runs or as polygons, and scores for some of them."""
    annotations = []
    for identity in draw(st.lists(st.integers(1, 2**40), min_size=1, max_size=5, unique=True)):
        rle = coco_mask.encode(np.asfortranarray(draw(masks())))
        form = draw(st.sampled_from(["rle", "polygon"]))
        text = {"size": rle["size"], "counts": rle["counts"].decode()}
        record = {
            "id": identity,
            "image_id": 1,
            "category_id": draw(st.sampled_from(list(LABELS))),
            "segmentation": text if form == "rle" else [[2.5, 3, 20, 3.25, 11, 19]],
            "bbox": [1, 2, 3, 4],
            "area": draw(st.floats(0, 99)),
            "iscrowd": 0,
            draw(st.sampled_from(["note", "attributes", "é"])): draw(st.text(max_size=5)),
        }
        annotations.append(record)
    return {
        "images": [{"id": 1, "file_name": "a.png", "height": HEIGHT, "width": WIDTH}],
        "annotations": annotations,
        "categories": [{"id": i, "name": label} for i, label in LABELS.items()],
    }


def undecided_page(review: Path) -> Path:
    """What the page gives back where all items were skipped."""
    ids = [item["id"] for item in samples.page_data(review)["items"]]
    return samples.page_file(review, [{"annotation_id": i, "decision": "undecided"} for i in ids])


@pytest.mark.parametrize("tool", FORMATS)
@given(document=documents())
@settings(max_examples=15)
def test_no_annotation_is_lost_and_undecided_ones_stay(tool: str, document: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in.json").write_text(json.dumps(document), encoding="utf-8")
        rows = [
            samples.row(a["id"], "class", i / 9, category=1)
            for i, a in enumerate(document["annotations"])
        ]
        scores = samples.scores(folder / "s.parquet", rows)
        export_review([scores], tool, folder / "review", annotations=folder / "in.json", top=3)
        file = folder / "review" / FILES.get(tool, "decisions.csv")
        if tool == "labelstudio":
            tasks = json.loads(file.read_text(encoding="utf-8"))
            file.write_text(json.dumps([{**task, "annotations": []} for task in tasks]))
        if tool == "page":
            file = undecided_page(folder / "review")
        done = import_decisions(folder / "review", file)
        after = json.loads(done.corrected.read_text(encoding="utf-8"))
    del after["benchmark_n_lineage"]
    assert after == document
    assert done.undecided == min(3, len(rows))


def test_label_studio_reads_tasks_and_configuration(tmp_path: Path) -> None:
    sdk = pytest.importorskip("label_studio_sdk.label_interface")
    samples.exported(tmp_path, "labelstudio")
    review = tmp_path / "review"
    interface = sdk.LabelInterface((review / "labeling_config.xml").read_text(encoding="utf-8"))
    interface.validate()
    shown = {tag.value_name for tag in interface.objects if tag.value_is_variable}
    for task in json.loads((review / "tasks.json").read_text(encoding="utf-8")):
        assert shown <= set(task["data"])
        for prediction in task["predictions"]:
            assert interface.validate_prediction(prediction, return_errors=True) == []


def test_label_studio_tasks_hold_the_documented_fields(tmp_path: Path) -> None:
    samples.exported(tmp_path, "labelstudio")
    tasks = json.loads((tmp_path / "review" / "tasks.json").read_text(encoding="utf-8"))
    assert [task["data"]["annotation_id"] for task in tasks] == [7, 9, 10, 8]
    data = tasks[0]["data"]
    assert data["image"] == "/data/local-files/?d=review/images/a.png"
    assert data["crop"] == "/data/local-files/?d=review/crops/7.png"
    assert (data["given"], data["suggested_category"], data["score"]) == ("cat", "dog", 0.9)
    # A task opens with the given outlines, and with nothing that a detector suggests.
    assert [len(task["predictions"]) for task in tasks] == [1, 1, 0, 1]
    (given,) = tasks[0]["predictions"]
    assert given["model_version"] == "given"
    (region,) = given["result"]
    corners = [[15.625, 125 / 6], [62.5, 125 / 6], [62.5, 250 / 3], [15.625, 250 / 3]]
    points = sorted(region["value"]["points"])
    np.testing.assert_allclose(points, sorted(corners))  # 10 and 40 px of 64 x 48, in percent
    assert region["value"]["polygonlabels"] == ["cat"]
    config = (tmp_path / "review" / "labeling_config.xml").read_text(encoding="utf-8")
    view = ElementTree.fromstring(config)
    assert [label.get("value") for label in view.iter("Label")] == ["cat", "dog", "person"]


@pytest.mark.parametrize("tool", ["labelstudio", "cvat"])
def test_pictures_lie_where_the_tool_looks_for_them(tmp_path: Path, tool: str) -> None:
    samples.exported(tmp_path, tool)
    folder = tmp_path / "review"
    for name in ("a.png", "b.png"):
        assert (folder / "images" / name).read_bytes() == (tmp_path / name).read_bytes()
    if tool == "labelstudio":
        # Below the document root the storage is a folder, here the review's.
        for task in json.loads((folder / "tasks.json").read_text(encoding="utf-8")):
            for name in ("image", "crop"):
                address = urlsplit(task["data"][name])
                assert address.path == "/data/local-files/"
                (place,) = parse_qs(address.query)["d"]
                assert (tmp_path / place).is_file()
                assert place.startswith("review/")


def test_pictures_of_any_name_are_copied_below_images(tmp_path: Path) -> None:
    """Names as Label Studio's own export and paths of another machine have them."""
    names = ["/data/local-files/?d=photos/a%20%231.png", "C:\\photos\\b.png"]
    data = json.loads(samples.source(tmp_path).read_text())
    for image, name, old in zip(data["images"], names, ("a.png", "b.png"), strict=True):
        image["file_name"] = name
        shutil.move(tmp_path / old, tmp_path / {"a.png": "a #1.png"}.get(old, old))
    (tmp_path / "in.json").write_text(json.dumps(data))
    table = samples.scores(tmp_path / "scores.parquet", samples.ROWS)
    more: dict[str, Any] = {"annotations": tmp_path / "in.json", "images": tmp_path}
    export_review([table], "labelstudio", tmp_path / "set 1", **more)
    copied = sorted(path.name for path in (tmp_path / "set 1" / "images").iterdir())
    assert copied == ["a #1.png", "b.png"]
    first = json.loads((tmp_path / "set 1" / "tasks.json").read_text())[0]
    assert first["data"]["image"] == "/data/local-files/?d=set%201/images/a%20%231.png"


@pytest.mark.parametrize("tool", FORMATS)
def test_a_readme_of_five_lines_says_how_to_go_on(tmp_path: Path, tool: str) -> None:
    samples.exported(tmp_path, tool)
    review = tmp_path / "review"
    lines = (review / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line[:3] for line in lines] == ["1. ", "2. ", "3. ", "4. ", "5. "]
    text = " ".join(lines)
    assert "{" not in text
    own = {path.name for path in review.iterdir()} - {"README.md", "review.json", "pictures"}
    assert {name for name in own if name in text} >= own - {"crops"}
    needed = {
        "labelstudio": ["LOCAL_FILES_SERVING_ENABLED=true", "LOCAL_FILES_DOCUMENT_ROOT", "review/"],
        "fiftyone": ['label_types="segmentations"', "label_field=", "extra_attrs=True"],
    }
    assert [word for word in needed.get(tool, []) if word not in text] == []


def test_label_studio_gives_back_who_when_and_why(tmp_path: Path) -> None:
    samples.exported(tmp_path, "labelstudio")
    path = tmp_path / "review" / "tasks.json"
    tasks = json.loads(path.read_text(encoding="utf-8"))
    for task in tasks:
        task["annotations"] = []
    given = tasks[0]["predictions"][0]
    given["result"][0]["value"]["polygonlabels"] = ["dog"]
    tasks[0]["annotations"] = [label_studio_annotation(given, "relabel")]
    skipped = {**label_studio_annotation(tasks[1]["predictions"][0], "keep")}
    tasks[1]["annotations"] = [{**skipped, "was_cancelled": True}]
    path.write_text(json.dumps(tasks), encoding="utf-8")
    done = import_decisions(tmp_path / "review", path)
    assert (done.actions, done.undecided) == ({"relabel": 1}, 3)
    (line,) = samples.audit(tmp_path)
    assert line["who"] == "anna@example.org"
    assert line["when"] == "2026-01-31T12:00:00.728378Z"
    assert (line["why"], line["after"]) == ("seen twice", {"category_id": 2})


@pytest.mark.parametrize(
    ("who", "named"),
    [
        ({"completed_by": {"id": 3, "email": "anna@example.org"}}, "anna@example.org"),
        ({"completed_by": 3, "created_username": " anna@example.org, 3"}, "anna@example.org"),
        ({"completed_by": 3, "created_username": "Anna M anna@example.org, 3"}, "anna@example.org"),
        ({"completed_by": {"id": 3}, "created_username": "anna, 3"}, "3"),
        ({"completed_by": 3}, "user 3"),
    ],
)
def test_who_of_label_studio_is_the_address_where_there_is_one(
    tmp_path: Path, who: dict[str, Any], named: str
) -> None:
    annotation = label_studio_annotation({"result": []}, "keep")
    del annotation["completed_by"]
    path = tmp_path / "export.json"
    path.write_text(json.dumps([{"data": {"annotation_id": 7}, "annotations": [annotation | who]}]))
    assert [decision.who for decision in label_studio.read(path)] == [named]


def test_datumaro_reads_the_cvat_file(tmp_path: Path) -> None:
    pytest.importorskip("datumaro")
    dataset = importlib.import_module("datumaro.components.dataset").Dataset
    samples.exported(tmp_path, "cvat")
    read = dataset.import_from(str(tmp_path / "review" / "annotations.xml"), "cvat")
    coco = COCO(str(tmp_path / "instances.json"))
    compared = 0
    for item in read:
        for shape in item.annotations:
            identity = int(shape.attributes["annotation_id"])
            if shape.attributes["role"] == "given" and identity in coco.anns:
                expected = coco.annToMask(coco.anns[identity])
                np.testing.assert_array_equal(np.asarray(shape.image), expected)
                compared += 1
    assert compared == 3


def test_a_polygon_and_a_new_label_of_cvat(tmp_path: Path) -> None:
    samples.exported(tmp_path, "cvat")
    path = tmp_path / "review" / "annotations.xml"
    tree = ElementTree.parse(path)
    shape = next(tree.getroot().iter("mask"))
    shape.tag = "polygon"
    shape.set("label", "person")
    shape.set("points", "4.00,4.00;30.00,6.00;12.00,28.00")
    shape[0].text = "change"
    tree.write(path, encoding="utf-8")
    import_decisions(tmp_path / "review", path, who="anna")
    record = samples.corrected(tmp_path)["annotations"][0]
    polygons = [[4.0, 4.0, 30.0, 6.0, 12.0, 28.0]]
    expected = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(polygons, 48, 64)))
    coco = COCO(str(tmp_path / "review" / "corrected.json"))
    np.testing.assert_array_equal(coco.annToMask(record), expected)
    assert record["category_id"] == 3


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (">7</attribute>", "></attribute>", "a.png: a mask of cat has no annotation_id"),
        ('rle="0, 900"', 'rle="0, 901"', r"annotation 7: its mask cannot be read: runs of 901 px"),
        ('left="10"', 'left="40"', "annotation 7: its mask cannot be read: the box of 30x30 px"),
        ("</annotations>", "", "annotations.xml: not XML"),
        ("<annotations>", "<annotations><track/>", 'expected the format "CVAT for images 1.1"'),
    ],
)
def test_faults_of_a_cvat_file(tmp_path: Path, old: str, new: str, fault: str) -> None:
    samples.exported(tmp_path, "cvat")
    path = tmp_path / "review" / "annotations.xml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=fault):
        import_decisions(tmp_path / "review", path, who="anna")


def test_supervision_and_pycocotools_read_what_fiftyone_reads(tmp_path: Path) -> None:
    samples.exported(tmp_path, "fiftyone")
    path = tmp_path / "review" / "labels.json"
    coco = COCO(str(path))
    truth = COCO(str(tmp_path / "instances.json"))
    dataset = supervision.DetectionDataset.from_coco(str(tmp_path), str(path), force_masks=True)
    assert dataset.classes == ["cat", "dog", "person"]
    found = {Path(name).name: detections for name, _, detections in dataset}
    for image in coco.imgs.values():
        records = coco.imgToAnns[image["id"]]
        read = np.asarray(found[image["file_name"]].mask, np.uint8)
        for record, mask in zip(records, read, strict=True):
            np.testing.assert_array_equal(coco.annToMask(record), mask)
            told = record["attributes"]
            if told["role"] == "given" and told["kind"] != "missing":
                expected = truth.annToMask(truth.anns[told["annotation_id"]])
                np.testing.assert_array_equal(mask, expected)


def as_fiftyone_exports(document: dict[str, Any], decisions: dict[int, str]) -> dict[str, Any]:
    """Ids and categories numbered anew, attributes as plain fields, masks as plain run lengths."""
    names = sorted(one["name"] for one in document["categories"])
    old = {one["id"]: one["name"] for one in document["categories"]}
    annotations = []
    for place, record in enumerate(reversed(document["annotations"])):
        mask = coco_mask.decode(record["segmentation"])
        flat = np.concatenate([[0], mask.ravel(order="F"), [2]])
        counts = np.diff([0, *np.flatnonzero(np.diff(flat)).tolist()]).tolist()
        told = record.pop("attributes")
        if told["role"] == "given":
            told["decision"] = decisions.get(told["annotation_id"], "undecided")
        category = names.index(old[record["category_id"]])
        runs = {"counts": counts, "size": record["segmentation"]["size"]}
        changed = {"id": place, "category_id": category, "segmentation": runs}
        annotations.append(
            {**record, **changed, **told, "annotation_id": float(told["annotation_id"])}
        )
    categories = [{"id": i, "name": name} for i, name in enumerate(names)]
    return {"categories": categories, "images": document["images"], "annotations": annotations}


def test_what_fiftyone_exports_is_found_again(tmp_path: Path) -> None:
    samples.exported(tmp_path, "fiftyone")
    path = tmp_path / "review" / "labels.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    for record in document["annotations"]:
        if record["attributes"]["annotation_id"] == 7:
            record["category_id"] = 3
    back = as_fiftyone_exports(document, {7: "relabel", 8: "redraw", 9: "keep", 10: "accept"})
    out = tmp_path / "back.json"
    out.write_text(json.dumps(back), encoding="utf-8")
    done = import_decisions(tmp_path / "review", out, who="anna")
    assert done.actions == {"relabel": 1, "keep": 2, "accept": 1}
    before = json.loads((tmp_path / "instances.json").read_text())["annotations"]
    seven, eight, nine, ten = samples.corrected(tmp_path)["annotations"]
    assert seven == {**before[0], "category_id": 3}
    # To be redrawn, but drawn as it was.
    assert (eight, nine) == (before[1], before[2])
    assert (ten["id"], ten["category_id"]) == (10, 1)


def test_no_label_of_fiftyone_has_a_confidence(tmp_path: Path) -> None:
    """The importer passes a field ``score`` on as the label's confidence."""
    samples.exported(tmp_path, "fiftyone")
    document = json.loads((tmp_path / "review" / "labels.json").read_text(encoding="utf-8"))
    for record in document["annotations"]:
        assert not {"score", "confidence"} & {*record, *record["attributes"]}
    scores = {
        r["attributes"]["annotation_id"]: r["attributes"]["flag_score"]
        for r in document["annotations"]
    }
    assert scores == {7: 0.9, 9: 0.8, 10: 0.6, 8: 0.2}


def fiftyone_export(folder: Path, decisions: dict[int, str], category: int | None = None) -> Path:
    """What FiftyOne gives back; `category` is the new one of annotation 7."""
    samples.exported(folder, "fiftyone")
    document = json.loads((folder / "review" / "labels.json").read_text(encoding="utf-8"))
    for record in document["annotations"]:
        if record["attributes"]["annotation_id"] == 7 and category is not None:
            record["category_id"] = category
    path = folder / "back.json"
    path.write_text(json.dumps(as_fiftyone_exports(document, decisions)), encoding="utf-8")
    return path


def refused(folder: Path, decisions: Path, fault: str) -> None:
    """The import is one line on stderr and exit code 1, and leaves nothing."""
    review = folder / "review"
    before = sorted(path.name for path in review.iterdir())
    done = cli(review, decisions)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert fault in line
    assert sorted(path.name for path in review.iterdir()) == before


def cli(review: Path, decisions: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmark_n", "review", "import", str(review)]
    command += ["--decisions", str(decisions), "--who", "anna"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_changed_label_of_fiftyone_without_a_decision_is_refused(tmp_path: Path) -> None:
    path = fiftyone_export(tmp_path, {8: "keep"}, category=3)
    refused(
        tmp_path,
        path,
        "back.json: annotation 7: category 'person' instead of 'cat' without a decision, expected "
        "relabel or change: from FiftyOne export the field that was reviewed, whole: label_field=",
    )


@pytest.mark.parametrize("gone", [7, 10])
def test_fiftyone_has_to_give_back_all_items(tmp_path: Path, gone: int) -> None:
    path = fiftyone_export(tmp_path, {8: "keep"})
    document = json.loads(path.read_text())
    document["annotations"] = [
        record for record in document["annotations"] if record["annotation_id"] != gone
    ]
    path.write_text(json.dumps(document))
    line = (
        f"back.json: 1 of 4 annotations under review are not in it, the first is {gone}, expected "
        "all: from FiftyOne export the field that was reviewed, whole: label_field="
    )
    refused(tmp_path, path, line)


def test_items_decided_before_may_be_absent_from_fiftyone(tmp_path: Path) -> None:
    first = fiftyone_export(tmp_path, {7: "remove"})
    import_decisions(tmp_path / "review", first, who="anna")
    document = json.loads(first.read_text())
    document["annotations"] = [r for r in document["annotations"] if r["annotation_id"] != 7]
    for record in document["annotations"]:
        if record["annotation_id"] == 8:
            record["decision"] = "keep"
    second = tmp_path / "second.json"
    second.write_text(json.dumps(document))
    done = import_decisions(tmp_path / "review", second, who="ben")
    assert (done.actions, done.undecided, done.absent) == ({"keep": 1}, 2, 0)
    with pytest.raises(InputError, match="was imported already"):
        import_decisions(tmp_path / "review", second, who="ben")


@pytest.mark.parametrize("tool", FORMATS)
def test_a_file_that_decides_nothing_is_warned_of(tmp_path: Path, tool: str) -> None:
    samples.exported(tmp_path, tool)
    path = tmp_path / "review" / FILES.get(tool, "decisions.csv")
    if tool == "labelstudio":
        tasks = json.loads(path.read_text())
        path.write_text(json.dumps([{**task, "annotations": []} for task in tasks]))
    if tool == "page":
        path = undecided_page(tmp_path / "review")
    done = cli(tmp_path / "review", path)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        f"WARNING: {path.name}: decides nothing: 4 annotations are undecided"
    ]
    assert done.stdout.endswith("no decisions; 4 undecided\n")


def partial(tool: str, folder: Path, kept: int) -> Path:
    """The tool's export of the first `kept` items alone; the first is decided."""
    samples.exported(folder, tool)
    path = folder / "review" / FILES.get(tool, "decisions.csv")
    if tool == "labelstudio":
        tasks = json.loads(path.read_text())[:kept]
        for task in tasks:
            task["annotations"] = []
        if tasks:
            tasks[0]["annotations"] = [label_studio_annotation(tasks[0]["predictions"][0], "keep")]
        path.write_text(json.dumps(tasks))
    elif tool == "cvat":
        tree = ElementTree.parse(path)
        images = tree.getroot().findall("image")
        for image in images[kept:]:
            tree.getroot().remove(image)
        for image in images[:1]:
            image[0][0].text = "keep"
        tree.write(path)
    else:
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(lines[: kept + 1]).replace("crops/7.png,", "crops/7.png,keep"))
    return path


# Items in the part: a task or a row each, but an image of CVAT has two (7 and 8).
@pytest.mark.parametrize(("tool", "absent"), [("labelstudio", 3), ("cvat", 2), ("csv", 3)])
def test_parts_of_a_review_are_counted(tmp_path: Path, tool: str, absent: int) -> None:
    path = partial(tool, tmp_path, 1)
    done = cli(tmp_path / "review", path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"1 keep; 3 undecided, {absent} of them not in {path.name}\n")
    with pytest.raises(InputError, match="was imported already"):
        import_decisions(tmp_path / "review", path, who="anna")


@pytest.mark.parametrize("tool", ["labelstudio", "cvat", "csv"])
def test_a_file_without_any_item_is_refused(tmp_path: Path, tool: str) -> None:
    path = partial(tool, tmp_path, 0)
    refused(
        tmp_path,
        path,
        "4 of 4 annotations under review are not in it, the first is 7, expected some",
    )


def test_another_category_without_a_decision_is_refused(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    refused(
        tmp_path,
        samples.decide(tmp_path, {7: {"category": "dog"}, 8: {"decision": "keep"}}),
        "annotation 7: category 'dog' instead of 'cat' without a decision, expected relabel or",
    )
    same = samples.decide(tmp_path, {7: {"category": "cat"}, 8: {"decision": "keep"}}, "b.csv")
    assert import_decisions(tmp_path / "review", same, who="anna").actions == {"keep": 1}


def test_a_changed_label_of_cvat_without_a_decision_is_refused(tmp_path: Path) -> None:
    samples.exported(tmp_path, "cvat")
    path = tmp_path / "review" / "annotations.xml"
    tree = ElementTree.parse(path)
    next(tree.getroot().iter("mask")).set("label", "person")
    tree.write(path)
    refused(tmp_path, path, "annotation 7: category 'person' instead of 'cat' without a decision")


def test_csv_shows_what_a_reviewer_needs(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    with (tmp_path / "review" / "decisions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["annotation_id"] for row in rows] == ["7", "9", "10", "8"]
    assert (rows[0]["given"], rows[0]["suggested_category"], rows[0]["guideline"]) == (
        "cat",
        "dog",
        "v3",
    )
    assert {row["decision"] + row["who"] + row["when"] + row["why"] for row in rows} == {""}
    for row in rows:
        picture = cv2.imread(str(tmp_path / "review" / row["crop"]))
        assert picture is not None
        assert picture.shape == (160, 160, 3)


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("a.csv", "annotation_id,what\n7,keep\n", "column 'decision' is missing"),
        ("a.csv", b"\xff\xfe\x00", "not a CSV file in UTF-8"),
        ("a.csv", "annotation_id,what,decision\n7,x\n", "annotation 7: the row is cut off"),
        ("a.json", "{", "a.json: not JSON"),
        ("a.json", "[{}]", "a task without data and annotations"),
        ("a.json", '{"annotations": [{}]}', r"not COCO: KeyError\('categories'\)"),
        ("a.json", '{"annotations": [3], "categories": []}', "a.json: not COCO"),
        ("a.json", '[{"id": 4, "data": {}, "annotations": []}]', "annotation_id is None"),
        ("a.json", '[{"id": 4, "data": {"annotation_id": 7}, "annotations": [3]}]', "task 4: not"),
        ("a.json", "[" * 9999, "a.json: not JSON"),
        ("a.json", '{"annotations": [{"id": 5}], "categories": []}', "5 of the export has no"),
        ("a.txt", "", "expected decisions as .csv, .xml"),
    ],
)
def test_files_that_are_none(tmp_path: Path, name: str, text: str | bytes, fault: str) -> None:
    samples.exported(tmp_path)
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(InputError, match=fault):
        import_decisions(tmp_path / "review", path, who="anna")
    with pytest.raises(InputError, match="cannot read the decisions"):
        import_decisions(tmp_path / "review", tmp_path / "none.csv", who="anna")


def test_xml_of_an_unknown_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text('<?xml version="1.0" encoding="uzf-8"?><annotations/>')
    with pytest.raises(InputError, match="not XML: unknown encoding"):
        cvat.read(path)
