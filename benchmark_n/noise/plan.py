"""Decide for a whole file which noise strikes which annotation, before any mask is touched.

These decisions are cheap, vectorised and need the dataset's categories; the masks are work for the
workers (`benchmark_n.noise.engine`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.lacking_masks import with_masks
from benchmark_n.noise.absence import Absence
from benchmark_n.noise.base import Noise, NotApplied
from benchmark_n.noise.class_confusion import ClassConfusion
from benchmark_n.noise.confusion_matrix import matrix_weights
from benchmark_n.noise.events import Events, draw_events
from benchmark_n.noise.label_swap import swap_labels
from benchmark_n.noise.recipe import Recipe
from benchmark_n.noise.where import matching
from benchmark_n.runtime.random_streams import uniforms

Drawn = NDArray[np.bool_]


@dataclass(frozen=True)
class Decisions:
    """What befalls each of N annotations, apart from the masks.

    `drawn` maps each noise's name to a bool array (N,); crowds have all of them false. Annotations
    that were merged are `deleted` too.
    """

    drawn: dict[str, Drawn]
    noisy_category_ids: NDArray[np.int64]
    category_reasons: dict[int, str]
    deleted: Drawn
    events: Events = field(default_factory=Events)


def resolve(recipe: Recipe, coco: CocoFile) -> Recipe:
    """The recipe with the class confusion's scope settled for this file's categories."""
    noises = [
        noise.resolved(coco.categories) if isinstance(noise, ClassConfusion) else noise
        for noise in recipe.noises
    ]
    return replace(recipe, noises=tuple(noises))


def decide(
    recipe: Recipe,
    coco: CocoFile,
    seed: int,
    struck: Drawn | None = None,
    inside: Drawn | None = None,
) -> Decisions:
    """Draw for every annotation which noises apply, and the new categories.

    Where `struck` is given, bool (N,), noise strikes these annotations alone; what befalls them is
    what would without it. Events, which read masks and keep to images, are drawn for those that
    are `inside`, bool (N,), alone where it is given.
    """
    drawn = draw_noises(recipe, coco.annotation_ids, seed)
    for noise in recipe.noises:
        if isinstance(noise, Absence):
            chances = noise.chances_in(coco)
            drawn[noise.name] = uniforms(seed, f"{noise.name}.apply", coco.annotation_ids) < chances
    for name, column in drawn.items():
        column &= _allowed(recipe, name, coco, struck)
    deleted = np.zeros(len(coco), np.bool_)
    categories = coco.category_ids
    reasons: dict[int, str] = {}
    for noise in recipe.noises:
        if noise.kind == "deletion":
            deleted |= drawn[noise.name]
        elif isinstance(noise, ClassConfusion) and noise.scope == "swap":
            eligible = _allowed(recipe, noise.name, coco, None)
            drawn[noise.name], categories = swap_labels(noise, coco, eligible, seed)
        elif isinstance(noise, ClassConfusion):
            categories, reasons = _confuse(noise, coco, drawn[noise.name], seed)
    events = Events()
    if any(noise.kind == "event" for noise in recipe.noises):
        masked = with_masks(coco) if inside is None else with_masks(coco) & inside
        events = draw_events(
            recipe.noises,
            coco,
            lambda noise: masked & _allowed(recipe, noise.name, coco, struck),
            deleted,
            seed,
        )
        deleted[sorted(events.absorbed)] = True
    return Decisions(drawn, categories, reasons, deleted, events)


def _allowed(recipe: Recipe, name: str, coco: CocoFile, struck: Drawn | None) -> Drawn:
    """Whom a noise may strike, bool (N,): no crowds, and what the recipe restricts it to."""
    allowed = ~coco.crowd
    if struck is not None:
        allowed &= struck
    if name in recipe.where:
        allowed &= matching(recipe.where[name], coco)
    return allowed


def draw_noises(recipe: Recipe, ids: NDArray[np.int64], seed: int) -> dict[str, Drawn]:
    """Noise name to a bool array (N,): whether it is drawn for each annotation id; no events."""
    exclusive = recipe.scheme == "one-spatial"
    drawn = {} if not exclusive else _draw_one(recipe.noises, ids, seed)
    for noise in recipe.noises:
        if noise.name not in drawn and noise.kind != "event":
            drawn[noise.name] = uniforms(seed, f"{noise.name}.apply", ids) < noise.probability
    return drawn


def _draw_one(noises: tuple[Noise, ...], ids: NDArray[np.int64], seed: int) -> dict[str, Drawn]:
    uniform = uniforms(seed, "spatial.apply", ids)
    drawn, low = {}, 0.0
    for noise in noises:
        if noise.kind == "spatial":
            high = low + noise.probability
            drawn[noise.name] = (low <= uniform) & (uniform < high)
            low = high
    return drawn


def _confuse(
    noise: ClassConfusion, coco: CocoFile, drawn: Drawn, seed: int
) -> tuple[NDArray[np.int64], dict[int, str]]:
    candidates = (
        noise.candidates(coco.categories)
        if noise.matrix is None
        else matrix_weights(noise.matrix, coco.categories)
    )
    picks = uniforms(seed, f"{noise.name}.pick", coco.annotation_ids)
    categories, reasons = coco.category_ids.copy(), {}
    for index in np.flatnonzero(drawn).tolist():
        absent = coco.images[int(coco.image_ids[index])].neg_category_ids
        try:
            categories[index] = candidates.pick(int(categories[index]), absent, float(picks[index]))
        except NotApplied as reason:
            reasons[index] = str(reason)
            continue
        if categories[index] == coco.category_ids[index]:
            reasons[index] = "same_category"
    return categories, reasons
