"""YOLO segmentation: a text file for each image, a line of one polygon for each annotation.

Classes are numbered from 0 in the order of the category ids. Files of boxes alone become lines of
centre and size. Polygons go out as they are where they lie in the image; what has several parts
becomes one polygon, whose parts hang together by lines of no width.

References
----------
.. [1] Ultralytics, "Instance Segmentation Datasets Overview": coordinates in 0 to 1.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from benchmark_n.coco import CocoFile, Image
from benchmark_n.coco.boxes import RecordBox
from benchmark_n.coco.images import local_name
from benchmark_n.coco.labels import category_labels
from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import dump_yaml
from benchmark_n.masks.contours import find_contours
from benchmark_n.masks.outline import mask_to_polygons
from benchmark_n.review.corrected.labels import Label, Losses, labels_by_image

DATA = "data.yaml"
_PARTS = "several parts, joined into one polygon by lines of no width"
_BORDER = "polygons beyond the image, written as the outline of their part in it"


def returned(corrected: CocoFile, _: Path) -> tuple[dict[str, bytes], list[str]]:
    """``data.yaml``, and ``labels/`` with a file for each image, be it an empty one."""
    losses = Losses("YOLO")
    names = category_labels(corrected.categories)
    numbers = {identity: number for number, identity in enumerate(sorted(names))}
    classes = {number: names[identity] for identity, number in numbers.items()}
    layout = {"path": ".", "train": "images", "val": "images", "names": classes}
    files = {DATA: dump_yaml(layout).encode()}
    with_masks = False
    boxes: list[Label] = []
    for image, labels in labels_by_image(corrected):
        name = _label_file(image)
        if name in files:
            raise InputError(
                f"{corrected.path.name}: image {image.id}: '{image.file_name}' has the labels of "
                f"another image, {name}: expected names that differ without their endings"
            )
        with_masks = with_masks or any(label.mask is not None for label in labels)
        boxes += [label for label in labels if label.box is not None]
        lines = [_line(image, label, numbers[label.category_id], losses) for label in labels]
        files[name] = "".join(lines).encode()
    if with_masks:
        for label in boxes:
            losses.refuse("has a box without a mask beside others with masks", label)
    return files, losses.notes(corrected)


def _label_file(image: Image) -> str:
    """Where Ultralytics looks for the labels of an image: ``images`` becomes ``labels``."""
    path = PurePosixPath(local_name(image.file_name or str(image.id)))
    if path.is_absolute() or ".." in path.parts:
        path = PurePosixPath(path.name)
    below = PurePosixPath(*path.parts[1:]) if path.parts[0] == "images" and path.parts[1:] else path
    return (PurePosixPath("labels") / below.with_suffix(".txt")).as_posix()


def _line(image: Image, label: Label, number: int, losses: Losses) -> str:
    if label.crowd:
        losses.refuse("is a crowd", label)
        return ""
    values = _box(image, label.box) if label.box is not None else _outline(image, label, losses)
    return " ".join([str(number), *(f"{value:.9g}" for value in values)]) + "\n"


def _box(image: Image, box: RecordBox) -> list[float]:
    x, y, width, height = box.bbox
    centre = [(x + width / 2) / image.width, (y + height / 2) / image.height]
    return [*centre, width / image.width, height / image.height]


def _outline(image: Image, label: Label, losses: Losses) -> list[float]:
    """The mask as one polygon, in shares of the image's sides."""
    if label.mask is None:
        losses.refuse("has a mask without a pixel", label)
        return []
    polygons = label.polygons
    if len(polygons) != 1 or not _inside(polygons[0], image):
        crop = label.crop
        if any(len(part) > 1 for part in find_contours(crop)):
            losses.refuse("has a hole in its mask", label)
            return []
        polygons = [list(map(float, part)) for part in mask_to_polygons(crop)]
        if len(polygons) > 1:
            losses.change(_PARTS, label)
        elif label.polygons:
            losses.change(_BORDER, label)
    polygon = _joined(polygons)
    sides = (image.width, image.height) * (len(polygon) // 2)
    return [value / side for value, side in zip(polygon, sides, strict=True)]


def _inside(polygon: list[float], image: Image) -> bool:
    xs, ys = polygon[::2], polygon[1::2]
    return min(polygon) >= 0 and max(xs) <= image.width and max(ys) <= image.height


def _joined(polygons: list[list[float]]) -> list[float]:
    """One polygon of all: from the first one's start to each other one, around it, and back."""
    first = polygons[0]
    if len(polygons) == 1:
        return first
    path = [*first, *first[:2]]
    for polygon in polygons[1:]:
        path += [*polygon, *polygon[:2], *first[:2]]
    return path
