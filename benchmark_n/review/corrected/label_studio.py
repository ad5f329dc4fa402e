"""Label Studio: a task for each image with the corrected annotations, and a configuration.

A polygon goes out as one, in percent; an RLE, or several polygons of one annotation, as a brush
region, since each polygon would be an instance of its own. Regions have the annotations' ids.

References
----------
.. [1] Label Studio, "Import pre-annotated data", and tags PolygonLabels, BrushLabels and
   RectangleLabels: values in percent of the image's sides.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from benchmark_n.coco import CocoFile, Image
from benchmark_n.coco.images import local_name
from benchmark_n.coco.labels import category_labels
from benchmark_n.review.corrected.brush import brush_rle
from benchmark_n.review.corrected.labels import Label, Losses, labels_by_image
from benchmark_n.review.label_studio import CONFIG, TASKS, local_address

_CROWD = "regions lose iscrowd, which Label Studio does not have"
_SEVERAL = "several polygons, written as one brush region"
# Tags of the configuration to the names and kinds of their regions.
_TAGS = {
    "PolygonLabels": ("polygons", "polygonlabels"),
    "BrushLabels": ("brush", "brushlabels"),
    "RectangleLabels": ("boxes", "rectanglelabels"),
}


def returned(corrected: CocoFile, _: Path) -> tuple[dict[str, bytes], list[str]]:
    """``tasks.json`` and ``labeling_config.xml``."""
    losses = Losses("Label Studio")
    found = labels_by_image(corrected)
    # As texts at once: regions as Python numbers take ten times as much.
    tasks = [json.dumps(_task(image, labels, losses)).encode() for image, labels in found]
    notes = losses.notes(corrected)
    config = _configuration(category_labels(corrected.categories).values())
    text = b"".join((b"[\n", b",\n".join(tasks), b"\n]\n"))
    return {TASKS: text, CONFIG: config.encode()}, notes


def _configuration(labels: Iterable[str]) -> str:
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, "Image", name="image", value="$image", zoom="true")
    names = list(labels)
    for tag, (name, _) in _TAGS.items():
        element = ElementTree.SubElement(view, tag, name=name, toName="image")
        for label in names:
            ElementTree.SubElement(element, "Label", value=label)
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


def _task(image: Image, labels: list[Label], losses: Losses) -> dict[str, Any]:
    regions = [region for label in labels for region in _regions(image, label, losses)]
    return {
        "data": {"image": _address(image), "image_id": image.id},
        "annotations": [{"result": regions}],
    }


def _address(image: Image) -> str:
    """Where Label Studio finds the image: an address of its own or of the web as it is."""
    name = image.file_name or str(image.id)
    if name.startswith("/data/") or "://" in name:
        return name
    return local_address(local_name(name))


def _regions(image: Image, label: Label, losses: Losses) -> list[dict[str, Any]]:
    if label.empty:
        losses.refuse("has a mask without a pixel", label)
        return []
    if label.crowd:
        losses.change(_CROWD, label)
    if label.box is not None:
        x, y, width, height = label.box.bbox
        sides = {"x": x / image.width, "y": y / image.height}
        sides |= {"width": width / image.width, "height": height / image.height}
        percent = {name: 100 * value for name, value in sides.items()}
        return [_region(image, label, "RectangleLabels", {**percent, "rotation": 0})]
    if len(label.polygons) == 1:
        polygon = label.polygons[0]
        pairs = zip(polygon[::2], polygon[1::2], strict=True)
        points = [[100 * x / image.width, 100 * y / image.height] for x, y in pairs]
        return [_region(image, label, "PolygonLabels", {"points": points, "closed": True})]
    if label.polygons:
        losses.change(_SEVERAL, label)
    rle = {"format": "rle", "rle": brush_rle(label.crop)}
    return [_region(image, label, "BrushLabels", rle)]


def _region(image: Image, label: Label, tag: str, value: dict[str, Any]) -> dict[str, Any]:
    name, kind = _TAGS[tag]
    return {
        "id": str(label.annotation_id),
        "from_name": name,
        "to_name": "image",
        "type": kind,
        "original_width": image.width,
        "original_height": image.height,
        "image_rotation": 0,
        "value": {**value, kind: [label.category]},
    }
