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
from benchmark_n.coco.labels import category_labels
from benchmark_n.coco.units import Units
from benchmark_n.evaluators.label_errors.bootstrap import bootstrap, interval
from benchmark_n.evaluators.label_quality.label_pairs import Labels, read_labels
from benchmark_n.evaluators.slices import NOT_STATED, Interval, Slice, worst_first

Flags = NDArray[np.bool_]
Values = NDArray[np.float64]
Weights = NDArray[np.int64]
Part = tuple[str, Flags, Flags]
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
    replicates: int
    seed: int = 0

    def intervals(self) -> dict[str, Interval]:
        """Of the measures over all labels."""
        everything = np.ones(len(self.labels), bool)
        return dict(self._slices([("", everything, everything)])[0].intervals)

    def by_size(self) -> list[Slice]:
        """By the clean mask's size; spurious labels have none."""
        sizes = self.labels.sizes
        found = [(s, sizes == s, (sizes == s) & ~self.labels.deleted) for s in SIZES]
        return self._sorted(found)

    def by_category(
        self, categories: Mapping[int, Category], *, supercategory: bool = False
    ) -> list[Slice]:
        """By category or supercategory: clean labels under theirs, noisy ones under their own."""
        names = category_labels(categories)
        if supercategory:
            names = {i: c.supercategory or NOT_STATED for i, c in categories.items()}
        clean = np.array([names.get(i) for i in self.labels.clean.tolist()], object)
        noisy = np.array([names.get(i) for i in self.labels.noisy.tolist()], object)
        found = [(n, clean == n, noisy == n) for n in dict.fromkeys(names.values())]
        return self._sorted([part for part in found if part[1].any() or part[2].any()])

    def by_image(self, labels: Mapping[int, str]) -> list[Slice]:
        """By what is said of each image."""
        values = np.array([labels[i] for i in self.labels.image_ids.tolist()], object)
        return self._sorted([(v, values == v, values == v) for v in sorted(set(values.tolist()))])

    def _sorted(self, parts: Sequence[Part]) -> list[Slice]:
        return worst_first(self._slices(parts), "mean_iou")

    def _slices(self, parts: Sequence[Part]) -> list[Slice]:
        """Some clean and some noisy labels each; all from the same draws."""
        tables = [self._fractions(clean, noisy) for _, clean, noisy in parts]

        def measure(weights: Weights) -> dict[str, Values]:
            taken = weights.astype(float)
            found: dict[str, Values] = {}
            for place, (active, table) in enumerate(tables):
                sums = taken[:, active] @ table
                for number, name in enumerate(MEASURES):
                    above, below = sums[:, 2 * number], sums[:, 2 * number + 1]
                    found[f"{place} {name}"] = _ratio(above, below)
            return found

        count = len(self.units)
        own = measure(np.ones((1, count), np.int64))
        # Without rows there is nothing to draw from, and all measures are undefined.
        drawn = bootstrap(measure, count, count, self.replicates, self.seed) if count else own
        return [
            Slice(
                value,
                {
                    "units": len(active),
                    "clean": int((clean & (self.labels.clean >= 0)).sum()),
                    "noisy": int((noisy & (self.labels.noisy >= 0)).sum()),
                },
                {name: _plain(own[f"{place} {name}"][0]) for name in MEASURES},
                {name: interval(drawn[f"{place} {name}"]) for name in MEASURES},
            )
            for place, ((value, clean, noisy), (active, _)) in enumerate(
                zip(parts, tables, strict=True)
            )
        ]

    def _fractions(self, clean: Flags, noisy: Flags) -> tuple[NDArray[np.int64], Values]:
        """Units (U,) that have any of the labels, and of each measure's fraction (U, 2 x 5)."""
        labels = self.labels
        clean, noisy = clean & (labels.clean >= 0), noisy & (labels.noisy >= 0)
        kept, edges = clean & ~np.isnan(labels.iou), clean & ~np.isnan(labels.boundary_iou)
        # Deleted and spurious labels overlap with nothing.
        everyone = clean | (noisy & labels.spurious)
        columns = [
            *((kept, labels.iou), (kept, None)),
            *((edges, labels.boundary_iou), (edges, None)),
            *((kept, labels.dice), (kept, None)),
            *((kept, labels.dice), (everyone, None)),
        ]
        active, places = np.unique(self.units.codes[clean | noisy], return_inverse=True)
        place = np.zeros(len(labels), np.int64)
        place[clean | noisy] = places

        def by_unit(rows: Flags, values: Values | None = None) -> Values:
            own = None if values is None else values[rows]
            return np.bincount(place[rows], own, minlength=len(active)).astype(float)

        right = 2 * by_unit(labels.right & clean & noisy)
        sums = [by_unit(rows, values) for rows, values in columns]
        return active, np.stack([*sums, right, by_unit(clean) + by_unit(noisy)], axis=1)


def label_slices(manifest: Any, units: Units, replicates: int, seed: int) -> LabelSlices:
    """Of a manifest's rows without crowds; `units` are those of all its rows.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> from benchmark_n.coco.units import image_units
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> rows = benchmark.manifest()
    >>> units = image_units(benchmark.noisy(), rows["image_id"].to_numpy(), None)
    >>> sorted(label_slices(rows, units, replicates=20, seed=0).intervals())[:2]
    ['dice_all_labels', 'f1']
    """
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
