"""The noises of the tiers by the native kernel, which gives the same bytes several times as fast.

The Python engine is the reference. The kernel knows three noises, in the forms that the tiers have,
on plain polygons inside the image and on RLEs as encoders write them; every other record is left
to the engine, and so are whole recipes with any other noise of masks or boxes. It is compiled
where there is a compiler when the package is installed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n import _native
from benchmark_n.masks.boundary import boundary_distance
from benchmark_n.noise.approximation import Approximation
from benchmark_n.noise.base import DrawnNoise, Noise
from benchmark_n.noise.chunks import Chunk
from benchmark_n.noise.localization import Localization
from benchmark_n.noise.noised_chunk import NoisedChunk
from benchmark_n.noise.scale import Scale
from benchmark_n.runtime.random_streams import Stream

# Why a noise was not applied, as the kernel numbers it; the last is decided here.
_REASONS = np.array(
    [None, "too_few_vertices", "would_empty", "empty_mask", "zero_kernel", "deleted"], object
)
_DELETED = len(_REASONS) - 1


class Kind(IntEnum):
    """A noise in one of its forms, as the kernel numbers them."""

    SIMPLIFY_CONTOURS = 0
    SIMPLIFY_POLYGONS = 1
    MOVE_CONTOURS = 2
    MOVE_POLYGONS = 3
    RESIZE = 4


def kinds_of(noises: Sequence[Noise]) -> tuple[Kind, ...] | None:
    """How the kernel calls the noises of masks; None where it does not know one of them.

    >>> kinds_of([Scale(0.3, kernel=7), Localization(0.3, sigma=4.0)])
    (<Kind.RESIZE: 4>, <Kind.MOVE_CONTOURS: 2>)
    """
    kinds = [_kind_of(noise) for noise in noises if isinstance(noise, DrawnNoise)]
    known = tuple(kind for kind in kinds if kind is not None)
    return known if kinds and len(known) == len(kinds) else None


def _kind_of(noise: DrawnNoise) -> Kind | None:
    if type(noise) is Scale:
        return None if noise.redrawn else Kind.RESIZE
    if type(noise) is Localization and noise.contours == "all":
        return Kind.MOVE_POLYGONS if noise.vertices == "polygon" else Kind.MOVE_CONTOURS
    if type(noise) is Approximation and noise.contours == "all" and noise.keeps_short:
        if noise.vertices == "polygon":
            return Kind.SIMPLIFY_POLYGONS if noise.preserve_topology else None
        return None if noise.preserve_topology else Kind.SIMPLIFY_CONTOURS
    return None


def noise_natively(
    noises: Sequence[Noise],
    seed: int,
    dilation_ratio: float,
    chunk: Chunk,
    fields: Sequence[Mapping[str, Any]],
) -> tuple[NoisedChunk, list[int]]:
    """What becomes of the masks of the chunk, and the places of those that are left to the engine.

    Parameters
    ----------
    fields
        The chunk's records, split.
    """
    count, kinds = len(fields), kinds_of(noises)
    known = [noise for noise in noises if isinstance(noise, DrawnNoise)]
    noised = NoisedChunk.blank(count, len(known))
    if _native.kernel is None or kinds is None:
        return noised, list(range(count))
    struck, reals, wholes = _draw(known, seed, chunk, noised)
    outcomes, done = np.zeros((count, len(kinds)), np.uint8), np.zeros(count, np.uint8)
    distances = [boundary_distance(*size, dilation_ratio) for size in chunk.sizes]
    segmentations = [
        one.get("segmentation") if start is None else None
        for one, start in zip(fields, chunk.starts, strict=True)
    ]
    counts = _native.kernel.noise_masks(
        segmentations,
        np.array(chunk.sizes, np.int32),
        np.array(distances, np.int32),
        bytes(kinds),
        struck,
        reals,
        wholes,
        noised.figures,
        noised.ious,
        outcomes,
        done,
    )
    pairs = zip(counts, chunk.sizes, strict=True)
    noised.rles = [
        None if text is None else {"size": list(size), "counts": text} for text, size in pairs
    ]
    noised.changed = noised.ious[:, 0] < 1
    gone = np.array(chunk.deleted, np.bool_)
    for place, hits in enumerate(chunk.drawn):
        codes = np.where(gone & hits, _DELETED, outcomes[:, place])
        noised.reasons[place] = _REASONS[codes].tolist()
    return noised, np.flatnonzero(done == 0).tolist()


def _draw(
    noises: Sequence[DrawnNoise], seed: int, chunk: Chunk, noised: NoisedChunk
) -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.int64]]:
    """Put the draws of each noise into `noised`; and as the kernel takes them, (N, noises) each."""
    shape = (len(chunk.records), len(noises))
    there = ~np.array(chunk.deleted, np.bool_)
    struck = np.array(chunk.drawn, np.bool_).T & there[:, None]
    reals, wholes = np.zeros(shape), np.zeros(shape, np.int64)
    for place, noise in enumerate(noises):
        for i in np.flatnonzero(struck[:, place]).tolist():
            draws = noise.draw(Stream(seed, noise.name, chunk.annotation_ids[i]))
            noised.drawn[place][i] = draws
            if isinstance(noise, Scale):
                sign = 1 if draws["operation"] == "dilate" else -1
                wholes[i, place] = sign * draws["kernel"]
            elif isinstance(noise, Localization):
                reals[i, place], wholes[i, place] = draws["sigma"], draws["seed"]
            else:
                reals[i, place] = draws["tolerance"]
    return np.ascontiguousarray(struck).view(np.uint8), reals, wholes
