"""Exports of CVAT, Roboflow and Label Studio: suspects found, decided on, given back."""

from __future__ import annotations

import csv
import importlib
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest
import supervision
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from benchmark_n.cli import run
from tests.browser import browse, needs_chromium
from tests.review import samples
from tests.review.exports import EXPORTS, IMAGES, SIZE, Export
from tests.review.test_formats import label_studio_annotation

TOP = 12
TRIANGLE = [4.0, 4.0, 30.0, 6.0, 12.0, 28.0]
REMOVE = {"decision": "remove"}
OWN = {"cvat": "cvat", "roboflow": "fiftyone", "label_studio": "labelstudio"}
Decisions = dict[int, tuple[str, str | None, list[float] | None]]


def decide_on(export: Export, ids: list[int]) -> Decisions:
    """The true category where another is given; the last is removed, the one before redrawn."""
    decisions: Decisions = {}
    for identity in ids:
        one = export.instances[identity]
        decisions[identity] = ("keep", None, None)
        if one.true != one.given:
            decisions[identity] = ("relabel", one.true, None)
    removed, redrawn, left = [i for i in ids if decisions[i][0] == "keep"][-3:]
    decisions[removed] = ("remove", None, None)
    decisions[redrawn] = ("redraw", None, TRIANGLE)
    del decisions[left]
    return decisions


def fill_csv(review: Path, decisions: Decisions) -> Path:
    path = review / "decisions.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        action, category, polygon = decisions.get(int(row["annotation_id"]), ("", None, None))
        row |= {"decision": action, "category": category or ""}
        row["segmentation"] = "" if polygon is None else json.dumps([polygon])
    out = review.parent / "filled.csv"
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return out


def fill_cvat(review: Path, decisions: Decisions) -> Path:
    tree = ElementTree.parse(review / "annotations.xml")
    for shape in tree.getroot().iter("mask"):
        fields = {str(one.get("name")): one for one in shape.iter("attribute")}
        if fields["role"].text != "given":
            continue
        action, category, polygon = decisions.get(
            int(str(fields["annotation_id"].text)), ("undecided", None, None)
        )
        fields["decision"].text = action
        shape.set("label", category or str(shape.get("label")))
        if polygon is not None:
            shape.tag = "polygon"
            pairs = zip(polygon[::2], polygon[1::2], strict=True)
            shape.set("points", ";".join(f"{x},{y}" for x, y in pairs))
    out = review.parent / "back.xml"
    tree.write(out, encoding="utf-8")
    return out


def fill_label_studio(review: Path, decisions: Decisions) -> Path:
    tasks = json.loads((review / "tasks.json").read_text(encoding="utf-8"))
    for task in tasks:
        decision = decisions.get(task["data"]["annotation_id"])
        task["annotations"] = []
        if decision is None:
            continue
        action, category, polygon = decision
        (region,) = task["predictions"][0]["result"]
        if category is not None:
            region["value"]["polygonlabels"] = [category]
        if polygon is not None:
            points = np.reshape(polygon, (-1, 2)) / SIZE * 100
            region["value"]["points"] = points.tolist()
        task["annotations"] = [label_studio_annotation({"result": [region]}, action)]
    out = review.parent / "back.json"
    out.write_text(json.dumps(tasks), encoding="utf-8")
    return out


def fill_fiftyone(review: Path, decisions: Decisions) -> Path:
    document = json.loads((review / "labels.json").read_text(encoding="utf-8"))
    ids = {one["name"]: one["id"] for one in document["categories"]}
    for record in document["annotations"]:
        told = record["attributes"]
        if told["role"] != "given":
            continue
        action, category, polygon = decisions.get(told["annotation_id"], ("undecided", None, None))
        told["decision"] = action
        if category is not None:
            record["category_id"] = ids[category]
        if polygon is not None:
            record["segmentation"] = [polygon]
    out = review.parent / "back.json"
    out.write_text(json.dumps(document), encoding="utf-8")
    return out


FILL: dict[str, Callable[[Path, Decisions], Path]] = {
    "csv": fill_csv,
    "cvat": fill_cvat,
    "labelstudio": fill_label_studio,
    "fiftyone": fill_fiftyone,
}


@pytest.fixture(scope="module", params=list(EXPORTS))
def detected(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Export, Path]:
    """An export, and the scores that `detect` gives its annotations."""
    folder = tmp_path_factory.mktemp(request.param)
    export = EXPORTS[request.param](folder)
    arguments = ["detect", "--annotations", str(export.path), "--detector", "cleanlab", "-q"]
    arguments += ["--backbone", "hog", "--workers", "1", "--out", str(folder / "results")]
    arguments += [] if export.images is None else ["--images", str(export.images)]
    # CVAT's brush masks are crowds by their flag, and instances by their drawing.
    assert run([*arguments, "--crowds-as-instances"]) == 0
    return request.param, export, next((folder / "results").rglob("scores.parquet"))


