"""The native kernel piece by piece against OpenCV, numpy and pycocotools on whole canvases.

A piece is a noise alone, or none: what is compared are the counts of the noisy mask, areas, boxes
and both IoUs of `tests.plain_engine`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n import _native
from benchmark_n.masks.boundary import boundary_distance
from benchmark_n.noise.approximation import Approximation
from benchmark_n.noise.localization import Localization
from benchmark_n.noise.native import Kind, kinds_of
from benchmark_n.noise.scale import Scale
from tests import plain_engine

Random = np.random.Generator
Struck = Sequence[tuple[Any, dict[str, Any]]]
REASONS = ("too_few_vertices", "would_empty", "empty_mask", "zero_kernel")


def run_kernel(
    segmentation: Any, size: tuple[int, int], struck: Struck, ratio: float = 0.02
) -> dict[str, Any] | None:
    """What the kernel makes of one annotation, in the words of `plain_engine.process`."""
    assert _native.kernel is not None
    kinds = kinds_of([noise for noise, _ in struck]) or ()
    numbers = [_numbers(kind, drawn) for kind, (_, drawn) in zip(kinds, struck, strict=True)]
    figures, ious = np.zeros(10, np.int64), np.zeros(2)
    outcomes, done = np.zeros(len(kinds), np.uint8), np.zeros(1, np.uint8)
    (counts,) = _native.kernel.noise_masks(
        [json.dumps(segmentation).encode()],
        np.array(size, np.int32),
        np.array([boundary_distance(*size, ratio)], np.int32),
        bytes(kinds),
        np.ones(len(kinds), np.uint8),
        np.array([real for real, _ in numbers], np.float64),
        np.array([whole for _, whole in numbers], np.int64),
        figures,
        ious,
        outcomes,
        done,
    )
    if counts is None:
        return None
    return {
        "rle": {"size": list(size), "counts": counts},
        "area": int(figures[0]),
        "bbox": figures[1:5].tolist(),
        "noisy_area": int(figures[5]),
        "noisy_bbox": figures[6:].tolist(),
        "iou": ious[0],
        "boundary_iou": ious[1],
    }


def _numbers(kind: Kind, drawn: dict[str, Any]) -> tuple[float, int]:
    if kind == Kind.RESIZE:
        return 0.0, drawn["kernel"] * (1 if drawn["operation"] == "dilate" else -1)
    if kind in (Kind.MOVE_CONTOURS, Kind.MOVE_POLYGONS):
        return drawn["sigma"], drawn["seed"]
    return drawn["tolerance"], 0


def random_size(rng: Random) -> tuple[int, int]:
    """Height and width, px; now and then a line."""
    height, width = rng.integers(1, 70, 2).tolist()
    return height, width


def random_mask(rng: Random, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Speckle, or shapes drawn and cut out, some with speckle, some of large pixels."""
    height, width = size
    sort = rng.integers(4)
    if sort == 0:
        return (rng.random(size) < rng.random()).astype(np.uint8)
    mask = np.zeros(size, np.uint8)
    for _ in range(rng.integers(1, 7)):
        points = rng.integers(-5, 75, (rng.integers(3, 9), 1, 2)).astype(np.int32)
        cv2.fillPoly(mask, [points], int(rng.integers(2)))
    if sort == 1:
        mask ^= (rng.random(size) < 0.03).astype(np.uint8)
    if sort == 2:
        small = mask[: -(-height // 3), : -(-width // 3)]
        mask = np.ascontiguousarray(small.repeat(3, 0).repeat(3, 1)[:height, :width])
    return mask


def random_rle(rng: Random, size: tuple[int, int]) -> dict[str, Any]:
    """The mask as text, or as a list of runs, some of them empty."""
    mask = random_mask(rng, size)
    if rng.random() < 0.5:
        return {"size": list(size), "counts": plain_engine.encode(mask)["counts"].decode()}
    flat = mask.T.ravel().astype(np.int8)
    edges = np.flatnonzero(np.diff(flat, prepend=0, append=2))
    runs = np.diff(edges, prepend=0).tolist()
    if rng.random() < 0.3:
        place = int(rng.integers(len(runs)))
        part = int(rng.integers(runs[place] + 1))
        runs[place : place + 1] = [part, 0, runs[place] - part]
    return {"size": list(size), "counts": runs}


def random_polygons(rng: Random, size: tuple[int, int]) -> list[list[float]]:
    """One to three, of coordinates with few digits or many, some of their points twice."""
    found = []
    for _ in range(rng.integers(1, 4)):
        points = rng.random((int(rng.integers(3, 14)), 2)) * (size[1], size[0])
        digits = int(rng.integers(4))
        if digits < 3:
            points = points.round(digits)
        if rng.random() < 0.2:
            points[1] = points[0]
        found.append(points.ravel().tolist())
    return found


def random_segmentation(rng: Random, size: tuple[int, int]) -> Any:
    return random_polygons(rng, size) if rng.random() < 0.5 else random_rle(rng, size)


def _nothing(rng: Random) -> dict[str, Any]:
    return {}


def _tolerance(rng: Random) -> dict[str, Any]:
    return {"tolerance": float(rng.choice([0, 0.5, 1, 2, 5, 15, rng.random() * 30]))}


def _displacement(rng: Random) -> dict[str, Any]:
    sigma = float(rng.choice([0, 0.5, 1, 4, 10, 60]))
    return {"sigma": sigma, "seed": int(rng.integers(2**63))}


def _kernel(rng: Random) -> dict[str, Any]:
    operation = "dilate" if rng.random() < 0.5 else "erode"
    return {"kernel": int(rng.integers(0, 12)), "operation": operation}


_TOPOLOGY = Approximation(1.0, tolerance=1.0, vertices="polygon", preserve_topology=True)
# Name of a piece to the noise, how to draw its parameters, and how its masks are drawn.
PIECES: dict[str, tuple[Any, Callable[[Random], dict[str, Any]], Callable[..., Any]]] = {
    "polygons": (None, _nothing, random_polygons),
    "run lengths": (None, _nothing, random_rle),
    "contours simplified": (Approximation(1.0, tolerance=1.0), _tolerance, random_segmentation),
    "polygons simplified": (_TOPOLOGY, _tolerance, random_segmentation),
    "contours moved": (Localization(1.0, sigma=1.0), _displacement, random_segmentation),
    "polygons moved": (
        Localization(1.0, sigma=1.0, vertices="polygon"),
        _displacement,
        random_segmentation,
    ),
    "dilated, eroded": (Scale(1.0, kernel=3), _kernel, random_segmentation),
}


def difference(piece: str, rng: Random) -> str | None:
    """What kernel and canvas disagree on, of one random mask; None where they are equal."""
    noise, draw, segment = PIECES[piece]
    size = random_size(rng)
    segmentation = segment(rng, size)
    struck = [] if noise is None else [(noise, draw(rng))]
    found = run_kernel(segmentation, size, struck)
    if found is None:
        return f"left to the engine: {segmentation} in {size}"
    wanted = plain_engine.process(segmentation, *size, struck)
    wrong = [name for name in wanted if found[name] != wanted[name]]
    return f"{wrong} of {segmentation} in {size} after {struck}" if wrong else None
