"""Events: what an annotator does to several annotations of an image, or adds to them.

A merge draws neighbours as one, a split one instance as two, and a spurious annotation is an
outline once more. An event depends on the records of its image and on draws keyed by seed, event
and source id alone, so that it is the same in every subset of the images. An annotation has one
event at most: where several are drawn, merges come before splits and these before copies.

What was added shares the draws of one annotation of the source, its model: the largest part of a
merged one, the whole of a split one, the original of a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.coco.instances import by_image
from benchmark_n.masks import CropMask, Rle, crop_to_rle, rle_to_crop, rles_to_crops
from benchmark_n.noise.base import Noise, NotApplied
from benchmark_n.noise.merge import Merge, components, union
from benchmark_n.noise.split import Split
from benchmark_n.noise.spurious import Spurious
from benchmark_n.runtime.random_streams import Stream, uniforms
from benchmark_n.tables.manifest_schema import MERGED, SPLIT, SPURIOUS

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Added:
    """An annotation that the source does not have.

    Parameters
    ----------
    event
        Name of the noise.
    origin
        ``merged``, ``split`` or ``spurious``.
    source_ids
        Of the annotations that it was drawn from, ascending.
    model
        Place in the file of the annotation whose draws, category and further fields it has.
    mask
        What was drawn; None where it is the model's own mask.
    """

    event: str
    origin: str
    source_ids: tuple[int, ...]
    model: int
    mask: Rle | None


@dataclass
class Events:
    """What happened to N annotations, by their places in the file.

    Parameters
    ----------
    added
        Annotations that come to those of the source.
    drawn
        Place to the mask that was drawn in place of the clean one: the first part of a split.
    absorbed
        Places of the parts of merged annotations.
    applied, reasons
        Event to the places that it was applied to, and to place and reason where it was drawn in
        vain.
    """

    added: list[Added] = field(default_factory=list)
    drawn: dict[int, Rle] = field(default_factory=dict)
    absorbed: set[int] = field(default_factory=set)
    applied: dict[str, set[int]] = field(default_factory=dict)
    reasons: dict[str, dict[int, str]] = field(default_factory=dict)


def draw_events(
    noises: Sequence[Noise],
    coco: CocoFile,
    eligible: Callable[[Noise], Flags],
    deleted: Flags,
    seed: int,
) -> Events:
    """What happens to the annotations of a file.

    Parameters
    ----------
    eligible
        A noise to the annotations that it may strike, bool (N,): those with masks.
    deleted
        Those that are not drawn at all, bool (N,).

    Raises
    ------
    InputError
        A segmentation that is no mask of its image.
    """
    events = Events()
    by_kind = {type(noise): noise for noise in noises if noise.kind == "event"}
    order = (kind for kind in (Merge, Split, Spurious) if kind in by_kind)
    for kind in order:
        noise = by_kind[kind]
        struck = uniforms(seed, f"{noise.name}.apply", coco.annotation_ids) < noise.probability
        may = eligible(noise)
        reasons = events.reasons[noise.name] = {}
        for place in np.flatnonzero(struck & may & deleted).tolist():
            reasons[place] = "deleted"
        free = may & ~deleted
        for name, places in events.applied.items():
            for place in sorted(places):
                free[place] = False
                if struck[place] and may[place]:
                    reasons[place] = name
        events.applied[noise.name] = set()
        if isinstance(noise, Merge):
            _merge(noise, coco, free, struck, seed, events)
        elif isinstance(noise, Split):
            _split(noise, coco, np.flatnonzero(free & struck).tolist(), seed, events)
        elif isinstance(noise, Spurious):
            _copy(noise, coco, np.flatnonzero(free & struck).tolist(), seed, events)
    return events


def _mask(coco: CocoFile, place: int) -> CropMask:
    return rle_to_crop(masks_of(coco, [place])[0]).tight()


def _merge(
    noise: Merge, coco: CocoFile, free: Flags, struck: Flags, seed: int, events: Events
) -> None:
    anchored = np.isin(coco.image_ids, coco.image_ids[free & struck])
    rows = np.flatnonzero(free & anchored)
    for places in by_image(coco.image_ids[rows]).values():
        own = rows[places]
        for category in np.unique(coco.category_ids[own]).tolist():
            group = own[coco.category_ids[own] == category]
            group = group[np.argsort(coco.annotation_ids[group])]
            if struck[group].any():
                _merge_group(noise, coco, group.tolist(), struck, seed, events)


def _merge_group(
    noise: Merge,
    coco: CocoFile,
    group: Sequence[int],
    struck: Flags,
    seed: int,
    events: Events,
) -> None:
    """Merge among the annotations of one category in an image, in the order of their ids."""
    masks = [mask.tight() for mask in rles_to_crops(masks_of(coco, group))]
    ids = coco.annotation_ids
    links = []
    for own, place in enumerate(group):
        if not struck[place]:
            continue
        partner = noise.partner(own, int(ids[place]), masks, seed)
        if partner is None:
            events.reasons[noise.name][place] = "no_neighbour"
        else:
            links.append((own, partner))
    for parts in components(links):
        model = max(parts, key=lambda part: (masks[part].area, -part))
        rle = crop_to_rle(union([masks[part] for part in parts]))
        sources = tuple(int(ids[group[part]]) for part in parts)
        events.added.append(Added(noise.name, MERGED, sources, group[model], rle))
        events.applied[noise.name] |= {group[part] for part in parts}
        events.absorbed |= {group[part] for part in parts}


def _split(noise: Split, coco: CocoFile, places: Sequence[int], seed: int, events: Events) -> None:
    for place in places:
        identity = int(coco.annotation_ids[place])
        try:
            first, other = noise.parts(_mask(coco, place), Stream(seed, noise.name, identity))
        except NotApplied as reason:
            events.reasons[noise.name][place] = str(reason)
            continue
        events.drawn[place] = crop_to_rle(first)
        events.added.append(Added(noise.name, SPLIT, (identity,), place, crop_to_rle(other)))
        events.applied[noise.name].add(place)


def _copy(
    noise: Spurious, coco: CocoFile, places: Sequence[int], seed: int, events: Events
) -> None:
    for place in places:
        identity = int(coco.annotation_ids[place])
        stream = Stream(seed, noise.name, identity)
        rle = None
        if not noise.doubles(stream):
            try:
                rle = crop_to_rle(noise.copied(_mask(coco, place), stream))
            except NotApplied as reason:
                events.reasons[noise.name][place] = str(reason)
                continue
        events.added.append(Added(noise.name, SPURIOUS, (identity,), place, rle))
