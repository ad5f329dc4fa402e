"""Decide for a whole file which noise strikes which annotation, before any mask is touched.

These decisions are cheap, vectorised and need the dataset's categories; the masks are work for the
workers (`benchmark_n.noise.engine`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.noise.base import DrawnNoise, Noise, NotApplied
from benchmark_n.noise.class_confusion import ClassConfusion
from benchmark_n.noise.label_swap import swap_labels
from benchmark_n.noise.recipe import Recipe
from benchmark_n.noise.where import matching
from benchmark_n.runtime.random_streams import uniforms

Drawn = NDArray[np.bool_]


@dataclass(frozen=True)
class Chunk:
    """Consecutive annotations on their way to a worker; all sequences have the same length.

    `sizes` holds (height, width) px of each record's image, `drawn` one column a noise of masks or
    boxes; `published_ids` are those that the noisy records get in place of their own.
    """

    records: list[bytes]
    annotation_ids: list[int]
    published_ids: list[int]
    image_ids: list[int]
    sizes: list[tuple[int, int]]
    category_ids: list[int]
    noisy_category_ids: list[int]
    category_reasons: list[str | None]
    crowd: list[bool]
    deleted: list[bool]
    drawn: list[list[bool]]


@dataclass(frozen=True)
class Decisions:
    """What befalls each of N annotations, apart from the masks.

    `drawn` maps each noise's name to a bool array (N,); crowds have all of them false.
    """

    drawn: dict[str, Drawn]
    noisy_category_ids: NDArray[np.int64]
    category_reasons: dict[int, str]
    deleted: Drawn


def resolve(recipe: Recipe, coco: CocoFile) -> Recipe:
    """The recipe with the class confusion's scope settled for this file's categories."""
    noises = [
        noise.resolved(coco.categories) if isinstance(noise, ClassConfusion) else noise
        for noise in recipe.noises
    ]
    return replace(recipe, noises=tuple(noises))


def decide(recipe: Recipe, coco: CocoFile, seed: int, struck: Drawn | None = None) -> Decisions:
    """Draw for every annotation which noises apply, and the new categories.

    Where `struck` is given, bool (N,), noise strikes these annotations alone; what befalls them is
    what would without it.
    """
    drawn = draw_noises(recipe, coco.annotation_ids, seed)
    for name, column in drawn.items():
        column &= ~coco.crowd
        if struck is not None:
            column &= struck
        if name in recipe.where:
            column &= matching(recipe.where[name], coco)
    deleted = np.zeros(len(coco), np.bool_)
    categories = coco.category_ids
    reasons: dict[int, str] = {}
    for noise in recipe.noises:
        if noise.kind == "deletion":
            deleted |= drawn[noise.name]
        elif isinstance(noise, ClassConfusion) and noise.scope == "swap":
            eligible = ~coco.crowd
            if noise.name in recipe.where:
                eligible &= matching(recipe.where[noise.name], coco)
            drawn[noise.name], categories = swap_labels(noise, coco, eligible, seed)
        elif isinstance(noise, ClassConfusion):
            categories, reasons = _confuse(noise, coco, drawn[noise.name], seed)
    return Decisions(drawn, categories, reasons, deleted)


def draw_noises(recipe: Recipe, ids: NDArray[np.int64], seed: int) -> dict[str, Drawn]:
    """Noise name to a bool array (N,): whether it is drawn for each annotation id."""
    exclusive = recipe.scheme == "one-spatial"
    drawn = {} if not exclusive else _draw_one(recipe.noises, ids, seed)
    for noise in recipe.noises:
        if noise.name not in drawn:
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
    candidates = noise.candidates(coco.categories)
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


def chunks(
    recipe: Recipe,
    coco: CocoFile,
    decisions: Decisions,
    published_ids: NDArray[np.int64],
    size: int,
    *,
    start: int = 0,
) -> Iterator[Chunk]:
    """Cut the file from annotation `start` on into chunks of `size`, in the file's order.

    `published_ids`, int64 (N,), are those of all annotations of the file.
    """
    named = [n.name for n in recipe.noises if isinstance(n, DrawnNoise)]
    columns = [decisions.drawn[name] for name in named]
    for first in range(start, len(coco), size):
        part = slice(first, min(first + size, len(coco)))
        image_ids = coco.image_ids[part].tolist()
        yield Chunk(
            records=[bytes(record) for record in coco.annotations[part]],
            annotation_ids=coco.annotation_ids[part].tolist(),
            published_ids=published_ids[part].tolist(),
            image_ids=image_ids,
            sizes=[(coco.images[i].height, coco.images[i].width) for i in image_ids],
            category_ids=coco.category_ids[part].tolist(),
            noisy_category_ids=decisions.noisy_category_ids[part].tolist(),
            category_reasons=[
                decisions.category_reasons.get(i) for i in range(part.start, part.stop)
            ],
            crowd=coco.crowd[part].tolist(),
            deleted=decisions.deleted[part].tolist(),
            drawn=[column[part].tolist() for column in columns],
        )
