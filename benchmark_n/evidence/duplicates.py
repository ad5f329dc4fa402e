"""Pictures that look alike: they may be of one patient or scene, and land in several folds."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import Image
from benchmark_n.coco.pixels import Pixels

SIDE = 32
# Correlation of two thumbnails from which pictures count as nearly the same.
ALIKE = 0.995
# Most pictures that are compared: all pairs of them take a second.
MOST = 5000
_FLAT = 2.0  # grey levels
_ROWS_AT_ONCE = 512


def thumbnail(pixels: Pixels) -> Pixels:
    """A picture, uint8 RGB (height, width, 3), in grey at `SIDE` by `SIDE` px."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def alike(thumbnails: Pixels) -> tuple[int, tuple[int, int, float] | None]:
    """Number of pictures with one like them, and the pair that is most alike.

    Parameters
    ----------
    thumbnails
        uint8 (I, S, S). Those of a single grey are not compared.

    Returns
    -------
    int, tuple
        How many have another at a correlation of `ALIKE` or more; the two places of the closest
        pair and its correlation, or None where no pair is that close.
    """
    pairs = nearest_alike(thumbnails)
    return len(pairs), max(pairs, key=lambda pair: pair[2], default=None)


def nearest_alike(thumbnails: Pixels) -> list[tuple[int, int, float]]:
    """Each picture that has another at a correlation of `ALIKE` or more, the closest, and that.

    Parameters
    ----------
    thumbnails
        uint8 (I, S, S). Those of a single grey are not compared.
    """
    rows = thumbnails.reshape(len(thumbnails), -1).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(rows, axis=1)
    kept = np.flatnonzero(norms > _FLAT * rows.shape[1] ** 0.5)
    unit = rows[kept] / norms[kept, None]
    pairs = []
    for start in range(0, len(kept), _ROWS_AT_ONCE):
        part = unit[start : start + _ROWS_AT_ONCE]
        near: NDArray[np.float32] = part @ unit.T
        near[np.arange(len(part)), start + np.arange(len(part))] = -1
        for row in np.flatnonzero((near >= ALIKE).any(axis=1)).tolist():
            column = int(near[row].argmax())
            value = min(float(near[row, column]), 1.0)
            pairs.append((int(kept[start + row]), int(kept[column]), value))
    return pairs


def duplicate_warning(images: Sequence[Image], thumbnails: Pixels) -> list[str]:
    """A line where pictures look nearly the same, with the closest pair by name."""
    count, pair = alike(thumbnails[:MOST])
    if pair is None:
        return []
    first, second, value = pair
    names = [image.file_name or f"image {image.id}" for image in (images[first], images[second])]
    among = f"the first {MOST} of {len(images)}" if len(images) > MOST else f"{len(images)}"
    return [
        f"{count} of {among} pictures look nearly like another, such as {names[0]} and "
        f"{names[1]} (correlation {value:.3f}), and may lie in different folds: name in the "
        "image records what belongs together (patient_id, volume_id, sequence) or by `group_by`"
    ]
