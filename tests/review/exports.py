"""A drawn set in the shape of exports of CVAT, Roboflow and Label Studio.

Every writer makes each record's text itself, so that a test can look for these very bytes.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as coco_mask

NAMES = ("disc", "square", "triangle")
SIZE = 96
COLOURS = {"disc": (40, 60, 220), "square": (60, 200, 60), "triangle": (210, 90, 40)}
IMAGES, WRONG_EVERY = 24, 12
HASH = "0cd3f0f5"


@dataclass(frozen=True)
class Instance:
    """What is there, and the category that the annotator gave it."""

    image: int
    true: str
    given: str
    polygon: list[float]


@dataclass
class Export:
    """An export as it came: what is named, its images, and the text of each record."""

    path: Path
    annotations: str
    images: Path | None
    category_ids: dict[str, int]
    records: dict[int, str] = field(default_factory=dict)
    instances: dict[int, Instance] = field(default_factory=dict)

    def wrong(self) -> list[int]:
        """Ids of the annotations of a wrong category."""
        return [i for i, one in self.instances.items() if one.true != one.given]

    def written(self, corrected: Path) -> dict[str, Any]:
        """The COCO document in what was given back for this export."""
        if self.path.suffix == ".zip":
            with zipfile.ZipFile(corrected / self.path.name) as box:
                assert box.namelist() == [self.annotations]
                data = box.read(self.annotations)
        else:
            data = (corrected / Path(self.annotations).name).read_bytes()
        document: dict[str, Any] = json.loads(data)
        return document


def _outline(name: str, x: int, y: int, radius: int) -> list[float]:
    if name == "square":
        corners = [(x - radius, y - radius), (x + radius, y - radius)]
        corners += [(x + radius, y + radius), (x - radius, y + radius)]
    elif name == "triangle":
        corners = [(x, y - radius), (x + radius, y + radius), (x - radius, y + radius)]
    else:
        turns = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        corners = [(x + radius * np.cos(t), y + radius * np.sin(t)) for t in turns]
    return [round(float(value), 2) for corner in corners for value in corner]


def draw(folder: Path, names: list[str]) -> list[Instance]:
    """Write pictures with three shapes each, one of them in a wrong category now and then."""
    rng = np.random.default_rng(4)
    instances: list[Instance] = []
    for image, file_name in enumerate(names):
        pixels = rng.integers(90, 130, (SIZE, SIZE, 3)).astype(np.uint8)
        for place, (x, y) in enumerate(((24, 26), (70, 28), (46, 70))):
            true = NAMES[(image + place) % 3]
            polygon = _outline(true, x, y, int(rng.integers(12, 17)))
            points = np.round(np.reshape(polygon, (-1, 1, 2))).astype(np.int32)
            cv2.fillPoly(pixels, [points], COLOURS[true])
            wrong = len(instances) % WRONG_EVERY == 5
            given = NAMES[(NAMES.index(true) + 1) % 3] if wrong else true
            instances.append(Instance(image, true, given, polygon))
        (folder / file_name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / file_name), pixels)
    return instances


def runs(polygon: list[float]) -> dict[str, Any]:
    """Uncompressed RLE of a polygon, column by column, counted here."""
    mask = coco_mask.decode(coco_mask.frPyObjects([polygon], SIZE, SIZE))[..., 0]
    flat = np.concatenate([[0], mask.ravel(order="F"), [2]])
    ends = np.flatnonzero(np.diff(flat)).tolist()
    counts = np.diff([0, *ends]).tolist()
    return {"counts": counts, "size": [SIZE, SIZE]}


def _record(identity: int, image: int, category: int, polygon: list[float]) -> dict[str, Any]:
    rle = coco_mask.frPyObjects([polygon], SIZE, SIZE)
    return {
        "id": identity,
        "image_id": image,
        "category_id": category,
        "segmentation": [polygon],
        "area": float(coco_mask.area(rle)[0]),
        "bbox": coco_mask.toBbox(rle)[0].tolist(),
        "iscrowd": 0,
    }


def _document(head: dict[str, Any], records: dict[int, str], tail: dict[str, Any]) -> bytes:
    parts = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
    parts.append(f'"annotations": [{", ".join(records.values())}]')
    parts += [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in tail.items()]
    return ("{" + ", ".join(parts) + "}").encode()


def cvat(folder: Path) -> Export:
    """CVAT's "COCO 1.0": a ZIP archive with pictures; two masks of the brush, as crowds."""
    names = [f"frame_{i:06d}.png" for i in range(IMAGES)]
    pictures = folder / "cvat"
    instances = draw(pictures, names)
    ids = {name: i for i, name in enumerate(NAMES, start=1)}
    inner = "annotations/instances_default.json"
    export = Export(folder / "task.zip", inner, None, ids)
    for identity, one in enumerate(instances, start=1):
        record = _record(identity, one.image + 1, ids[one.given], one.polygon)
        if identity in (2, 6):
            record |= {"segmentation": runs(one.polygon), "iscrowd": 1}
        record["attributes"] = {"occluded": identity == 3}
        export.records[identity] = json.dumps(record)
        export.instances[identity] = one
    rest = {"license": 0, "flickr_url": "", "coco_url": "", "date_captured": 0}
    head = {
        "licenses": [{"name": "", "id": 0, "url": ""}],
        "info": {"contributor": "", "date_created": "", "version": "", "year": ""},
        "categories": [{"id": i, "name": name, "supercategory": ""} for name, i in ids.items()],
        "images": [
            {"id": i, "width": SIZE, "height": SIZE, "file_name": name, **rest}
            for i, name in enumerate(names, start=1)
        ],
    }
    with zipfile.ZipFile(export.path, "w") as box:
        box.writestr(inner, _document(head, export.records, {}))
        for name in names:
            box.write(pictures / name, f"images/default/{name}")
    return export


