"""Agreement of noisy with clean labels with intervals over units, as a whole and by a field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.coco import Category
from benchmark_n.coco.annotation_masks import SIZES
from benchmark_n.coco.units import Units
from benchmark_n.evaluators.label_errors.bootstrap import bootstrap, interval
from benchmark_n.evaluators.label_quality.mask_agreement import Labels, read_labels
from benchmark_n.evaluators.slices import NOT_STATED, Slice, worst_first

Flags = NDArray[np.bool_]
Values = NDArray[np.float64]
Weights = NDArray[np.int64]
REPLICATES = 1000
MEASURES = ("mean_iou", "mean_boundary_iou", "mean_dice", "dice_all_labels", "f1")


@dataclass(frozen=True)
class LabelSlices:
    """Labels and their units, to be measured again on units that are drawn.

    Parameters
    ----------
    labels
        N rows of a manifest.
    units
        Of the rows.
    """

    labels: Labels
    units: Units
    replicates: int = REPLICATES
    seed: int = 0

    def intervals(self) -> dict[str, tuple[float, float] | None]:
        """Of the measures over all labels."""
        everything = np.ones(len(self.labels), bool)
        return dict(self._slice("", everything, everything).intervals)

    def by_size(self) -> list[Slice]:
        """By the clean mask's size; spurious labels have none."""
        sizes = self.labels.sizes
        found = [(s, sizes == s, (sizes == s) & ~self.labels.deleted) for s in SIZES]
        return self._sorted(found)

    def by_category(
        self, categories: Mapping[int, Category], *, supercategory: bool = False
    ) -> list[Slice]:
        """By category or supercategory: clean labels under theirs, noisy ones under their own."""
        names = {
            i: (c.supercategory or NOT_STATED) if supercategory else (c.name or str(i))
            for i, c in categories.items()
        }
        clean = np.array([names.get(i) for i in self.labels.clean.tolist()], object)
        noisy = np.array([names.get(i) for i in self.labels.noisy.tolist()], object)
        found = [(n, clean == n, noisy == n) for n in dict.fromkeys(names.values())]
        return self._sorted([part for part in found if part[1].any() or part[2].any()])

    def by_image(self, labels: Mapping[int, str]) -> list[Slice]:
        """By what is said of each image."""
        values = np.array([labels[i] for i in self.labels.image_ids.tolist()], object)
        return self._sorted([(v, values == v, values == v) for v in sorted(set(values.tolist()))])

    def _sorted(self, parts: Sequence[tuple[str, Flags, Flags]]) -> list[Slice]:
        return worst_first((self._slice(*part) for part in parts), "mean_iou")

    def _slice(self, value: str, clean: Flags, noisy: Flags) -> Slice:
        """Some clean labels (`clean`) and some noisy ones (`noisy`) of the rows."""
        labels, codes, count = self.labels, self.units.codes, len(self.units)
        clean, noisy = clean & (labels.clean >= 0), noisy & (labels.noisy >= 0)
        kept = clean & ~np.isnan(labels.iou)
        edges = clean & ~np.isnan(labels.boundary_iou)
        right = labels.right & clean & noisy

        def by_unit(rows: Flags, values: Values | None = None) -> Values:
            own = None if values is None else values[rows]
            return np.bincount(codes[rows], own, minlength=count).astype(float)

        dice = by_unit(kept, labels.dice)
        fractions = {
            "mean_iou": (by_unit(kept, labels.iou), by_unit(kept)),
            "mean_boundary_iou": (by_unit(edges, labels.boundary_iou), by_unit(edges)),
            "mean_dice": (dice, by_unit(kept)),
            # Deleted and spurious labels overlap with nothing.
            "dice_all_labels": (dice, by_unit(clean | (noisy & labels.spurious))),
            "f1": (2 * by_unit(right), by_unit(clean) + by_unit(noisy)),
        }

        def measure(weights: Weights) -> dict[str, Values]:
            return {n: _ratio(weights @ a, weights @ b) for n, (a, b) in fractions.items()}

        own = measure(np.ones((1, count), np.int64))
        drawn = bootstrap(measure, count, count, self.replicates, self.seed)
        return Slice(
            value,
            {
                "units": len(np.unique(codes[clean | noisy])),
                "clean": int(clean.sum()),
                "noisy": int(noisy.sum()),
            },
            {name: _plain(values[0]) for name, values in own.items()},
            {name: interval(drawn[name]) for name in own},
        )


def label_slices(manifest: Any, units: Units, replicates: int, seed: int) -> LabelSlices:
    """Of a manifest's rows without crowds; `units` are those of all its rows."""
    kept = np.flatnonzero(~np.asarray(manifest["crowd"].to_numpy(), bool))
    part = Units(units.codes[kept], units.field, units.names)
    return LabelSlices(
        read_labels(manifest.filter(pc.invert(manifest["crowd"]))), part, replicates, seed
    )


def _ratio(above: Values, below: Values) -> Values:
    ratio = np.full(above.shape, np.nan)
    np.divide(above, below, out=ratio, where=below > 0)
    return ratio


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
