"""What happened to one annotation, and to all of a chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.boxes import RecordBox
from benchmark_n.masks import Rle
from benchmark_n.noise.base import Drawn


@dataclass
class NoisedMask:
    """What happened to one mask: the noisy RLE and, for each noise of masks, draws and reason.

    `clean` and `noisy` are area (px²) and box (px) of the masks, where they were measured already.
    An annotation without a mask has the noisy `box` in its place, and no boundary; `changed` is
    whether mask or box is another than the clean one.
    """

    rle: Rle | None
    iou: float = 1.0
    boundary_iou: float | None = 1.0
    drawn: Sequence[Drawn | None] = ()
    reasons: Sequence[str | None] = ()
    clean: tuple[int, list[int]] | None = None
    noisy: tuple[int, list[int]] | None = None
    clean_box: RecordBox | None = None
    box: RecordBox | None = None
    changed: bool = False


@dataclass
class NoisedChunk:
    """What happened to the N annotations of a chunk, as columns.

    Parameters
    ----------
    rles
        Noisy masks; None for annotations without one.
    changed
        bool (N,); whether mask or box is another than the clean one.
    figures
        int64 (N, 10); area (px²) and box (px) of the clean mask, and of the noisy one.
    ious
        float64 (N, 2); IoU and boundary IoU.
    drawn, reasons
        For each noise of masks or boxes its draws, and why it was not applied.
    boxes
        By place, clean and noisy box of the annotations without a mask.
    """

    rles: list[Rle | None]
    changed: NDArray[np.bool_]
    figures: NDArray[np.int64]
    ious: NDArray[np.float64]
    drawn: list[list[Drawn | None]]
    reasons: list[list[str | None]]
    boxes: dict[int, tuple[RecordBox, RecordBox]] = field(default_factory=dict)

    @classmethod
    def blank(cls, count: int, noises: int) -> Self:
        """Of `count` annotations to which nothing happened so far."""
        return cls(
            rles=[None] * count,
            changed=np.zeros(count, np.bool_),
            figures=np.zeros((count, 10), np.int64),
            ious=np.ones((count, 2)),
            drawn=[[None] * count for _ in range(noises)],
            reasons=[[None] * count for _ in range(noises)],
        )

    def equals(self, other: NoisedChunk) -> bool:
        """Whether the same happened, to the last bit."""
        numbers = zip(
            (self.changed, self.figures, self.ious),
            (other.changed, other.figures, other.ious),
            strict=True,
        )
        return all(np.array_equal(mine, theirs) for mine, theirs in numbers) and (
            (self.rles, self.drawn, self.reasons, self.boxes)
            == (other.rles, other.drawn, other.reasons, other.boxes)
        )

    def put(self, place: int, mask: NoisedMask) -> None:
        """What happened to the annotation at `place`."""
        assert mask.clean is not None
        (area, box), (noisy_area, noisy_box) = mask.clean, mask.noisy or mask.clean
        self.rles[place], self.changed[place] = mask.rle, mask.changed
        self.figures[place] = (area, *box, noisy_area, *noisy_box)
        self.ious[place] = (mask.iou, 1.0 if mask.boundary_iou is None else mask.boundary_iou)
        for column, drawn in zip(self.drawn, mask.drawn, strict=False):
            column[place] = drawn
        for reasons, reason in zip(self.reasons, mask.reasons, strict=False):
            reasons[place] = reason
        if mask.clean_box is not None and mask.box is not None:
            self.boxes[place] = (mask.clean_box, mask.box)
