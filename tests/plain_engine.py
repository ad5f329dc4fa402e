"""A plain full-canvas implementation of the noises: the oracle of the tests, the bench's baseline.

Every mask is an image-sized array, every operation the textbook call on it. The parameters drawn
for an instance come from the package, and so do the vertices that are kept of an outline, which
tests/masks/test_simplification.py compares with GEOS; all else is written here again.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.masks import CropMask
from benchmark_n.masks.outline import mask_to_rings
from benchmark_n.masks.simplification import simplify_ring

Canvas = NDArray[np.uint8]
# Parts of a mask: float64 (V, 2) outlines, each followed by its holes.
Parts = list[list[NDArray[np.float64]]]


def decode(segmentation: Any, height: int, width: int) -> Canvas:
    """Mask on the whole canvas, as pycocotools' ``annToMask`` makes it."""
    if isinstance(segmentation, dict):
        counts = segmentation["counts"]
        rle = (
            coco_mask.frPyObjects(segmentation, height, width)
            if isinstance(counts, list)
            else segmentation
        )
    else:
        rle = coco_mask.merge(coco_mask.frPyObjects(segmentation, height, width))
    return np.ascontiguousarray(coco_mask.decode(rle))


def encode(mask: Canvas) -> dict[str, Any]:
    """Compressed RLE of a canvas."""
    rle: dict[str, Any] = coco_mask.encode(np.asfortranarray(mask))
    return rle


def contour_parts(mask: Canvas, holes: bool) -> list[list[NDArray[np.int32]]]:
    """Outer contours, each followed by its holes."""
    mode = cv2.RETR_CCOMP if holes else cv2.RETR_EXTERNAL
    contours, hierarchy = cv2.findContours(mask, mode, cv2.CHAIN_APPROX_SIMPLE)
    parts: dict[int, list[Any]] = {}
    for index, contour in enumerate(contours):
        parent = hierarchy[0][index][3]
        parts.setdefault(index if parent < 0 else parent, [])
        if parent < 0:
            parts[index].insert(0, contour)
        else:
            parts[parent].append(contour)
    return list(parts.values())


def fill(parts: list[list[NDArray[np.int32]]], shape: tuple[int, int]) -> Canvas:
    """The union of parts, each filled by the even-odd rule."""
    result = np.zeros(shape, np.uint8)
    for part in parts:
        layer = np.zeros(shape, np.uint8)
        cv2.fillPoly(layer, part, (1,))
        result |= layer
    return result


def own_parts(segmentation: Any) -> Parts | None:
    """The polygons of a segmentation that is no RLE."""
    if isinstance(segmentation, dict):
        return None
    return [[np.reshape(one, (-1, 2)).astype(float)] for one in segmentation if len(one) >= 6]


def simplified_parts(mask: Canvas) -> Parts:
    """The outlines of a mask along the edges of its pixels, simplified at 1 px."""
    parts = mask_to_rings(CropMask.from_full(mask))
    return [[ring[simplify_ring(ring, 1.0)].astype(float) for ring in part] for part in parts]


def rasterise(parts: Parts, shape: tuple[int, int]) -> Canvas:
    """The union of outlines, each rasterised by pycocotools by itself; holes are cut out.

    Vertices beyond eight image sides are moved to there.
    """
    result, reach = np.zeros(shape, np.uint8), 8 * max(shape)
    for outer, *holes in parts:
        layer = np.zeros(shape, np.uint8)
        for ring in (outer, *holes):
            if len(ring) >= 3:
                polygon = ring.clip(-reach, reach).ravel().tolist()
                layer ^= coco_mask.decode(coco_mask.frPyObjects([polygon], *shape)[0])
        result |= layer
    return result


def redraw_polygons(
    noise: Any, mask: Canvas, parts: Parts | None, drawn: dict[str, Any]
) -> tuple[Canvas, Parts]:
    """The noises that go by the annotation's polygons."""
    parts = simplified_parts(mask) if parts is None else parts
    shape = (mask.shape[0], mask.shape[1])
    if noise.name == "approximation":
        new = [[ring[simplify_ring(ring, drawn["tolerance"])] for ring in part] for part in parts]
    elif noise.name == "localization":
        rng = np.random.default_rng(drawn["seed"])
        new = [
            [ring + drawn["sigma"] * rng.standard_normal(ring.shape) for ring in part]
            for part in parts
        ]
    else:
        cut = [[np.trunc(ring).astype(np.int32)[:, None] for ring in part] for part in parts]
        resized = scale(fill(cut, shape), noise, drawn)
        new = [[c[:, 0].astype(float) for c in part] for part in contour_parts(resized, False)]
    return rasterise(new, shape), new