@pytest.mark.parametrize("own", [False, True], ids=["csv", "own file"])
def test_only_decided_records_differ(
    detected: tuple[str, Export, Path],
    own: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tool, export, scores = detected
    to = OWN[tool] if own else "csv"
    review = tmp_path / "review"
    arguments = ["review", "export", "--annotations", str(export.path), "--scores", str(scores)]
    arguments += ["--to", to, "--top", str(TOP), "--out", str(review), "-q"]
    arguments += [] if export.images is None else ["--images", str(export.images)]
    assert run(arguments) == 0
    shown = [
        i["annotation_id"]
        for i in msgspec.json.decode((review / "review.json").read_bytes())["items"]
    ]
    assert len(set(shown) & set(export.wrong())) >= 4  # of the six that were put in
    assert len(list((review / "crops").iterdir())) == TOP
    decisions = decide_on(export, shown)
    filled = FILL[to](review, decisions)
    capsys.readouterr()
    command = ["review", "import", str(review), "--decisions", str(filled), "--who", "anna"]
    assert run([*command, "--as", "coco", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["undecided"] == 1
    assert told["returned"] == str(review / "corrected-coco")
    assert {action for action, *_ in decisions.values()} >= {"relabel", "redraw", "remove"}
    _check_document(export, decisions, review)
    _check_readers(export, review, tmp_path)


@needs_chromium
def test_by_real_keys_on_the_page_that_detect_left(
    detected: tuple[str, Export, Path], tmp_path: Path
) -> None:
    """Three commands, but for an image folder that an export does not bring."""
    _, export, scores = detected
    (page,) = scores.parents[1].rglob("decide.html")
    with browse(tmp_path) as tab:
        tab.open(page.as_uri())
        tab.click("#who")
        tab.type("anna")
        tab.click("h1")
        ids = [item["id"] for item in samples.page_data(page.parent)["items"]]
        decisions: Decisions = {
            i: (("keep", None, None) if one.true == one.given else ("relabel", one.true, None))
            for i, one in export.instances.items()
            if i in ids
        }
        removed = [i for i in ids if decisions[i][0] == "keep"][-1]
        decisions[removed] = ("remove", None, None)
        for place, identity in enumerate(ids):
            assert tab.text("#source").split()[-1] == str(identity)
            action, category, _ = decisions[identity]
            tab.key({"keep": "k", "relabel": "c", "remove": "x"}[action])
            if category is not None:
                tab.type(category)
                tab.key("Enter")
            assert tab.text("#progress-text") == f"{place + 1} of {len(ids)} decided"
        tab.click("#save")
        tab.wait("document.querySelector('#said').innerText.startsWith('decisions.json')")
        file = tmp_path / "decisions.json"
        end = time.monotonic() + 20
        while not file.is_file() or not file.read_text():
            assert time.monotonic() < end
            time.sleep(0.05)
    command = ["review", "import", str(page.parent), "--decisions", str(file)]
    as_it_came = export.path.suffix == ".zip"
    assert run(command if as_it_came else [*command, "--as", "coco"]) == 0
    assert {action for action, *_ in decisions.values()} == {"keep", "relabel", "remove"}
    _check_document(export, decisions, page.parent)
    _check_readers(export, page.parent, tmp_path)


def _check_document(export: Export, decisions: Decisions, review: Path) -> None:
    after = export.written(review / "corrected-coco")
    before = _source(export)
    assert list(after) == list(before)
    assert {k: v for k, v in after.items() if k != "annotations"} == {
        k: v for k, v in before.items() if k != "annotations"
    }
    removed = {i for i, (action, *_) in decisions.items() if action == "remove"}
    assert [r["id"] for r in after["annotations"]] == [
        i for i in export.records if i not in removed
    ]
    text = (review / "corrected.json").read_text()
    records = {record["id"]: record for record in after["annotations"]}
    for identity, written in export.records.items():
        action, category, polygon = decisions.get(identity, ("keep", None, None))
        expected = json.loads(written)
        if action == "keep":
            assert written in text
        if action == "relabel":
            assert category is not None
            expected["category_id"] = export.category_ids[category]
        if action == "redraw":
            assert polygon is not None
            mask = coco_mask.decode(coco_mask.frPyObjects([polygon], SIZE, SIZE))[..., 0]
            found = records[identity]
            drawn = coco_mask.decode(coco_mask.frPyObjects(found["segmentation"], SIZE, SIZE))
            np.testing.assert_array_equal(drawn.reshape(mask.shape), mask)
            assert found["area"] == mask.sum()
            assert list(found) == list(expected)
            changed = ("segmentation", "area", "bbox")
            expected |= {name: found[name] for name in changed}
        if action != "remove":
            assert records[identity] == expected


def _source(export: Export) -> dict[str, Any]:
    data: bytes
    if export.path.suffix == ".zip":
        with zipfile.ZipFile(export.path) as box:
            data = box.read(export.annotations)
    elif export.path.is_dir():
        data = (export.path / export.annotations).read_bytes()
    else:
        data = export.path.read_bytes()
    document: dict[str, Any] = json.loads(data)
    return document


def _check_readers(export: Export, review: Path, folder: Path) -> None:
    """pycocotools, supervision and, where it is there, datumaro see all annotations."""
    coco = COCO(str(review / "corrected.json"))
    masks = {i: coco.annToMask(record) for i, record in coco.anns.items()}
    assert all(mask.any() for mask in masks.values())
    images, annotations = folder / "opened" / "images", folder / "opened" / "annotations"
    _pictures(export, images)
    document = coco.dataset
    for image in document["images"]:  # these readers take names below their folder alone
        image["file_name"] = Path(image["file_name"]).name.replace("%20", " ")
    annotations.mkdir()
    opened = annotations / "instances_default.json"
    opened.write_text(json.dumps(document))
    read = supervision.DetectionDataset.from_coco(str(images), str(opened), force_masks=True)
    assert len(read) == IMAGES
    assert sum(len(detections) for _, _, detections in read) == len(masks)
    _check_datumaro(folder / "opened", coco, masks)


def _check_datumaro(folder: Path, coco: COCO, masks: dict[int, Any]) -> None:
    try:
        dataset = importlib.import_module("datumaro.components.dataset").Dataset
    except ImportError:  # brings a second OpenCV, so it is in no extra
        return
    seen = set()
    read = dataset.import_from(str(folder), "coco_instances")
    names = [label.name for label in read.categories()[next(iter(read.categories()))].items]
    for item in read:
        for shape in item.annotations:
            if shape.type.name == "bbox":
                continue
            seen.add(shape.id)
            if shape.type.name == "mask":
                np.testing.assert_array_equal(shape.image, masks[shape.id])
            else:  # its points are rounded to hundredths
                (polygon,) = coco.anns[shape.id]["segmentation"]
                np.testing.assert_allclose(shape.points, polygon, atol=0.01)
            category = coco.anns[shape.id]["category_id"]
            if category:  # 0, as Label Studio has it, is no category to datumaro
                assert names[shape.label] == coco.cats[category]["name"]
    assert seen == set(masks)


def _pictures(export: Export, folder: Path) -> None:
    """The pictures of an export, in one folder."""
    folder.mkdir(parents=True)
    if export.path.suffix == ".zip":
        with zipfile.ZipFile(export.path) as box:
            names = [name for name in box.namelist() if name.startswith("images/")]
            pictures = {Path(name).name: box.read(name) for name in names}
    else:
        place = export.images or export.path / "train"
        pictures = {path.name: path.read_bytes() for path in place.glob("*.*g")}
    for name, data in pictures.items():
        (folder / name).write_bytes(data)


def test_three_commands_lead_from_an_archive_to_a_corrected_one(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """`detect` leaves the page; what it gives back is imported with two paths alone."""
    export = EXPORTS["cvat"](tmp_path)
    monkeypatch.chdir(tmp_path)
    command = ["detect", "--annotations", str(export.path), "--backbone", "hog", "--workers", "1"]
    assert run([*command, "--json", "-q"]) == 0
    page = Path(json.loads(capsys.readouterr().out)["decide"])
    assert page == Path("results") / export.path.stem / "review" / "decide.html"
    items = samples.page_data(page.parent)["items"]
    assert all((page.parent / one["crop"]).is_file() for one in items)
    assert {path.suffix for path in (page.parent / "pictures").iterdir()} == {".jpg"}
    decided = samples.page_file(page.parent, [{"annotation_id": items[0]["id"]} | REMOVE])
    assert run(["review", "import", str(page.parent), "--decisions", str(decided)]) == 0
    assert "1 remove" in capsys.readouterr().out
    after = export.written(page.parent / "corrected-coco")
    left = [one["id"] for one in after["annotations"]]
    assert left == [i for i in export.records if i != items[0]["id"]]
    # Decisions stay: a later run warns, and leaves the review as it is.
    before = (page.parent / "audit.jsonl").read_bytes(), page.read_bytes()
    assert run([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["decide"] is None
    assert "no page to decide on: review: exists and holds audit.jsonl" in caplog.text
    assert ((page.parent / "audit.jsonl").read_bytes(), page.read_bytes()) == before
