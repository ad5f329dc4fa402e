"""Make pairs of image and mask out of clean annotations, by degrading their masks.

The coefficient is measured over the whole image, before the crop around the given mask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark_n.coco import CocoFile, Image
from benchmark_n.coco.pixels import Pixels
from benchmark_n.detectors.quality_sentinel.crops import cut_pair, cut_truth, read_pixels
from benchmark_n.detectors.quality_sentinel.degrade import (
    LEAST_AREA,
    Degraded,
    dice,
    draw_degraded,
)
from benchmark_n.detectors.quality_sentinel.pairs import TRUTH_STRIDE, UNCHANGED, Pairs
from benchmark_n.errors import InputError
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.evidence import Ints
from benchmark_n.masks import CropMask, Rle, rle_to_crop
from benchmark_n.runtime.parallel import ordered_map

_Row = tuple[int, str, float, Pixels, Pixels]


@dataclass(frozen=True)
class _Task:
    """An image with the masks of its annotations, and masks that a network predicted for them."""

    path: Path
    image: Image
    places: Ints
    masks: tuple[Rle, ...]
    predicted: tuple[tuple[Rle, ...], ...]


@dataclass(frozen=True)
class PairMaker:
    """Makes an image's pairs: (place of the annotation, kind, Dice coefficient, crop, truth).

    Parameters
    ----------
    rounds
        Worse masks of each annotation.
    kinds
        Of `benchmark_n.detectors.quality_sentinel.degrade.KINDS`.
    own
        Whether each annotation's own mask makes a pair too.
    window
        (low, high) of the stored values that become black and white.
    """

    rounds: int
    kinds: tuple[str, ...]
    size: int
    seed: int
    own: bool = True
    window: tuple[float, float] | None = None

    def __call__(self, task: _Task) -> list[_Row]:
        pixels = read_pixels(task.path, task.image, self.window)
        made = []
        rows = zip(task.places.tolist(), task.masks, task.predicted, strict=True)
        for place, rle, predicted in rows:
            mask = rle_to_crop(rle).tight()
            if mask.area < LEAST_AREA:
                continue
            for found in self._worse(mask, predicted, place):
                crop = cut_pair(pixels, found.mask, self.size)
                truth = cut_truth(mask, found.mask, self.size // TRUTH_STRIDE)
                made.append((place, found.kind, found.dsc, crop, truth))
        return made

    def _worse(self, mask: CropMask, predicted: Iterable[Rle], place: int) -> Iterator[Degraded]:
        if self.own:
            yield Degraded(mask, UNCHANGED, 1.0)
        rng = np.random.default_rng([self.seed, place])
        for _ in range(self.rounds):
            found = draw_degraded(mask, self.kinds, rng)
            if found is not None:
                yield found
        for rle in predicted:
            other = rle_to_crop(rle).tight()
            if other.area >= LEAST_AREA:
                yield Degraded(other, "unet", dice(other, mask))


def make_pairs(
    evidence: Evidence,
    coco: CocoFile,
    paths: Mapping[int, Path],
    maker: PairMaker,
    *,
    predicted: Sequence[tuple[Rle, ...]] | None = None,
    workers: int | None = None,
) -> Pairs:
    """Pairs of clean annotations.

    Parameters
    ----------
    predicted
        Masks that a network predicted for each annotation, if there are any.

    Raises
    ------
    InputError
        An image that cannot be read, or annotations too small for a single pair.
    """
    tasks = _tasks(evidence, coco, paths, predicted or [()] * len(evidence))
    made = [row for rows in ordered_map(maker, tasks, workers=workers) for row in rows]
    if not made:
        raise InputError(f"{coco.path.name}: no annotation of {LEAST_AREA} pixels or more")
    places = np.array([row[0] for row in made], np.int64)
    return Pairs(
        np.stack([row[3] for row in made]),
        np.stack([row[4] for row in made]),
        np.array([row[2] for row in made], np.float32),
        evidence.labels[places],
        places,
        tuple(row[1] for row in made),
        evidence.category_names,
    )


def _tasks(
    evidence: Evidence,
    coco: CocoFile,
    paths: Mapping[int, Path],
    predicted: Sequence[tuple[Rle, ...]],
) -> Iterator[_Task]:
    for image_id in dict.fromkeys(evidence.image_ids.tolist()):
        places = np.flatnonzero(evidence.image_ids == image_id)
        yield _Task(
            paths[image_id],
            coco.images[image_id],
            places,
            tuple(evidence.masks[i] for i in places.tolist()),
            tuple(predicted[i] for i in places.tolist()),
        )
