"""All instances of a label map in one pass, as run-length encodings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks import Rle
from benchmark_n.masks.rle import runs_to_rle


@dataclass(frozen=True)
class LabelRuns:
    """The runs of equal pixels down the columns of a label map, grouped by their value.

    Parameters
    ----------
    values
        The values that occur, int64 (K,), ascending.
    firsts
        Where the runs of each value begin in `starts` and `stops`, int64 (K + 1,).
    starts, stops
        Column-major positions of the runs, int64 (R,), ascending within a value.
    height, width
        Size of the map, px.
    """

    values: NDArray[np.int64]
    firsts: NDArray[np.int64]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    height: int
    width: int

    def rle(self, index: int) -> Rle:
        """The mask of ``values[index]``, byte for byte as ``pycocotools.mask.encode`` has it."""
        part = slice(int(self.firsts[index]), int(self.firsts[index + 1]))
        bounds = np.empty(2 * (part.stop - part.start) + 2, np.int64)
        bounds[0], bounds[-1] = 0, self.height * self.width
        bounds[1:-1:2] = self.starts[part]
        bounds[2:-1:2] = self.stops[part]
        runs = np.diff(bounds)
        return runs_to_rle(runs[:-1] if runs[-1] == 0 else runs, self.height, self.width)


def label_runs(labels: NDArray[Any]) -> LabelRuns:
    """Split a label map, integers of shape (height, width), into the runs of its values.

    COCO's encoding counts down the columns, so a value's runs there are its encoding already: no
    mask is formed, and the cost is that of one comparison a pixel whatever the number of instances.
    """
    height, width = labels.shape
    flat = np.ascontiguousarray(labels.T).ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts = np.concatenate([[0], edges])
    stops = np.concatenate([edges, [flat.size]])
    order = np.argsort(flat[starts], kind="stable")
    ordered = flat[starts][order]
    values, firsts = np.unique(ordered, return_index=True)
    return LabelRuns(
        values.astype(np.int64),
        np.append(firsts, len(ordered)).astype(np.int64),
        starts[order],
        stops[order],
        height,
        width,
    )