def roboflow(folder: Path) -> Export:
    """Roboflow's "COCO": pictures beside the annotations, ids from 0, a category for the set."""
    names = [f"scene{i}_png.rf.{i:032x}.jpg" for i in range(IMAGES)]
    root = folder / "shapes.v1i.coco"
    instances = draw(root / "train", names)
    ids = {name: i for i, name in enumerate(NAMES, start=1)}
    export = Export(root, "train/_annotations.coco.json", None, ids)
    for identity, one in enumerate(instances):
        record = _record(identity, one.image, ids[one.given], one.polygon)
        export.records[identity] = json.dumps(record)
        export.instances[identity] = one
    categories = [{"id": 0, "name": "shapes", "supercategory": "none"}]
    categories += [{"id": i, "name": n, "supercategory": "shapes"} for n, i in ids.items()]
    head = {
        "info": {"year": "2026", "version": "1", "description": "Exported from roboflow.com"},
        "licenses": [{"id": 1, "url": "", "name": "CC BY 4.0"}],
        "categories": categories,
        "images": [
            {"id": i, "license": 1, "file_name": name, "height": SIZE, "width": SIZE}
            | {"extra": {"name": name.partition("_")[0] + ".png"}}
            for i, name in enumerate(names)
        ],
    }
    (root / export.annotations).write_bytes(_document(head, export.records, {}))
    (root / "README.roboflow.txt").write_text("shapes\n")
    return export


def label_studio(folder: Path) -> Export:
    """Label Studio's "COCO": all ids from 0, addresses of its local storage as file names."""
    names = [f"{HASH}-scene {i}.png" for i in range(IMAGES)]
    images = folder / "photos"
    instances = draw(images, names)
    ids = {name: i for i, name in enumerate(NAMES)}
    export = Export(folder / "result.json", "result.json", images, ids)
    for identity, one in enumerate(instances):
        record = _record(identity, one.image, ids[one.given], one.polygon)
        order = ("id", "image_id", "category_id", "segmentation", "bbox")
        record = {name: record[name] for name in order} | {
            **{"ignore": 0, "iscrowd": 0, "area": record["area"]}
        }
        export.records[identity] = json.dumps(record, indent=6)
        export.instances[identity] = one
    head = {
        "images": [
            {"width": SIZE, "height": SIZE, "id": i}
            | {"file_name": "/data/local-files/?d=photos/" + name.replace(" ", "%20")}
            for i, name in enumerate(names)
        ],
        "categories": [{"id": i, "name": name} for name, i in ids.items()],
    }
    tail = {"info": {"year": 2026, "version": "1.0", "contributor": "Label Studio"}}
    export.path.write_bytes(_document(head, export.records, tail))
    return export


EXPORTS = {"cvat": cvat, "roboflow": roboflow, "label_studio": label_studio}
