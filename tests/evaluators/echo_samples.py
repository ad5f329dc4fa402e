"""Left ventricles that are halves of ellipsoids, whose volume has a closed form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from benchmark_n.masks import CropMask
from tests.evaluators.coco_samples import Mask, record

SIZE = (300, 260)
SPACING = (0.42, 0.36)


def half_ellipse(
    half_width: float,
    length: float,
    tilt: float = 0.0,
    spacing: tuple[float, float] = SPACING,
    size: tuple[int, int] = SIZE,
) -> Mask:
    """A ventricle with the apex up: half-width of the base and length in mm."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    x = columns * spacing[0] - size[1] * spacing[0] / 2
    y = size[0] * spacing[1] * 0.9 - rows * spacing[1]
    across = x * math.cos(tilt) - y * math.sin(tilt)
    height = x * math.sin(tilt) + y * math.cos(tilt)
    inside = (height >= 0) & ((across / half_width) ** 2 + (height / length) ** 2 <= 1)
    mask: Mask = inside.astype(np.uint8)
    return mask


def half_ellipsoid(a: float, b: float, length: float) -> float:
    """Volume in ml of half an ellipsoid with the half-axes a and b of its base and its height."""
    return 2 / 3 * math.pi * a * b * length / 1000


def crop(mask: Mask) -> CropMask:
    return CropMask.from_full(mask)


def echo_document(patients: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A COCO document; each patient gives ``a``, ``b`` and ``length`` for ED and ES in mm."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for patient, shape in patients.items():
        for view, side in (("2CH", "b"), ("4CH", "a")):
            for instant in ("ED", "ES"):
                image_id = len(images) + 1
                images.append(
                    {
                        "id": image_id,
                        "height": SIZE[0],
                        "width": SIZE[1],
                        "file_name": f"{patient}_{view}_{instant}.png",
                        "patient": patient,
                        "view": view,
                        "instant": instant,
                        "spacing": list(SPACING),
                        "ef": shape.get("ef"),
                        "image_quality": shape.get("image_quality", "Good"),
                    }
                )
                sizes = shape[instant]
                mask = half_ellipse(sizes[side], sizes["length"], tilt=0.1)
                annotations.append(record(mask, image_id, 1, id=image_id, iscrowd=0))
    return {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "left_ventricle", "supercategory": "left_ventricle"}],
    }


PATIENTS: dict[str, dict[str, Any]] = {
    "patient0001": {
        "ED": {"a": 24.0, "b": 26.0, "length": 85.0},
        "ES": {"a": 18.0, "b": 20.0, "length": 75.0},
        "ef": 53.0,
    },
    "patient0002": {
        "ED": {"a": 28.0, "b": 27.0, "length": 88.0},
        "ES": {"a": 24.0, "b": 24.0, "length": 84.0},
        "ef": 27.0,
        "image_quality": "Poor",
    },
}
