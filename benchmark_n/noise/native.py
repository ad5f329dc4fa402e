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
from benchmark_n.noise.base import Drawn, DrawnNoise, Noise
from benchmark_n.noise.chunks import Chunk
from benchmark_n.noise.localization import Localization
from benchmark_n.noise.manifest_rows import NoisedMask
from benchmark_n.noise.scale import Scale
from benchmark_n.runtime.random_streams import Stream

# What became of a noise, as the kernel numbers it; None was applied.
_REASONS = (None, "too_few_vertices", "would_empty", "empty_mask", "zero_kernel")
_NOT_STRUCK = 255


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
) -> list[NoisedMask | None]:
    """What becomes of each mask of the chunk; None for those that are left to the engine.

    Parameters
    ----------
    fields
        The chunk's records, split.
    """
    count, kinds = len(fields), kinds_of(noises)
    if _native.kernel is None or kinds is None:
        return [None] * count
    known = [noise for noise in noises if isinstance(noise, DrawnNoise)]
    drawn, struck, reals, wholes = _draw(known, seed, chunk)
    figures, ious = np.zeros((count, 10), np.int64), np.zeros((count, 2))
    outcomes = np.full((count, len(kinds)), _NOT_STRUCK, np.uint8)
    done = np.zeros(count, np.uint8)
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
        figures,
        ious,
        outcomes,
        done,
    )
    return _outcomes(chunk, drawn, counts, figures, ious, outcomes)


def _draw(
    noises: Sequence[DrawnNoise], seed: int, chunk: Chunk
) -> tuple[list[list[Drawn | None]], NDArray[np.uint8], NDArray[np.float64], NDArray[np.int64]]:
    """The draws of each noise in turn, and as the kernel takes them: (N, noises) each."""
    shape = (len(chunk.records), len(noises))
    there = ~np.array(chunk.deleted, np.bool_)
    struck = np.array(chunk.drawn, np.bool_).T & there[:, None]
    reals, wholes = np.zeros(shape), np.zeros(shape, np.int64)
    drawn: list[list[Drawn | None]] = []
    for place, noise in enumerate(noises):
        column: list[Drawn | None] = [None] * shape[0]
        for i in np.flatnonzero(struck[:, place]).tolist():
            draws = noise.draw(Stream(seed, noise.name, chunk.annotation_ids[i]))
            column[i] = draws
            if isinstance(noise, Scale):
                sign = 1 if draws["operation"] == "dilate" else -1
                wholes[i, place] = sign * draws["kernel"]
            elif isinstance(noise, Localization):
                reals[i, place], wholes[i, place] = draws["sigma"], draws["seed"]
            else:
                reals[i, place] = draws["tolerance"]
        drawn.append(column)
    return drawn, np.ascontiguousarray(struck).view(np.uint8), reals, wholes


def _outcomes(
    chunk: Chunk,
    drawn: Sequence[Sequence[Drawn | None]],
    counts: Sequence[bytes | None],
    figures: NDArray[np.int64],
    ious: NDArray[np.float64],
    outcomes: NDArray[np.uint8],
) -> list[NoisedMask | None]:
    found: list[NoisedMask | None] = []
    rows = zip(
        counts,
        chunk.sizes,
        figures.tolist(),
        ious.tolist(),
        outcomes.tolist(),
        zip(*drawn, strict=True),
        zip(*chunk.drawn, strict=True),
        chunk.deleted,
        strict=True,
    )
    for text, size, numbers, (iou, boundary_iou), results, draws, hits, gone in rows:
        if text is None:
            found.append(None)
            continue
        mask = NoisedMask({"size": list(size), "counts": text}, iou, boundary_iou)
        mask.clean, mask.noisy = (numbers[0], numbers[1:5]), (numbers[5], numbers[6:])
        mask.changed = iou < 1
        if True not in hits:
            pass
        elif gone:
            mask.reasons = ["deleted" if hit else None for hit in hits]
        else:
            mask.drawn = draws
            mask.reasons = [None if r == _NOT_STRUCK else _REASONS[r] for r in results]
        found.append(mask)
    return found
