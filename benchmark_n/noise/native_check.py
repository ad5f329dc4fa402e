"""Whether the native kernel may be used: it is there, wanted, and does what the libraries do.

The kernel does again what OpenCV, pycocotools and numpy do. Where one of these gives other masks
than those that the kernel was written after, the Python engine is right.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

import msgspec
import numpy as np

from benchmark_n import _native
from benchmark_n.coco.annotation_masks import read_mask, read_polygons
from benchmark_n.coco.records import split_record
from benchmark_n.masks import crop_to_rle, rle_to_crop
from benchmark_n.masks.boundary import boundary_distance
from benchmark_n.masks.shape import Shape
from benchmark_n.noise.approximation import Approximation
from benchmark_n.noise.base import DrawnNoise
from benchmark_n.noise.chunks import Chunk
from benchmark_n.noise.localization import Localization
from benchmark_n.noise.native import noise_natively
from benchmark_n.noise.noised_chunk import NoisedChunk, NoisedMask
from benchmark_n.noise.noised_masks import compare_masks, noise_shape
from benchmark_n.noise.scale import Scale
from benchmark_n.runtime.random_streams import Stream
from benchmark_n.tables.manifest_schema import SOURCE

SWITCH = "BENCHMARK_N_NATIVE"
_HEIGHT, _WIDTH, _SEED, _RATIO = 60, 80, 1, 0.02
# All forms that the kernel knows, on every mask.
_NOISES: tuple[tuple[DrawnNoise, ...], ...] = (
    (
        Approximation(1.0, tolerance=2.0),
        Localization(1.0, sigma=1.5),
        Scale(1.0, kernel=3),
    ),
    (
        Approximation(1.0, tolerance=2.0, sd=1.0, vertices="polygon", preserve_topology=True),
        Localization(1.0, sigma=1.5, sd=0.5, vertices="polygon"),
        Scale(1.0, kernel=4, sd=2.0),
    ),
)
_log = logging.getLogger(__name__)


def usable() -> bool:
    """Whether the kernel is used; one warning says so where it had to be switched off.

    The environment variable ``BENCHMARK_N_NATIVE=0`` does without it.
    """
    return _native.kernel is not None and os.environ.get(SWITCH) != "0" and _agrees()


@cache
def _agrees() -> bool:
    try:
        if agrees():
            return True
    except (TypeError, ValueError, BufferError) as error:  # of a build of other sources
        _log.warning(
            "the native kernel was built from other sources (%s): install the package anew; the "
            "Python engine makes the same benchmark more slowly",
            error,
        )
        return False
    names = ("opencv-python", "pycocotools", "numpy")
    _log.warning(
        "the native kernel makes other masks than %s %s, %s %s and %s %s: it is switched off, and "
        "the Python engine makes the same benchmark more slowly",
        *(word for name in names for word in (name, version(name))),
    )
    return False


def agrees() -> bool:
    """Whether kernel and libraries do the same to a few fixed masks."""
    chunk = _chunk()
    fields = [split_record(record) for record in chunk.records]
    for noises in _NOISES:
        found, left = noise_natively(noises, _SEED, _RATIO, chunk, fields)
        wanted = NoisedChunk.blank(len(fields), len(noises))
        for i, identity in enumerate(chunk.annotation_ids):
            wanted.put(i, _reference(noises, fields[i], identity))
        if left or not found.equals(wanted):
            return False
    return True


def _reference(noises: Sequence[DrawnNoise], fields: dict[str, Any], identity: int) -> NoisedMask:
    """The same by the libraries."""
    rle = read_mask(fields, _HEIGHT, _WIDTH)
    clean, polygons = rle_to_crop(rle), read_polygons(fields)
    outcome = NoisedMask(rle)
    shape = Shape(clean, None if polygons is None else tuple([one] for one in polygons))
    streams = [Stream(_SEED, noise.name, identity) for noise in noises]
    noisy = noise_shape(noises, streams, shape, outcome)
    compare_masks(outcome, clean, noisy, boundary_distance(_HEIGHT, _WIDTH, _RATIO))
    outcome.changed = outcome.iou < 1
    if outcome.changed:
        outcome.rle = crop_to_rle(noisy)
    return outcome


def _chunk() -> Chunk:
    """Fixed annotations of one image: polygons of all sorts, and masks with holes as RLE."""
    segmentations = [*_polygons(), *_rles()]
    count = len(segmentations)
    records = [msgspec.json.encode({"segmentation": one}) for one in segmentations]
    ids, nothing = list(range(1, count + 1)), [False] * count
    return Chunk(
        records=records,
        annotation_ids=ids,
        published_ids=ids,
        image_ids=[1] * count,
        sizes=[(_HEIGHT, _WIDTH)] * count,
        category_ids=[1] * count,
        noisy_category_ids=[1] * count,
        category_reasons=[None] * count,
        crowd=nothing,
        deleted=nothing,
        drawn=[[True] * count] * 3,
        origins=[SOURCE] * count,
        source_ids=[[i] for i in ids],
        starts=[None] * count,
        applied={},
        reasons={},
    )


def _polygons() -> list[list[list[float]]]:
    found = []
    for vertices, radius in ((5, 25.0), (12, 18.3), (40, 29.9), (3, 2.4)):
        angles = np.arange(vertices) * (2 * np.pi / vertices)
        reach = radius * np.where(np.arange(vertices) % 2, 0.6, 1.0)
        points = np.stack([40 + 1.2 * reach * np.cos(angles), 30 + reach * np.sin(angles)], axis=1)
        found.append([points.round(2).ravel().tolist()])
    found.append([[0.0, 0.0, 80.0, 0.0, 80.0, 11.5, 0.0, 20.25], *found[1]])  # along the border
    found.append([[7.5, 3.2, 33.3, 50.1, 7.5, 50.1, 33.3, 3.2]])  # crosses itself
    return found


def _rles() -> list[dict[str, Any]]:
    rows, columns = np.mgrid[:_HEIGHT, :_WIDTH]
    radius = np.hypot(rows - 30, columns - 40)
    masks = [
        (radius < 26) & ~((radius > 9) & (radius < 15)),
        (rows // 9 + columns // 11) % 2 == 0,  # parts that touch at corners
        (rows == 59) & (columns == 79),
    ]
    found = []
    for mask in masks:
        edges = np.flatnonzero(np.diff(mask.T.ravel().astype(np.int8), prepend=0, append=2))
        runs = np.diff(edges, prepend=0)
        found.append({"size": [_HEIGHT, _WIDTH], "counts": list(map(int, runs))})
    return found
