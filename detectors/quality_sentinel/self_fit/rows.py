"""The numbers of given masks and of worse ones made of them, image by image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import Image
from benchmark_n.coco.pixels import Pixels, read_rgb
from benchmark_n.detectors.quality_sentinel.crops import cut_pair
from benchmark_n.detectors.quality_sentinel.degrade import LEAST_AREA
from benchmark_n.detectors.quality_sentinel.self_fit import (
    contrasts,
    detected,
    grabcut,
    outlines,
    shapes,
    spoiling,
)
from benchmark_n.detectors.quality_sentinel.self_fit.regressor import KINDS, OWN
from benchmark_n.evidence.domain import FEATURES, describe_crops
from benchmark_n.evidence.evidence import Ints
from benchmark_n.evidence.row_store import Rows, half
from benchmark_n.masks import CropMask, Rle, rle_to_crop
from benchmark_n.runtime.parallel import ordered_map
from benchmark_n.runtime.random_streams import Stream

# What each annotation is made worse by: one of the kinds of each round.
ROUNDS = (("contour",), ("contour",), ("contour",), ("shift", "pasted"))
# Changes when the numbers do; rows made before are not used again.
VERSION = 2
_CROP = 64


@dataclass(frozen=True)
class MaskTask:
    """An image with its annotations' masks.

    Parameters
    ----------
    places, ids
        int64 (n,): places of the annotations in the evidence, and their ids.
    pasted
        For each annotation the mask of another object, which may take its place.
    found
        What each detector found in the image.
    """

    path: Path
    image: Image
    places: Ints
    ids: Ints
    masks: tuple[Rle, ...]
    pasted: tuple[Rle, ...]
    found: tuple[detected.Found, ...] = ()


def make_rows(seed: int, workers: int | None, tasks: Sequence[MaskTask]) -> Rows:
    """The rows of some images.

    Returns
    -------
    dict
        ``features`` float16 (M, F), of each row its annotation ``places`` int64 (M,), ``kinds``
        int64 (M,), an index into `KINDS`, ``ious`` and ``boundary_ious`` float32 (M,) with the
        given mask; and of each given mask ``pictures`` float16 (n, D) and its ``own_places`` int64
        (n,).
    """
    parts = list(ordered_map(partial(_image_rows, seed), tasks, workers=workers))
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    names = ("features", "pictures")
    return {name: half(rows) if name in names else rows for name, rows in joined.items()}


def _image_rows(seed: int, task: MaskTask) -> Rows:
    pixels = read_rgb(task.path, task.image)
    maps = contrasts.edge_maps(pixels)
    masks = [rle_to_crop(rle).tight() for rle in task.masks]
    covered = _covered(masks, pixels.shape[:2])
    features: list[list[float]] = []
    rows: list[tuple[int, int, float, float]] = []
    for number, mask in enumerate(masks):
        if not mask.area:
            continue
        below = _below(covered, mask)
        below -= mask.pixels  # of the other masks alone, while this one is looked at
        place = int(task.places[number])
        for worse in _variants(mask, task, number, seed):
            points = outlines.outline_points(worse.mask)
            features.append(
                shapes.shape_features(worse.mask)
                + contrasts.contrast_features(maps, covered, *points)
                + grabcut.grabcut_features(pixels, worse.mask)
                + detected.detected_features(worse.mask, task.found)
            )
            rows.append((place, KINDS.index(worse.kind), worse.iou, worse.boundary_iou))
        below += mask.pixels
    width = len(shapes.NAMES + contrasts.NAMES + grabcut.NAMES)
    width += len(task.found) * len(detected.NAMES)
    columns: Any = zip(*rows, strict=True) if rows else ((), (), (), ())
    places, kinds, ious, boundary_ious = columns
    return {
        "features": np.array(features, np.float32).reshape(-1, width),
        "places": np.array(places, np.int64),
        "kinds": np.array(kinds, np.int64),
        "ious": np.array(ious, np.float32),
        "boundary_ious": np.array(boundary_ious, np.float32),
        **_pictures(pixels, masks, task.places),
    }


def _pictures(pixels: Pixels, masks: Sequence[CropMask], places: Ints) -> Rows:
    """What the pictures around the masks look like."""
    kept = [i for i, mask in enumerate(masks) if mask.area]
    crops = [cut_pair(pixels, masks[i], _CROP)[..., :3] for i in kept]
    rows = describe_crops(np.stack(crops)) if crops else np.zeros((0, FEATURES), np.float32)
    return {"pictures": rows, "own_places": places[kept]}


def _variants(mask: CropMask, task: MaskTask, number: int, seed: int) -> list[spoiling.Spoilt]:
    """The mask itself, and what came out of the rounds."""
    made = [spoiling.Spoilt(mask, OWN, 1.0, 1.0)]
    if mask.area < LEAST_AREA:
        return made
    other = rle_to_crop(task.pasted[number]).tight()
    for place, kinds in enumerate(ROUNDS):
        stream = Stream(seed, f"self-fit.{place}", int(task.ids[number]))
        kind = kinds[stream.integer("kind") % len(kinds)]
        worse = spoiling.spoil(mask, kind, other, stream)
        if worse is not None:
            made.append(worse)
    return made


def _covered(masks: Sequence[CropMask], shape: tuple[int, int]) -> NDArray[np.uint16]:
    """How many masks cover each pixel."""
    canvas = np.zeros(shape, np.uint16)
    for mask in masks:
        below = _below(canvas, mask)
        below += mask.pixels
    return canvas


def _below(canvas: NDArray[np.uint16], mask: CropMask) -> NDArray[np.uint16]:
    """The part of the canvas that the mask's crop lies on."""
    h, w = mask.pixels.shape
    return canvas[mask.y : mask.y + h, mask.x : mask.x + w]
