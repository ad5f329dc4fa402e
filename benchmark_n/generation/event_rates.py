"""How often second annotators miss an object, by size and category, double one or draw boxes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.annotation_masks import masks_of, measure
from benchmark_n.coco.instances import by_image
from benchmark_n.coco.joining import MatchedPairs
from benchmark_n.coco.lacking_masks import with_masks
from benchmark_n.evaluators.realism.moments import SMALLEST_AREA
from benchmark_n.evaluators.realism.pairs import MaskPairs
from benchmark_n.generation.label_rates import LabelRates
from benchmark_n.masks import CropMask, mask_iou, rle_to_crop
from benchmark_n.noise.absence import Absence

# Of this IoU with another annotation of the same file is an addition a double.
DOUBLE = 0.8
# Annotations that a category needs for a probability of its own, and the weight of the common one.
_FEWEST, _PRIOR_WEIGHT = 50, 20.0
_DIGITS = 4


@dataclass(frozen=True)
class EventRates:
    """Rates over the fitting half.

    Parameters
    ----------
    box_masks, outlines
        Second drawings that fill their box among the clean masks of 50 px² or more that do not,
        and how many of these have a partner.
    doubled, additions
        Annotations without a partner that lie on another one of their file, and all without one.
    absent_by_category
        Category name to its own probability of absence at the mean log area, of those with 50
        annotations or more; towards that of all others where they are few.
    """

    box_masks: int
    outlines: int
    doubled: int
    additions: int
    absent_by_category: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @property
    def caveats(self) -> list[str]:
        """What the pairs do not tell of events, a line each."""
        others = self.additions - self.doubled
        if not others:
            return []
        return [
            f"{others} annotations without a partner lie on no other one: they are copied or "
            "merged ones, parts of a split, or objects that the first annotator missed, and are "
            "not fitted"
        ]


def event_rates(
    joins: Sequence[tuple[CocoFile, MatchedPairs]],
    chosen: Mapping[int, bool],
    rates: LabelRates,
) -> EventRates:
    """Rates of all joins, over the images that are `chosen`.

    Parameters
    ----------
    rates
        Of the same joins; for the line of absence.
    """
    boxes = outlines = additions = doubled = 0
    for clean, matched in joins:
        drawn = _box_masks(clean, matched, chosen)
        boxes, outlines = boxes + drawn[0], outlines + drawn[1]
        counts = _additions(matched, chosen)
        additions, doubled = additions + counts[0], doubled + counts[1]
    return EventRates(boxes, outlines, doubled, additions, _by_category(joins, chosen, rates))


def is_box(mask: CropMask) -> bool:
    """Whether the mask fills its box."""
    tight = mask.tight()
    return bool(tight.pixels.size) and bool(tight.pixels.all())


def box_pairs(pairs: MaskPairs) -> NDArray[np.bool_]:
    """Pairs of which the second drawing alone is a box, bool (N,)."""
    both = zip(pairs.clean, pairs.noisy, strict=True)
    return np.array([is_box(noisy) and not is_box(clean) for clean, noisy in both], np.bool_)


def _box_masks(
    clean: CocoFile, matched: MatchedPairs, chosen: Mapping[int, bool]
) -> tuple[int, int]:
    """Second drawings that are boxes, of what the first drew as no box, and all of these.

    Pairs of a low IoU count too: the box of something thin is one.
    """
    noisy = matched.noisy
    fit = ~clean.crowd & with_masks(clean)
    fit &= np.array([chosen[i] for i in clean.image_ids.tolist()], np.bool_)
    there = ~noisy.crowd & with_masks(noisy)
    pairs = [
        (pair.clean, pair.noisy)
        for pair in matched.pairs
        if pair.clean is not None and pair.noisy is not None
        if fit[pair.clean] and there[pair.noisy]
    ]
    firsts = [measure(rle) for rle in masks_of(clean, [first for first, _ in pairs])]
    seconds = [measure(rle) for rle in masks_of(noisy, [second for _, second in pairs])]
    outlines = [area >= SMALLEST_AREA and area < w * h for area, (_, _, w, h) in firsts]
    boxes = [area == w * h > 0 for area, (_, _, w, h) in seconds]
    return sum(map(all, zip(outlines, boxes, strict=True))), sum(outlines)


def _additions(matched: MatchedPairs, chosen: Mapping[int, bool]) -> tuple[int, int]:
    """Annotations without a partner, and those of them that lie on another."""
    noisy = matched.noisy
    fit = ~noisy.crowd & with_masks(noisy)
    fit &= np.array([chosen.get(i, False) for i in noisy.image_ids.tolist()], np.bool_)
    alone = {p.noisy for p in matched.pairs if p.clean is None and p.noisy is not None}
    alone &= set(np.flatnonzero(fit).tolist())
    images = by_image(noisy.image_ids)
    doubled = 0
    for place in sorted(alone):
        others = [i for i in images[int(noisy.image_ids[place])].tolist() if fit[i]]
        others = [i for i in others if i != place and (i not in alone or i < place)]
        own, *masks = [rle_to_crop(rle) for rle in masks_of(noisy, [place, *others])]
        doubled += any(mask_iou(own, mask) >= DOUBLE for mask in masks)
    return len(alone), doubled


def _by_category(
    joins: Sequence[tuple[CocoFile, MatchedPairs]], chosen: Mapping[int, bool], rates: LabelRates
) -> dict[str, float]:
    """Probabilities of absence at the mean log area, by their observed over expected odds."""
    line = rates.missing_by_log_area
    if line is None or len(joins[0][0].categories) < 2:
        return {}
    total, absent = Counter[int](), Counter[int]()
    for clean, matched in joins:
        for pair in matched.pairs:
            row = pair.clean
            if row is None or clean.crowd[row] or not chosen[int(clean.image_ids[row])]:
                continue
            total[int(clean.category_ids[row])] += 1
            absent[int(clean.category_ids[row])] += pair.noisy is None
    common = rates.missing
    level = line[0]
    found = {}
    for category, count in sorted(total.items()):
        name = joins[0][0].categories[category].name
        if count < _FEWEST or not name:
            continue
        share = (absent[category] + _PRIOR_WEIGHT * common) / (count + _PRIOR_WEIGHT)
        shift = math.log(share / (1 - share)) - math.log(common / (1 - common))
        found[name] = round(1 / (1 + math.exp(-(level + shift))), _DIGITS)
    return found


def event_noises(
    events: EventRates, rates: LabelRates
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """The noises of a recipe, and where their values come from."""
    noises: dict[str, dict[str, Any]] = {}
    provenance = {}
    if events.box_masks:
        noises["box_mask"] = {"probability": round(events.box_masks / events.outlines, _DIGITS)}
        provenance["box_mask.probability"] = f"calibrated, of {events.outlines} pairs"
    line = rates.missing_by_log_area
    if line is not None:
        level, slope, centre = line
        noises[Absence.name] = {
            "probability": round(1 / (1 + math.exp(-level)), _DIGITS),
            "slope": round(slope, _DIGITS),
            "area": round(math.exp(centre), 1),
            **(
                {"categories": dict(events.absent_by_category)} if events.absent_by_category else {}
            ),
        }
        basis = f"calibrated, of {rates.clean} annotations"
        provenance |= {f"{Absence.name}.{key}": basis for key in noises[Absence.name]}
        provenance[f"{Absence.name}.area"] = "their mean in logarithms"
    elif rates.missing > 0:
        noises["deletion"] = {"probability": round(rates.missing, _DIGITS)}
        provenance["deletion.probability"] = f"calibrated, of {rates.clean} annotations"
    if events.doubled and rates.matched:
        share = events.doubled / rates.matched
        noises["spurious"] = {"probability": round(min(share, 1.0), _DIGITS), "doubled": 1.0}
        provenance["spurious.probability"] = f"calibrated, of {rates.matched} pairs"
        provenance["spurious.doubled"] = "copies elsewhere are not told from overlooked objects"
    return noises, provenance
