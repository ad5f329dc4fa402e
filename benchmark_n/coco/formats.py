"""Tell other annotation formats, and other files of COCO's, from COCO instances.

A table of signatures: what a document of each format has and others have not, and what to do with
one. Nothing here reads such a document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import JSON_FAULTS

_HEAD = 1 << 16
_RAWS = list[msgspec.Raw]


@dataclass(frozen=True)
class Format:
    """A format that is not read: its name, what to do, and whether a document is of it.

    Parameters
    ----------
    matches
        Called with the JSON value, whose lists are cut after their first item.
    """

    name: str
    advice: str
    matches: Callable[[Any], bool] = lambda _: False


def _first(document: Any, key: str | None = None) -> dict[str, Any]:
    """The first record of the list at `key`, or of the document; empty where there is none."""
    values = document if key is None else document.get(key) if isinstance(document, dict) else None
    first = values[0] if isinstance(values, list) and values else None
    return first if isinstance(first, dict) else {}


def _has(*keys: str) -> Callable[[Any], bool]:
    return lambda document: isinstance(document, dict) and all(key in document for key in keys)


def _is_via(document: Any) -> bool:
    if not isinstance(document, dict) or not document:
        return False
    entry = next(iter(document.values()))
    return "_via_img_metadata" in document or (
        isinstance(entry, dict) and {"filename", "regions"} <= entry.keys()
    )


def _is_label_studio(document: Any) -> bool:
    task = _first(document)
    return "data" in task and bool({"annotations", "completions", "predictions"} & task.keys())


_DETECTIONS = Format(
    "detections (COCO results), not ground truth",
    "name them by `predictions`, and annotations with images and categories here",
    lambda d: {"image_id", "category_id", "score"} <= _first(d).keys(),
)
JSON_FORMATS = (
    Format(
        "COCO panoptic annotations",
        "their masks are PNG files; panopticapi's panoptic2detection_coco_format.py turns them "
        "into instances",
        lambda d: "segments_info" in _first(d, "annotations"),
    ),
    Format(
        "COCO captions",
        "they have no instances; take instances_*.json of the same archive",
        lambda d: "caption" in _first(d, "annotations"),
    ),
    Format(
        "COCO without labels, such as image_info_test (section 'annotations' is missing)",
        "take instances_*.json of a training or validation split",
        lambda d: _has("images", "categories")(d) and "annotations" not in d,
    ),
    _DETECTIONS,
    Format(
        "labelme, a file an image",
        "convert its folder with labelme2coco, and name the file that it writes",
        _has("shapes", "imagePath"),
    ),
    Format(
        "a VGG Image Annotator (VIA) project",
        "in VIA choose Annotation, Export Annotations (COCO format)",
        _is_via,
    ),
    Format(
        "Datumaro",
        "run datum convert to coco_instances, and name the file that it writes",
        _has("items", "categories"),
    ),
    Format("a Label Studio export", "in Label Studio export as COCO", _is_label_studio),
)
_YOLO_ADVICE = "supervision's DetectionDataset.from_yolo and as_coco turn them into COCO"
_YOLO = re.compile(rb"\d{1,4}(?: +-?\d+(?:\.\d*)?(?:[eE]-?\d+)?){4,}\s*")
_YOLO_YAML = re.compile(rb"^(?:names|nc)\s*:", re.MULTILINE)
_VOC = Format(
    "Pascal VOC (XML), a file an image",
    "supervision's DetectionDataset.from_pascal_voc and as_coco turn its folder into COCO",
)
_CVAT = Format("a CVAT export (XML)", "in CVAT export the task as COCO 1.0")
_YOLO_LABELS = Format("YOLO labels, a file an image", _YOLO_ADVICE)
_YOLO_LIST = Format("a YOLO dataset's data.yaml", _YOLO_ADVICE)


def not_coco(sections: Mapping[str, Any], path: Path) -> InputError | None:
    """The error for a JSON object of another format; None where the format is not known.

    Parameters
    ----------
    sections
        Top-level key to raw JSON.
    """
    heads = {key: _head(raw) for key, raw in sections.items()}
    return _refusal(heads, path)


def format_of_json(data: Any, path: Path) -> InputError | None:
    """The same for JSON of any kind, as bytes."""
    try:
        return _refusal(msgspec.json.decode(data), path)
    except JSON_FAULTS:
        return None


def format_of_text(data: Any, path: Path) -> InputError | None:
    """The same for what is no JSON, by the first of its bytes."""
    head = bytes(data[:_HEAD]).lstrip(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"<"):
        root = re.search(rb"<(annotations?)[\s>]", head)
        known = {b"annotation": _VOC, b"annotations": _CVAT}
        return None if root is None else _error(known[root[1]], path)
    lines = head.splitlines()[:20]
    whole = lines[:-1] if len(data) >= _HEAD else lines
    if whole and all(_YOLO.fullmatch(line) for line in whole if line.strip()):
        return _error(_YOLO_LABELS, path)
    if _YOLO_YAML.search(head) and re.search(rb"^(?:train|val|path)\s*:", head, re.MULTILINE):
        return _error(_YOLO_LIST, path)
    return None


def _head(raw: Any) -> Any:
    """A raw value, of a list no more than the first item."""
    try:
        if bytes(memoryview(raw)[:1]) == b"[":
            return [msgspec.json.decode(r) for r in msgspec.json.decode(raw, type=_RAWS)[:1]]
        return msgspec.json.decode(raw)
    except JSON_FAULTS:
        return None


def _refusal(document: Any, path: Path) -> InputError | None:
    known = next((known for known in JSON_FORMATS if known.matches(document)), None)
    return None if known is None else _error(known, path)


def _error(known: Format, path: Path) -> InputError:
    return InputError(
        f"{path.name}: is {known.name}, expected COCO instances (JSON): {known.advice}"
    )


def has_keypoints(categories: Any) -> bool:
    """Whether raw categories are those of COCO keypoints."""
    return "keypoints" in _first(_head(categories))
