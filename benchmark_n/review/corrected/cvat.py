"""CVAT: all corrected annotations as "CVAT for images 1.1".

Polygons go out as they are, those of one annotation as a group, which CVAT's COCO export joins
again; RLEs as masks; boxes as boxes. CVAT finds images by their names and numbers them from 0; its
annotations have no ids.

References
----------
.. [1] CVAT, "XML annotation format", version 1.1, annotation mode.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from benchmark_n.coco import CocoFile, Image
from benchmark_n.coco.images import local_name
from benchmark_n.coco.labels import category_labels
from benchmark_n.review.corrected.labels import Label, Losses, labels_by_image
from benchmark_n.review.cvat import ANNOTATIONS, mask_runs

_CROWD_POLYGONS = "polygons lose iscrowd, which CVAT's COCO export gives to masks alone"
_INSTANCE_MASKS = "masks of instances, to which CVAT's COCO export gives iscrowd 1"
_PLAIN = (str, int, float, bool)


def returned(corrected: CocoFile, _: Path) -> tuple[dict[str, bytes], list[str]]:
    """``annotations.xml``."""
    losses = Losses("CVAT")
    parts = [b'<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n']
    attributes: dict[str, None] = {}
    images: list[bytes] = []
    for number, (image, labels) in enumerate(labels_by_image(corrected)):
        images.append(_text(_image(number, image, labels, losses)))
        attributes |= {name: None for label in labels for name in _attributes(label)}
    notes = losses.notes(corrected)
    parts.append(_text(_meta(corrected, list(attributes))))
    return {ANNOTATIONS: b"".join([*parts, *images, b"</annotations>\n"])}, notes


def _text(element: Element) -> bytes:
    ElementTree.indent(element)
    return ElementTree.tostring(element, encoding="unicode").encode() + b"\n"


def _meta(coco: CocoFile, attributes: list[str]) -> Element:
    meta = Element("meta")
    task = SubElement(meta, "task")
    told = (("name", coco.path.stem), ("size", str(len(coco.images))), ("mode", "annotation"))
    for name, value in told:
        SubElement(task, name).text = value
    section = SubElement(task, "labels")
    for name in category_labels(coco.categories).values():
        label = SubElement(section, "label")
        SubElement(label, "name").text = name
        kinds = SubElement(label, "attributes")
        for attribute in attributes:
            kind = SubElement(kinds, "attribute")
            for key, text in (("name", attribute), ("mutable", "False"), ("input_type", "text")):
                SubElement(kind, key).text = text
    return meta


def _image(number: int, image: Image, labels: list[Label], losses: Losses) -> Element:
    element = Element(
        "image",
        id=str(number),
        name=local_name(image.file_name or str(image.id)),
        width=str(image.width),
        height=str(image.height),
    )
    for group, label in enumerate(labels, start=1):
        _add(element, label, group, losses)
    return element


def _add(parent: Element, label: Label, group: int, losses: Losses) -> None:
    """The shapes of one annotation; `group` is a number that no other of the image has."""
    common = {"label": label.category, "source": "file", "z_order": "0"}
    common["occluded"] = str(int(bool(label.attributes.get("occluded"))))
    shapes: list[Element] = []
    if label.box is not None:
        sides = ("xtl", "ytl", "xbr", "ybr")
        corners = dict(zip(sides, map(str, label.box.corners), strict=True))
        shapes.append(SubElement(parent, "box", common | corners))
    elif label.mask is None:
        losses.refuse("has a mask without a pixel", label)
    elif label.polygons:
        if label.crowd:
            losses.change(_CROWD_POLYGONS, label)
        joined = {"group_id": str(group)} if len(label.polygons) > 1 else {}
        for polygon in label.polygons:
            points = {"points": _points(polygon)}
            shapes.append(SubElement(parent, "polygon", common | points | joined))
    else:
        if not label.crowd:
            losses.change(_INSTANCE_MASKS, label)
        shapes.append(SubElement(parent, "mask", common | mask_runs(label.crop)))
    for shape in shapes:
        for name, value in _attributes(label).items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            SubElement(shape, "attribute", name=name).text = text


def _points(polygon: list[float]) -> str:
    return ";".join(f"{x},{y}" for x, y in zip(polygon[::2], polygon[1::2], strict=True))


def _attributes(label: Label) -> dict[str, Any]:
    """The annotation's attributes that are plain values, without what shapes say by themselves."""
    return {
        name: value
        for name, value in label.attributes.items()
        if name != "occluded" and isinstance(value, _PLAIN)
    }
