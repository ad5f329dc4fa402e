"""`calibrate`: a recipe whose noise is like what several people drew of the same images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark_n.coco import CocoFile, ReadOptions, read_coco
from benchmark_n.coco.joining import MatchedPairs
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.realism.moments import SMALLEST_AREA
from benchmark_n.evaluators.realism.pairs import SPLIT, MaskPairs, held_out_images, pair_masks
from benchmark_n.files.provenance import file_digest
from benchmark_n.generation.calibrated_recipe import calibrated_recipe, unidentified
from benchmark_n.generation.contour_fit import PARAMETERS, Fit
from benchmark_n.generation.event_rates import EventRates, box_pairs, event_rates
from benchmark_n.generation.label_rates import LabelRates, label_rates
from benchmark_n.generation.simulated_moments import fit_contour
from benchmark_n.noise.recipe import build_noise
from benchmark_n.runtime.progress import Progress

FEWEST_OBJECTS = 50


@dataclass(frozen=True)
class Calibration:
    """Result of `calibrate`.

    >>> calibrate("A.json", ["B.json"], symmetric=True).objects  # doctest: +SKIP
    1406

    Parameters
    ----------
    recipe
        Of the YAML form, with provenance.
    fit
        Parameters of `contour` with their intervals.
    rates, events
        Of missing annotations and other categories; of box masks and doubles.
    objects, images
        What the fit saw.
    caveats
        What the pairs do not tell, a line each.
    sources
        File names and their digests.
    """

    recipe: dict[str, Any]
    fit: Fit
    rates: LabelRates
    events: EventRates
    objects: int
    images: int
    caveats: Sequence[str]
    sources: Sequence[Mapping[str, str]]
    split: str = SPLIT

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "recipe": self.recipe,
            "contour": {
                name: {"value": value, "interval": list(self.fit.intervals[name])}
                for name, value in self.fit.values.items()
            },
            "misfit": self.fit.misfit,
            "area": self.fit.area,
            "at_area": {
                name: {"value": value, "interval": [low, high]}
                for name, (value, low, high) in self.fit.typical.items()
            },
            "labels": self.rates.to_dict(),
            "events": self.events.to_dict(),
            "objects": self.objects,
            "images": self.images,
            "caveats": list(self.caveats),
            "sources": [dict(source) for source in self.sources],
            "split": self.split,
        }


@dataclass(frozen=True)
class _Drawings:
    """All pairs of the fitting half, and the joins they come from."""

    pairs: MaskPairs
    joins: Sequence[tuple[CocoFile, MatchedPairs]] = field(default_factory=tuple)


def calibrate(
    clean: Path | str,
    noisy: Sequence[Path | str],
    *,
    name: str = "calibrated",
    symmetric: bool = False,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    replicates: int = 200,
    reading: ReadOptions = ReadOptions(),
    progress: Progress | None = None,
) -> Calibration:
    """Fit a recipe to annotations that were drawn twice, on one half of the images.

    Parameters
    ----------
    clean, noisy
        COCO files of the same images; each noisy one is joined to the clean one.
    symmetric
        Whether neither side is the truth: every pair is used both ways.
    settings
        Parameters of `contour` that are given and not fitted: ``tail``, ``part``, ….
    name, seed, replicates
        Of the recipe, of the simulation, and of the bootstrap over images.

    Raises
    ------
    UsageError, InputError
        No noisy file, a setting of what is fitted, files that do not fit together, or fewer than
        50 objects that differ.
    """
    if not noisy:
        raise UsageError("calibrate needs a noisy file: give one by `noisy`")
    given = _given(settings or {})
    paths = [Path(path) for path in noisy]
    first = read_coco(clean, reading)
    drawings = _read(first, paths, symmetric, reading)
    outlines = drawings.pairs.take(np.flatnonzero(~box_pairs(drawings.pairs)))
    pairs, caveats = _changed(outlines, first.path.name)
    fit = fit_contour(pairs, given, seed, replicates, progress)
    share = len(pairs) / len(outlines)
    halves = {image: not held for image, held in held_out_images(first).items()}
    rates = label_rates(drawings.joins, halves)
    events = event_rates(drawings.joins, halves, rates)
    caveats += [*unidentified(fit), *events.caveats]
    images = len(np.unique(pairs.images))
    recipe = calibrated_recipe(name, fit, given, share, rates, events, (len(pairs), images))
    sources = [_named(path) for path in (first.path, *paths)]
    return Calibration(recipe, fit, rates, events, len(pairs), images, caveats, sources)


def _given(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that are not fitted, checked."""
    fitted = sorted({"probability", *PARAMETERS} & settings.keys())
    if fitted:
        raise UsageError(f"contour's {fitted[0]} is fitted: `settings` are for what is not")
    given = {"tail": 4.0, **settings}
    build_noise("contour", {"probability": 1.0, **given})
    return given


def _named(path: Path) -> dict[str, str]:
    return {"file": path.name, "sha256": file_digest(path)}


def _read(
    first: CocoFile, paths: Sequence[Path], symmetric: bool, reading: ReadOptions
) -> _Drawings:
    parts: list[MaskPairs] = []
    joins = []
    for path in paths:
        pairs, matched = pair_masks(first, read_coco(path, reading))
        both = [pairs, pairs.swapped()] if symmetric else [pairs]
        for each in both:  # every drawing has a stream of its own
            parts.append(replace(each, ids=each.ids ^ (len(parts) << 48)))
        joins.append((first, matched))
    every = MaskPairs(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.held_out for part in parts]),
        tuple(mask for part in parts for mask in part.clean),
        tuple(mask for part in parts for mask in part.noisy),
    )
    return _Drawings(every.half(held_out=False), joins)


def _changed(pairs: MaskPairs, file_name: str) -> tuple[MaskPairs, list[str]]:
    """The pairs that differ, and what is to be said of those that do not."""
    differ = [
        a.bbox != b.bbox or not np.array_equal(a.pixels, b.pixels)
        for a, b in zip(pairs.clean, pairs.noisy, strict=True)
    ]
    large = [mask.area >= SMALLEST_AREA for mask in pairs.clean]
    changed = pairs.take(np.flatnonzero(differ))
    count = int(np.logical_and(differ, large).sum())
    if count < FEWEST_OBJECTS:
        raise InputError(
            f"{file_name}: {count} objects of {SMALLEST_AREA} px² or more were drawn twice and "
            f"differ in the fitting half, expected {FEWEST_OBJECTS} or more: no parameter of "
            "contour can be identified"
        )
    equal = 1 - len(changed) / len(pairs)
    if equal <= 0.5:
        return changed, []
    return changed, [
        f"{100 * equal:.0f} % of the masks are equal: contour is fitted to the others, and its "
        "probability is their share"
    ]
