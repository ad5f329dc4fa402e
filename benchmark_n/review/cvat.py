"""CVAT: the XML of format "CVAT for images 1.1", and the labels for a new task.

A mask is written by its box and by run lengths inside it, row by row, background first, as decimal
numbers. Each item's shape carries the fields of the review as attributes; a suggested mask is a
second shape, of role ``suggested``, that is only looked at.

References
----------
.. [1] CVAT, "XML annotation format", version 1.1, annotation mode.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from benchmark_n.errors import InputError
from benchmark_n.masks import CropMask, crop_to_rle, rle_record
from benchmark_n.review.decision import ACTIONS, UNDECIDED, Decision, make_decision
from benchmark_n.review.items import Review
from benchmark_n.review.shown import GIVEN, SUGGESTED, Shown, describe

ANNOTATIONS, LABELS = "annotations.xml", "labels.json"
_TEXTS = (
    *("annotation_id", "role", "kind", "score", "detector", "flagged", "given"),
    *("suggested_category", "category_detector", "suggests_mask", "mask_detector"),
    *("guideline", "crop", "who", "when", "why"),
)


def write(folder: Path, review: Review, shown: list[Shown]) -> None:
    """Write ``annotations.xml`` and ``labels.json`` (the raw labels of a task's constructor)."""
    labels = [{"name": label, "attributes": _attributes()} for label in review.labels.values()]
    (folder / LABELS).write_text(json.dumps(labels, indent=1) + "\n", encoding="utf-8")
    root = Element("annotations")
    SubElement(root, "version").text = "1.1"
    images: dict[int, Element] = {}
    for one in shown:
        if one.image.id not in images:
            images[one.image.id] = Element(
                "image",
                id=str(len(images)),
                name=one.file_name,
                width=str(one.image.width),
                height=str(one.image.height),
            )
        _add_shapes(images[one.image.id], review, one)
    _add_meta(root, labels, len(images))
    root.extend(images.values())
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(
        folder / ANNOTATIONS, encoding="utf-8", xml_declaration=True
    )


def _attributes() -> list[dict[str, Any]]:
    choice = {"name": "decision", "input_type": "select", "mutable": False}
    texts = ({"name": name, "input_type": "text", "mutable": False} for name in _TEXTS)
    return [
        {**choice, "values": [UNDECIDED, *ACTIONS], "default_value": UNDECIDED},
        *({**text, "values": [""], "default_value": ""} for text in texts),
    ]


def _add_meta(root: Element, labels: list[dict[str, Any]], images: int) -> None:
    task = SubElement(SubElement(root, "meta"), "task")
    for name, value in (("name", "review"), ("size", str(images)), ("mode", "annotation")):
        SubElement(task, name).text = value
    section = SubElement(task, "labels")
    for label in labels:
        entry = SubElement(section, "label")
        SubElement(entry, "name").text = label["name"]
        attributes = SubElement(entry, "attributes")
        for attribute in label["attributes"]:
            described = SubElement(attributes, "attribute")
            SubElement(described, "name").text = attribute["name"]
            SubElement(described, "mutable").text = "False"
            SubElement(described, "input_type").text = attribute["input_type"]
            SubElement(described, "default_value").text = attribute["default_value"]
            SubElement(described, "values").text = "\n".join(attribute["values"])


def _add_shapes(parent: Element, review: Review, one: Shown) -> None:
    described = describe(review, one.item)
    label = described["suggested_category"] or described["given"]
    # Of a proposal the suggested shape is the one to decide on.
    if one.item.proposal:
        _add_shape(parent, one.suggested, label, {**described, "role": GIVEN})
        return
    _add_shape(parent, one.given, described["given"], {**described, "role": GIVEN})
    if one.suggested is not None:
        _add_shape(parent, one.suggested, label, {**described, "role": SUGGESTED})


def _add_shape(
    parent: Element, mask: CropMask | None, label: str, described: dict[str, Any]
) -> None:
    """A mask with its attributes; an annotation with an empty mask becomes a tag of its image."""
    shape = SubElement(parent, "tag" if mask is None else "mask", label=label, source="file")
    if mask is not None:
        for name, value in {"occluded": "0", **mask_runs(mask), "z_order": "0"}.items():
            shape.set(name, value)
    for name in ("decision", *_TEXTS):
        value = described.get(name, UNDECIDED if name == "decision" else "")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        SubElement(shape, "attribute", name=name).text = text


def mask_runs(mask: CropMask) -> dict[str, str]:
    """Box and run lengths of a mask, as attributes of its element."""
    height, width = mask.pixels.shape
    flat = mask.pixels.ravel()
    edges = np.flatnonzero(np.diff(flat, prepend=0)).tolist()
    runs = np.diff([0, *edges, flat.size]).tolist()
    box = {"left": mask.x, "top": mask.y, "width": width, "height": height}
    return {
        "rle": ", ".join(map(str, runs)),
        **{name: str(value) for name, value in box.items()},
    }


def read(path: Path) -> list[Decision]:
    """The decisions of an export in the same format.

    Raises
    ------
    InputError
        No such XML, or a shape that carries no annotation id.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, LookupError, ValueError) as error:  # unknown encodings too
        raise InputError(f"{path.name}: not XML: {error}") from None
    if root.tag != "annotations" or root.find("track") is not None:
        raise InputError(f'{path.name}: expected the format "CVAT for images 1.1"')
    found = (_decision(path, image, shape) for image in root.iterfind("image") for shape in image)
    return [decision for decision in found if decision is not None]


def _decision(path: Path, image: Element, shape: Element) -> Decision | None:
    fields = {str(one.get("name")): one.text or "" for one in shape.iterfind("attribute")}
    if fields.get("role") == SUGGESTED:
        return None
    if not fields.get("annotation_id"):
        raise InputError(
            f"{path.name}: image {image.get('name')}: a {shape.tag} of {shape.get('label')} has no "
            "annotation_id: edit the shape that has it, or copy the number to the new one"
        )
    try:
        segmentation = _segmentation(shape, int(image.attrib["height"]), int(image.attrib["width"]))
    except (KeyError, ValueError) as error:
        identity = fields["annotation_id"]
        raise InputError(
            f"{path.name}: annotation {identity}: its {shape.tag} cannot be read: {error}"
        ) from None
    return make_decision(path, fields, shape.get("label"), segmentation)


def _segmentation(shape: Element, height: int, width: int) -> Any:
    if shape.tag == "polygon":
        pairs = shape.attrib["points"].split(";")
        return [[float(value) for pair in pairs for value in pair.split(",")]]
    if shape.tag != "mask":
        return None
    left, top, w, h = (int(shape.attrib[name]) for name in ("left", "top", "width", "height"))
    runs = [int(run) for run in shape.attrib["rle"].split(",")]
    if min(runs) < 0 or sum(runs) != w * h or left < 0 or top < 0:
        raise ValueError(f"runs of {sum(runs)} px in a box of {w}x{h} px at {left}, {top}")
    if left + w > width or top + h > height:
        raise ValueError(f"the box of {w}x{h} px at {left}, {top} leaves the image")
    values = (np.arange(len(runs)) % 2).astype(np.uint8)
    pixels = np.repeat(values, runs).reshape(h, w)
    rle = crop_to_rle(CropMask(np.ascontiguousarray(pixels), left, top, height, width))
    return rle_record(rle)
