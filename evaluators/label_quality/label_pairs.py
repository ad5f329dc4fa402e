"""The clean and noisy labels of a manifest's rows, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.tables.manifest_schema import BOX, SOURCE

# A label is right at this IoU.
RIGHT = 0.5


@dataclass(frozen=True)
class Labels:
    """N rows of a manifest without crowds, as arrays.

    Parameters
    ----------
    iou, boundary_iou
        float64 (N,); NaN where a label is deleted, or added.
    clean, noisy
        int64 (N,), category ids; -1 where there is no such label.
    spurious
        bool (N,): added labels. One of several clean ones that were merged is none of these.
    sizes
        Of the clean masks.
    """

    image_ids: NDArray[np.int64]
    iou: NDArray[np.float64]
    boundary_iou: NDArray[np.float64]
    clean: NDArray[np.int64]
    noisy: NDArray[np.int64]
    deleted: NDArray[np.bool_]
    spurious: NDArray[np.bool_]
    sizes: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.iou)

    @property
    def same(self) -> NDArray[np.bool_]:
        """In both files under one category."""
        return np.asarray((self.clean == self.noisy) & ~self.deleted & ~self.spurious, bool)

    @property
    def right(self) -> NDArray[np.bool_]:
        """The same, and of an IoU of at least `RIGHT`."""
        return np.asarray(self.same & (self.iou >= RIGHT), bool)

    @property
    def dice(self) -> NDArray[np.float64]:
        """Dice coefficient of the two masks; NaN as the IoU."""
        return np.asarray(2 * self.iou / (1 + self.iou), np.float64)


def read_labels(rows: Any) -> Labels:
    """The labels of manifest rows that are no crowds."""
    added = np.asarray(pc.not_equal(rows["origin"], SOURCE).to_numpy(), bool)
    sizes = np.array(rows["size"].to_pylist(), object)
    sizes[added] = None
    return Labels(
        np.asarray(rows["image_id"].to_numpy(), np.int64),
        np.where(added, np.nan, _floats(rows["iou"])),
        np.where(added, np.nan, _floats(rows["boundary_iou"])),
        np.where(added, -1, _ids(rows["category_id"])),
        _ids(rows["noisy_category_id"]),
        np.asarray(rows["deleted"].to_numpy(), bool),
        added,
        sizes,
    )


def of_masks(rows: Any) -> Any:
    """The rows of a manifest's annotations that have masks.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> of_masks(benchmark.manifest()).num_rows
    26
    """
    if "measured_on" not in rows.column_names:
        return rows
    return rows.filter(pc.not_equal(rows["measured_on"], BOX))


def _floats(column: Any) -> NDArray[np.float64]:
    return np.asarray(pc.fill_null(column, float("nan")).to_numpy(), float)


def _ids(column: Any) -> NDArray[np.int64]:
    """Category ids, -1 for null."""
    return np.asarray(pc.fill_null(column, -1).to_numpy(), np.int64)
