"""Whole pictures: which are unlike the rest, and which are nearly the same as another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import Image
from benchmark_n.coco.pixels import crop, read_rgb
from benchmark_n.evidence.backbones.base import Backbone
from benchmark_n.evidence.duplicates import nearest_alike, thumbnail
from benchmark_n.evidence.evidence import Ints
from benchmark_n.runtime.progress import Progress

NEIGHBOURS = 5
# Robust z-score of the logarithm of the distance from which a picture is unlike the rest.
UNLIKE = 3.5
_LEAST_PICTURES = 4 * NEIGHBOURS
_BATCH = 32


@dataclass(frozen=True)
class Pictures:
    """What I pictures are like.

    Parameters
    ----------
    image_ids
        int64 (I,).
    unlikeness
        float64 (I,): robust z-score of the logarithm of the mean distance to the five nearest
        others, in standardised features; zeros where there are too few pictures to tell.
    copies
        (image id, image id, correlation of the two thumbnails): each picture that is nearly the
        same as another, and the closest.
    """

    image_ids: Ints
    unlikeness: NDArray[np.float64]
    copies: tuple[tuple[int, int, float], ...]

    @property
    def unlike(self) -> list[int]:
        """Ids of the pictures that are unlike the rest, the most unlike first."""
        order = np.argsort(-self.unlikeness, kind="stable")
        unlike: list[int] = self.image_ids[order[self.unlikeness[order] >= UNLIKE]].tolist()
        return unlike


def look_at_pictures(
    images: Mapping[int, Image],
    paths: Mapping[int, Path],
    backbone: Backbone,
    progress: Progress | None = None,
) -> Pictures:
    """Describe each picture whole, and compare them.

    Parameters
    ----------
    paths
        Image id to file, of the pictures that are looked at.
    progress
        Told (pictures done, pictures in all).

    Raises
    ------
    InputError
        A picture that cannot be read.
    """
    ids = [i for i in images if i in paths]
    features, thumbnails = [], []
    for start in range(0, len(ids), _BATCH):
        crops = []
        for image_id in ids[start : start + _BATCH]:
            pixels = read_rgb(paths[image_id], images[image_id])
            thumbnails.append(thumbnail(pixels))
            whole = np.array([0, 0, pixels.shape[1], pixels.shape[0]], np.int64)
            crops.append(crop(pixels, whole, backbone.size))
        stack = np.stack(crops)
        features.append(backbone.describe(stack, np.full(stack.shape[:3], 255, np.uint8)))
        if progress is not None:
            progress(len(thumbnails), len(ids))
    if not ids:
        return Pictures(np.zeros(0, np.int64), np.zeros(0), ())
    pairs = nearest_alike(np.stack(thumbnails))
    copies = tuple((ids[i], ids[j], round(value, 4)) for i, j, value in pairs)
    return Pictures(np.array(ids, np.int64), unlikeness(np.concatenate(features)), copies)


def unlikeness(features: NDArray[np.floating]) -> NDArray[np.float64]:
    """How far each of I pictures is from its nearest others, as a robust z-score, float64 (I,).

    Parameters
    ----------
    features
        (I, D).

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(50, 3))
    >>> rows[7] += 20
    >>> int(unlikeness(rows).argmax())
    7
    """
    count = len(features)
    if count < _LEAST_PICTURES:
        return np.zeros(count)
    rows = np.asarray(features, np.float64)
    rows = (rows - rows.mean(axis=0)) / np.maximum(rows.std(axis=0), 1e-9)
    squares = (rows**2).sum(axis=1)
    nearest = np.zeros(count)
    for i in range(count):
        distances = squares + squares[i] - 2 * (rows @ rows[i])
        distances[i] = np.inf
        near = np.partition(distances, NEIGHBOURS)[:NEIGHBOURS]
        nearest[i] = np.sqrt(np.maximum(near, 0)).mean()
    logs = np.log(nearest + 1e-12)
    deviation = 1.4826 * np.median(np.abs(logs - np.median(logs)))
    if deviation == 0:
        return np.zeros(count)
    return np.asarray((logs - np.median(logs)) / deviation)
