"""Masks that two people drew of the same objects, and the halves of their images."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.coco.joining import MatchedPairs, match_pairs
from benchmark_n.coco.lacking_masks import with_masks
from benchmark_n.masks import CropMask, mask_iou, rles_to_crops

# Of a matched pair; below it two outlines are of different things.
LEAST_IOU = 0.5
# Part of the protocol: another text is another split.
SPLIT = "realism halves 1"
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class MaskPairs:
    """N objects that were drawn twice.

    Parameters
    ----------
    ids, images
        int64 (N,): the clean annotations' ids, and their images'.
    held_out
        bool (N,): which are of the half of the images that nothing is fitted on.
    clean, noisy
        N masks each in their tight crops, none empty.
    """

    ids: Ints
    images: Ints
    held_out: NDArray[np.bool_]
    clean: tuple[CropMask, ...]
    noisy: tuple[CropMask, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[np.intp]) -> MaskPairs:
        """The pairs at `rows`."""
        return MaskPairs(
            self.ids[rows],
            self.images[rows],
            self.held_out[rows],
            tuple(self.clean[i] for i in rows.tolist()),
            tuple(self.noisy[i] for i in rows.tolist()),
        )

    def half(self, *, held_out: bool) -> MaskPairs:
        """The pairs of one half of the images."""
        return self.take(np.flatnonzero(self.held_out == held_out))

    def swapped(self) -> MaskPairs:
        """The second drawings as the clean ones, under the first ones' ids."""
        return replace(self, clean=self.noisy, noisy=self.clean)


def is_held_out(name: str) -> bool:
    """Whether an image is of the half that nothing is fitted on, by its name alone.

    >>> [is_held_out(f"{number}.jpg") for number in range(6)]
    [False, True, False, True, False, True]
    """
    return bool(hashlib.sha256(f"{SPLIT}:{name}".encode()).digest()[0] & 1)


def held_out_images(coco: CocoFile) -> dict[int, bool]:
    """Image id to whether it is held out; by the last part of its file name, else by its id."""
    return {
        identity: is_held_out(Path(image.file_name).name if image.file_name else str(identity))
        for identity, image in coco.images.items()
    }


def pair_masks(clean: CocoFile, noisy: CocoFile) -> tuple[MaskPairs, MatchedPairs]:
    """Masks of the annotations that both files have, and how the files were joined.

    Crowds, annotations without a pixel and pairs of IoU below .5 are left out.

    Raises
    ------
    InputError
        Files about different images or categories, or a segmentation that is no mask.
    """
    matched = match_pairs(clean, noisy)
    there = matched.noisy
    fit, drawn = ~clean.crowd & with_masks(clean), with_masks(there)
    places = [
        (pair.clean, pair.noisy)
        for pair in matched.pairs
        if pair.clean is not None and pair.noisy is not None
        if fit[pair.clean] and drawn[pair.noisy]
    ]
    first = list(rles_to_crops(masks_of(clean, [i for i, _ in places])))
    second = list(rles_to_crops(masks_of(there, [j for _, j in places])))
    halves = held_out_images(clean)
    rows = np.array([i for i, _ in places], np.intp)
    images = clean.image_ids[rows]
    held_out = np.array([halves[i] for i in images.tolist()], bool)
    pairs = MaskPairs(clean.annotation_ids[rows], images, held_out, tuple(first), tuple(second))
    return pairs.take(np.flatnonzero(overlapping(first, second))), matched


def overlapping(first: Sequence[CropMask], second: Sequence[CropMask]) -> NDArray[np.bool_]:
    """Which pairs are of one object: neither empty, IoU .5 or more; bool (N,)."""
    return np.array(
        [
            bool(a.area and b.area) and mask_iou(a, b) >= LEAST_IOU
            for a, b in zip(first, second, strict=True)
        ],
        bool,
    )
