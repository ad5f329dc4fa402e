"""Cityscapes' label ids, and instance maps painted from its polygons.

References
----------
.. [1] Cordts et al.: The Cityscapes Dataset for Semantic Urban Scene Understanding, CVPR 2016; the
       ids are those of the published ``labels.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.read import MAX_PIXELS
from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import read_json

# In the order of their ids; those from person on have instances.
_NAMES = """
unlabeled, ego vehicle, rectification border, out of roi, static, dynamic, ground, road, sidewalk,
parking, rail track, building, wall, fence, guard rail, bridge, tunnel, pole, polegroup,
traffic light, traffic sign, vegetation, terrain, sky, person, rider, car, truck, bus, caravan,
trailer, train, motorcycle, bicycle
"""
LABELS = {name.strip(): place for place, name in enumerate(_NAMES.split(","))}
WITH_INSTANCES = range(LABELS["person"], len(LABELS))
PER_CLASS = 1000
# Polygons may leave the image, by at most this many image sizes.
_REACH = 8
# Drawn nowhere: the only label with a negative id.
_UNDRAWN = "license plate"


def check_ids(values: NDArray[np.int64], path: Path) -> None:
    """Raise an `InputError` unless all pixel values are label ids or instances of a label."""
    things = (values // PER_CLASS >= WITH_INSTANCES.start) & (
        values // PER_CLASS < WITH_INSTANCES.stop
    )
    known = (values >= 0) & ((values < len(LABELS)) | things)
    if not known.all():
        first, last = WITH_INSTANCES.start, WITH_INSTANCES.stop - 1
        raise InputError(
            f"{path.name}: pixel value {values[~known][0]}, expected a label id up to "
            f"{len(LABELS) - 1} or {PER_CLASS} times one of {first}-{last} plus an instance number"
        )


def paint_polygons(path: Path) -> NDArray[np.int32]:
    """The instance map, int32 (height, width), of a ``*_gtFine_polygons.json``.

    Polygons are painted in the file's order by Pillow, as the dataset's own scripts do; the n-th
    polygon of a label with instances gets the id ``1000 * label + n``, a ``…group`` the label's.
    """
    from PIL import Image, ImageDraw

    if not path.is_file():
        raise InputError(f"{path.name}: missing in {path.parent}, expected polygons")
    document = read_json(path, "Cityscapes polygon file")
    try:
        size = (int(document["imgWidth"]), int(document["imgHeight"]))
        if min(size) < 1 or size[0] * size[1] > MAX_PIXELS:
            raise ValueError(f"{size[0]}x{size[1]} px")
        image = Image.new("I", size, 0)
        drawer = ImageDraw.Draw(image)
        counts = dict.fromkeys(WITH_INSTANCES, 0)
        for item in document["objects"]:
            value = None if item.get("deleted") else _value(item["label"], counts, path)
            if value is not None:
                drawer.polygon(_points(item["polygon"], size), fill=value)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise InputError(
            f"{path.name}: not a Cityscapes polygon file ({type(error).__name__}: {error}), "
            "expected imgWidth, imgHeight and objects with label and polygon"
        ) from None
    return np.asarray(image).astype(np.int32)


def _points(polygon: Any, size: tuple[int, int]) -> list[tuple[float, float]]:
    """The vertices, unless they lie far outside: Pillow draws whatever it is told."""
    points = [(float(x), float(y)) for x, y in polygon]
    if not all(abs(value) <= _REACH * max(size) for point in points for value in point):
        raise ValueError("a vertex far outside the image")
    return points


def _value(label: Any, counts: dict[int, int], path: Path) -> int | None:
    """The pixel value of a polygon; None for what is not drawn."""
    if label == _UNDRAWN:
        return None
    group = label not in LABELS and str(label).endswith("group")
    identity = LABELS.get(str(label).removesuffix("group") if group else label)
    if identity is None:
        raise InputError(f"{path.name}: label '{label}', expected one of Cityscapes' labels")
    if group or identity not in counts:
        return identity
    counts[identity] += 1
    if counts[identity] > PER_CLASS:
        raise InputError(f"{path.name}: more than {PER_CLASS} polygons of label '{label}'")
    return identity * PER_CLASS + counts[identity] - 1
