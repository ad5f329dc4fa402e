"""Intervals of average precision over units, and average precision of parts of the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.units import Units
from benchmark_n.evaluators.average_precision.matches import (
    Cells,
    Matches,
    matches_by_category,
    weighted_precision,
)
from benchmark_n.evaluators.average_precision.problem import (
    AREA_RANGES,
    Problem,
)
from benchmark_n.evaluators.label_errors.bootstrap import bootstrap, interval
from benchmark_n.evaluators.slices import Slice, image_labels, worst_first

Values = NDArray[np.float64]
Weights = NDArray[np.int64]
# Name to places of the IoU thresholds that it is the mean over.
_MEASURES = {"AP": slice(None), "AP50": slice(0, 1), "AP75": slice(5, 6)}
_NO_SUPERCATEGORY = "(none)"


@dataclass(frozen=True)
class Resampling:
    """One evaluation, to be taken again on images drawn by units.

    Parameters
    ----------
    problem
        What was evaluated.
    cells
        The engine's matches.
    units
        Of the problem's images, in their order.
    count, seed
        Number of replicates, and what they are drawn by.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> from benchmark_n.coco.predictions import read_predictions
    >>> from benchmark_n.coco.units import image_units
    >>> from benchmark_n.evaluators.average_precision.engines import build_problem, run
    >>> truth = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard").clean()
    >>> found = read_predictions([{**record, "score": 0.9} for record in truth.records()], truth)
    >>> problem, _ = build_problem(truth, found, "segm", 100, 0.02, None)
    >>> cells = run(problem, "pycocotools", keep_cells=True)[1].cells
    >>> units = image_units(truth, np.array(problem.image_ids), None)
    >>> Resampling(problem, cells, units, count=2, seed=0).replicates()["AP"].round(6).tolist()
    [1.0, 1.0]
    """

    problem: Problem
    cells: Cells
    units: Units
    count: int
    seed: int

    def replicates(self) -> dict[str, Values]:
        """Bootstrap values of AP, AP50 and AP75, float64 (R,)."""
        kept = list(range(len(self.problem.category_ids)))
        drawn = self._drawn(0, {"all": kept})
        return {name: drawn[f"all {name}"] for name in _MEASURES}

    def slices(self, truth: CocoFile, by: str) -> list[Slice]:
        """By ``category``, ``supercategory``, ``size``, or a field of the images; worst first.

        Raises
        ------
        InputError
            A field that no image has.
        """
        if by == "size":
            found = list(self._by_size())
        elif by in ("category", "supercategory"):
            found = self._by_category(truth, by)
        else:
            found = list(self._by_image(image_labels(truth, by)))
        return worst_first(found, "AP")

    def _by_category(self, truth: CocoFile, by: str) -> list[Slice]:
        """Each category alone, or the mean over those of a supercategory."""
        parts: dict[str, list[int]] = {}
        known = truth.categories
        names = [known[i].name for i in self.problem.category_ids]
        for place, identity in enumerate(self.problem.category_ids):
            own = names[place]
            name = own if own and names.count(own) == 1 else f"{own} ({identity})"
            if by == "supercategory":
                name = known[identity].supercategory or _NO_SUPERCATEGORY
            if self._matches(0)[place].positives.any():
                parts.setdefault(name, []).append(place)
        drawn = self._drawn(0, parts)
        return [self._slice(0, name, kept, drawn, name) for name, kept in parts.items()]

    def _by_size(self) -> Iterator[Slice]:
        everything = {"all": list(range(len(self.problem.category_ids)))}
        for area, (name, _, _) in enumerate(AREA_RANGES[1:], 1):
            drawn = self._drawn(area, everything)
            yield self._slice(area, "all", everything["all"], drawn, name)

    def _by_image(self, labels: Mapping[int, str]) -> Iterator[Slice]:
        everything = {"all": list(range(len(self.problem.category_ids)))}
        values = np.array([labels[i] for i in self.problem.image_ids], object)
        for value in sorted(set(values.tolist())):
            mask = values == value
            drawn = self._drawn(0, everything, mask)
            yield self._slice(0, "all", everything["all"], drawn, value, mask)

    def _slice(
        self,
        area: int,
        key: str,
        kept: Sequence[int],
        drawn: Mapping[str, Values],
        value: str,
        mask: NDArray[np.bool_] | None = None,
    ) -> Slice:
        images = np.ones(len(self.problem.image_ids), bool) if mask is None else mask
        own = self._measured(area, {key: kept}, images[None].astype(np.int64))
        positives = np.sum([self._matches(area)[k].positives for k in kept], axis=0) * images
        counts = {
            "units": len(np.unique(self.units.codes[positives > 0])),
            "images": int((positives > 0).sum()),
            "ground_truths": int(positives.sum()),
        }
        measures = {n: _plain(own[f"{key} {n}"][0]) for n in _MEASURES}
        return Slice(value, counts, measures, {n: interval(drawn[f"{key} {n}"]) for n in _MEASURES})

    def _drawn(
        self,
        area: int,
        parts: Mapping[str, Sequence[int]],
        mask: NDArray[np.bool_] | None = None,
    ) -> dict[str, Values]:
        """Bootstrap values (replicates,) of each measure of each part."""

        def measure(weights: Weights) -> dict[str, Values]:
            of_images = weights[:, self.units.codes]
            return self._measured(area, parts, of_images if mask is None else of_images * mask)

        largest = max((len(one.images) for one in self._matches(area)), default=1)
        return bootstrap(measure, len(self.units), largest, self.count, self.seed)

    def _measured(
        self, area: int, parts: Mapping[str, Sequence[int]], weights: Weights
    ) -> dict[str, Values]:
        """Means over the categories of each part that have ground truth, (R,)."""
        wanted = sorted({place for kept in parts.values() for place in kept})
        matches = self._matches(area)
        precision = {k: weighted_precision(matches[k], weights) for k in wanted}
        made = {}
        for key, kept in parts.items():
            stack = np.stack([precision[k] for k in kept])
            defined = ~np.isnan(stack[..., 0])
            count = defined.sum(axis=0)
            for name, thresholds in _MEASURES.items():
                values = np.where(defined, stack[..., thresholds].mean(axis=2), 0.0).sum(axis=0)
                made[f"{key} {name}"] = np.where(count > 0, values / np.maximum(count, 1), np.nan)
        return made

    def _matches(self, area: int) -> list[Matches]:
        return self._by_area[area]

    @cached_property
    def _by_area(self) -> list[list[Matches]]:
        counts = len(self.problem.category_ids), len(self.problem.image_ids)
        return [matches_by_category(self.cells, *counts, a) for a in range(len(AREA_RANGES))]


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
