"""Pairs of image and mask with a known Dice coefficient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import Pixels
from benchmark_n.evidence.evidence import Ints

UNCHANGED = "none"
TRUTH_STRIDE = 4


@dataclass(frozen=True)
class Pairs:
    """N pairs of A annotations.

    Parameters
    ----------
    crops
        uint8 (N, S, S, 4): red, green, blue, and the mask (0 to 255).
    truth
        uint8 (N, S / 4, S / 4): the annotation's own mask in the same square, 0 to 255.
    dsc
        float32 (N,): Dice coefficient of the mask with the annotation's own.
    labels
        int64 (N,): category, as an index into `names`.
    annotations
        int64 (N,): which annotation the mask was made from.
    kinds
        What was done to the mask; ``none`` for the annotation's own.
    names
        Names of the categories.
    """

    crops: Pixels
    truth: Pixels
    dsc: NDArray[np.float32]
    labels: Ints
    annotations: Ints
    kinds: tuple[str, ...]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.dsc)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Pairs:
        """Some of the pairs."""
        places = np.flatnonzero(rows) if rows.dtype == bool else rows
        return Pairs(
            self.crops[places],
            self.truth[places],
            self.dsc[places],
            self.labels[places],
            self.annotations[places],
            tuple(self.kinds[i] for i in places.tolist()),
            self.names,
        )


def join_pairs(parts: Sequence[Pairs]) -> Pairs:
    """Pairs of several datasets as one; categories of the same name are the same."""
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))
    shifted, before = [], 0
    for part in parts:
        numbers = np.array([names.index(name) for name in part.names], np.int64)
        labels, annotations = numbers[part.labels], part.annotations + before
        shifted.append(replace(part, labels=labels, annotations=annotations))
        before += int(part.annotations.max()) + 1
    return Pairs(
        np.concatenate([part.crops for part in shifted]),
        np.concatenate([part.truth for part in shifted]),
        np.concatenate([part.dsc for part in shifted]),
        np.concatenate([part.labels for part in shifted]),
        np.concatenate([part.annotations for part in shifted]),
        tuple(kind for part in shifted for kind in part.kinds),
        names,
    )
