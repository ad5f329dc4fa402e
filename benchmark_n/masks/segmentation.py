"""COCO ``segmentation`` values to RLE, rasterised by pycocotools itself.

pycocotools turns polygons into runs without a canvas, so the runs are exact by construction and
cost only the outline; crops are cut out of the runs (`benchmark_n.masks.rle`). Moving a polygon
into its crop before it is rasterised is not exact, not even by whole pixels after pycocotools'
own rounding to fifths: where an edge passes exactly between two grid points, the floating-point
sum that decides depends on the coordinates' size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from benchmark_n.masks.rle import Rle, RleError, check_runs, counts_to_runs, runs_to_rle

# Polygons may leave the image, by at most this many image sizes.
_REACH = 8
# pycocotools walks an outline in steps of a fifth of a pixel; this bounds the memory it takes.
_LONGEST_OUTLINE = 2**24
# What is read, but not all of it; told by the kind. See `segmentation_to_rle`.
SHORT, CUT = "short_polygons", "cut_by_border"
# Of its area, that a mask may lose at the image's border without a word.
MOST_LOST = 0.01

Note = Callable[[str], None]


class SegmentationError(ValueError):
    """A segmentation that is no mask of its image; the message says what was found."""


def segmentation_to_rle(
    segmentation: Any, height: int, width: int, *, note: Note | None = None
) -> Rle:
    """Compressed RLE of a COCO segmentation in an image of height x width px.

    Parameters
    ----------
    segmentation
        A list of polygons ``[x0, y0, x1, y1, …]`` (united), an RLE object with `counts` as a
        string or as a list of runs, or a list that holds one such object.
    note
        Called with `SHORT` for each polygon of fewer than three points beside one of more, which
        adds no pixel to the mask, and with `CUT` where the mask loses more than `MOST_LOST` of its
        area beyond the image.

    Raises
    ------
    SegmentationError
        Odd number of coordinates, no polygon of three points, NaN or infinity, coordinates far
        outside the image, an RLE of another size, or corrupt counts.
    """
    if (
        isinstance(segmentation, list)
        and len(segmentation) == 1
        and isinstance(segmentation[0], dict)
    ):
        segmentation = segmentation[0]
    if isinstance(segmentation, dict):
        return _checked_rle(segmentation, height, width)
    if isinstance(segmentation, list):
        return polygons_to_rle(segmentation, height, width, note=note)
    raise SegmentationError(
        f"segmentation is {type(segmentation).__name__}, expected polygons or an RLE"
    )


def polygons_to_rle(
    polygons: Sequence[Sequence[float]], height: int, width: int, *, note: Note | None = None
) -> Rle:
    """Compressed RLE of the union of polygons; no polygon gives the empty mask."""
    if not polygons:
        return runs_to_rle(np.array([height * width]), height, width)
    reach = _REACH * max(height, width)
    inside = all([_check_polygon(polygon, reach, height, width) for polygon in polygons])
    kept = [polygon for polygon in polygons if len(polygon) >= 6]
    if not kept:
        raise SegmentationError(f"polygon with {len(polygons[0]) // 2} points, expected 3 or more")
    rle = _rasterise(kept, height, width)
    if note is not None:
        for _ in range(len(polygons) - len(kept)):
            note(SHORT)
        if not inside and _lost_share(kept, rle) > MOST_LOST:
            note(CUT)
    return rle


def _rasterise(polygons: list[Any], height: int, width: int) -> Rle:
    parts = coco_mask.frPyObjects(polygons, height, width)
    rle: Rle = parts[0] if len(parts) == 1 else coco_mask.merge(parts)
    return rle


def _lost_share(polygons: Sequence[Sequence[float]], rle: Rle) -> float:
    """Share of the area, 0 to 1, that lies beyond the image whose mask `rle` is."""
    points = [np.reshape(np.asarray(polygon, float), (-1, 2)) for polygon in polygons]
    every = np.concatenate(points)
    low = np.floor(every.min(axis=0))
    width, height = (np.ceil(every.max(axis=0)) - low).astype(int).tolist()
    moved = [(each - low).ravel().tolist() for each in points]
    whole = int(coco_mask.area(_rasterise(moved, max(height, 1), max(width, 1))))
    return 1 - int(coco_mask.area(rle)) / whole if whole else 0.0


def _check_polygon(polygon: Any, reach: int, height: int, width: int) -> bool:
    """Refuse what is no polygon; whether it lies in the image."""
    if not isinstance(polygon, list | tuple):
        raise SegmentationError(f"polygon is {polygon!r:.40}, expected a list of coordinates")
    if len(polygon) % 2:
        raise SegmentationError(f"polygon with {len(polygon)} coordinates, expected an even number")
    if not polygon:
        return True
    try:
        low, high, total = min(polygon), max(polygon), sum(polygon)
    except TypeError:
        raise SegmentationError("polygon with a coordinate that is no number") from None
    if total != total or low - low != 0 or high - high != 0:
        raise SegmentationError("polygon with NaN or infinity, expected finite coordinates")
    if low < -reach or high > reach:
        raise SegmentationError(
            f"polygon with coordinates from {low:g} to {high:g} px, far outside its image"
        )
    if (high - low) * len(polygon) > _LONGEST_OUTLINE:
        _check_outline(polygon)
    if low >= 0 and high <= min(height, width):
        return True
    return bool(low >= 0 and max(polygon[::2]) <= width and max(polygon[1::2]) <= height)


def _check_outline(polygon: Sequence[float]) -> None:
    points = np.reshape(np.asarray(polygon, float), (-1, 2))
    steps = np.abs(np.diff(points, axis=0, append=points[:1])).max(axis=1)
    if steps.sum() > _LONGEST_OUTLINE:
        raise SegmentationError(
            f"polygon outline of {steps.sum():.0f} px, expected at most {_LONGEST_OUTLINE}"
        )


def _checked_rle(rle: dict[str, Any], height: int, width: int) -> Rle:
    size, counts = rle.get("size"), rle.get("counts")
    if not isinstance(size, list | tuple) or list(size) != [height, width]:
        raise SegmentationError(f"RLE size {size!r:.40}, expected the image's [{height}, {width}]")
    try:
        runs = _runs(counts)
        check_runs(runs, height, width)
    except RleError as error:
        raise SegmentationError(str(error)) from None
    if isinstance(counts, list) or not (runs[1:] > 0).all():
        return runs_to_rle(_without_empty_runs(runs), height, width)
    text = counts if isinstance(counts, bytes) else str(counts).encode()
    return {"size": [height, width], "counts": text}


def _runs(counts: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    if isinstance(counts, bytes):
        return counts_to_runs(counts)
    if isinstance(counts, str) and counts.isascii():
        return counts_to_runs(counts.encode())
    if isinstance(counts, list) and all(type(run) is int for run in counts):
        try:
            return np.array(counts, np.int64)
        except OverflowError:
            raise RleError("corrupt RLE counts: a run is longer than any image") from None
    raise RleError("corrupt RLE counts: expected a COCO run-length string or whole numbers")


def _without_empty_runs(
    runs: np.ndarray[Any, np.dtype[np.int64]],
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The same mask with no run of length 0 but perhaps the first: the form encoders write."""
    values = np.arange(runs.size) % 2
    kept = runs > 0
    runs, values = runs[kept], values[kept]
    first = np.flatnonzero(np.diff(values, prepend=-1))
    joined = np.add.reduceat(runs, first) if first.size else runs
    if values.size and values[0] == 1:
        joined = np.concatenate([[0], joined])
    return joined.astype(np.int64)