def approximation(mask: Canvas, noise: Any, drawn: dict[str, Any]) -> Canvas | None:
    """Douglas-Peucker; None when every contour would be left with two vertices or fewer."""
    parts = contour_parts(mask, noise.contours == "all")
    done = False
    for part in parts:
        for i, contour in enumerate(part):
            kept_vertices = simplify_ring(contour[:, 0, :], drawn["tolerance"])
            simple: NDArray[Any] = contour[kept_vertices]
            if not noise.preserve_topology:
                simple = cv2.approxPolyDP(contour, drawn["tolerance"], True)
            if len(simple) >= 3:
                part[i] = simple.astype(np.int32)
                done = True
            elif noise.few_vertices == "drop":
                part[i] = np.zeros((0, 1, 2), np.int32)
                done = True
    kept = [[contour for contour in part if len(contour)] for part in parts]
    return fill([part for part in kept if part], mask.shape) if done else None


def localization(mask: Canvas, noise: Any, drawn: dict[str, Any]) -> Canvas | None:
    """Gaussian displacement of every vertex."""
    rng = np.random.default_rng(drawn["seed"])
    parts = contour_parts(mask, noise.contours == "all")
    for part in parts:
        for i, contour in enumerate(part):
            shift = np.rint(drawn["sigma"] * rng.standard_normal((len(contour), 2)))
            part[i] = (contour[:, 0, :] + shift).astype(np.int32).reshape(-1, 1, 2)
    return fill(parts, mask.shape)


def scale(mask: Canvas, noise: Any, drawn: dict[str, Any]) -> Canvas:
    """Dilation or erosion."""
    change = cv2.dilate if drawn["operation"] == "dilate" else cv2.erode
    return change(mask, np.ones((drawn["kernel"], drawn["kernel"]), np.uint8)).astype(np.uint8)


def opening(mask: Canvas, noise: Any, drawn: dict[str, Any]) -> Canvas | None:
    """Erosion, then dilation."""
    kernel = np.ones((noise.kernel, noise.kernel), np.uint8)
    return cv2.dilate(cv2.erode(mask, kernel), kernel).astype(np.uint8)


def shift(mask: Canvas, noise: Any, drawn: dict[str, Any]) -> Canvas | None:
    """Translation by whole pixels."""
    h, w = mask.shape
    matrix = np.array([[1, 0, drawn["dx"]], [0, 1, drawn["dy"]]], np.float64)
    return cv2.warpAffine(mask, matrix, (w, h), flags=cv2.INTER_NEAREST).astype(np.uint8)


APPLY = {
    "approximation": approximation,
    "localization": localization,
    "scale": scale,
    "opening": opening,
    "shift": shift,
}


def noise_mask(
    mask: Canvas,
    struck: list[tuple[Any, dict[str, Any]]],
    parts: Parts | None = None,
    may_empty: bool = False,
) -> Canvas:
    """The mask after the noises in turn; one that would leave nothing is passed over."""
    for noise, drawn in struck:
        if not mask.any() and not parts:
            break
        if noise.name == "scale" and drawn["kernel"] == 0:
            continue
        left: Parts | None = None
        noisy: Canvas | None
        if noise.uses_polygons:
            noisy, left = redraw_polygons(noise, mask, parts, drawn)
        else:
            noisy = APPLY[noise.name](mask, noise, drawn)
        if noisy is not None and (noisy.any() or may_empty):
            mask, parts = noisy, left
    return mask


def boundary(mask: Canvas, ratio: float) -> Canvas:
    """Boundary band (Cheng et al. 2021): the mask without its d-fold 3x3 erosion."""
    h, w = mask.shape
    distance = max(1, round(ratio * np.sqrt(h**2 + w**2)))
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=distance)
    return (mask - eroded[1:-1, 1:-1]).astype(np.uint8)


def iou(a: Canvas, b: Canvas) -> float:
    """Intersection over union of two canvases."""
    union = np.count_nonzero(a | b)
    return np.count_nonzero(a & b) / union if union else 1.0


def process(
    segmentation: Any,
    height: int,
    width: int,
    struck: list[tuple[Any, dict[str, Any]]],
    ratio: float = 0.02,
    may_empty: bool = False,
) -> dict[str, Any]:
    """Noisy RLE, areas, boxes, IoU and boundary IoU of one annotation: the manifest's figures."""
    clean = decode(segmentation, height, width)
    parts = own_parts(segmentation) if clean.any() else None  # else there is nothing to noise
    noisy = noise_mask(clean, struck, parts, may_empty) if struck else clean
    changed = bool(struck) and not np.array_equal(clean, noisy)
    rle = encode(clean)
    noisy_rle = encode(noisy) if changed else rle
    return {
        "rle": noisy_rle,
        "area": int(coco_mask.area(rle)),
        "bbox": [int(v) for v in coco_mask.toBbox(rle)],
        "noisy_area": int(coco_mask.area(noisy_rle)),
        "noisy_bbox": [int(v) for v in coco_mask.toBbox(noisy_rle)],
        "iou": iou(clean, noisy) if changed else 1.0,
        "boundary_iou": iou(boundary(clean, ratio), boundary(noisy, ratio)) if changed else 1.0,
    }
