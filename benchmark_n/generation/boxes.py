"""Recipes for annotations that are boxes: noises of masks have nothing to work on there."""

from __future__ import annotations

import logging
from dataclasses import replace

from benchmark_n.coco import CocoFile
from benchmark_n.coco.lacking_masks import with_masks
from benchmark_n.errors import InputError
from benchmark_n.generation.choice import Choice
from benchmark_n.noise.recipe import ALIASES, Recipe, load_recipe, recipe_names
from benchmark_n.weak.recipe import WeakRecipe

_PREFIX = "box-"
_log = logging.getLogger(__name__)


def for_boxes(choice: Choice, coco: CocoFile) -> Choice:
    """The choice, fit for the annotations of `coco` that have no mask; what that means is told.

    Where none has a mask, a tier (``hard``) is its recipe for boxes (``box-hard``). Any other
    recipe stays as it is; its noises of masks are not applied to boxes, nor noises of boxes to
    annotations with a mask.

    Raises
    ------
    InputError
        None has a mask, and the recipe's noises are of masks alone.
    """
    instances = ~coco.crowd
    lacking, count = int((instances & ~with_masks(coco)).sum()), int(instances.sum())
    if isinstance(choice.recipe, WeakRecipe) or not lacking:
        return choice
    name = coco.path.name
    if lacking < count:
        _log.warning(
            "%s: %d of %d annotations have no mask but a box: noises of masks are not applied to "
            "them (no_mask)%s",
            *(name, lacking, count, _advice(choice.recipe)),
        )
        return choice
    tier = ALIASES.get(str(choice.name), str(choice.name))
    if _PREFIX + tier in recipe_names():
        _log.warning(
            "%s: all %d annotations are boxes without masks: %s is recipe %s here",
            *(name, count, tier, _PREFIX + tier),
        )
        options = choice.options
        recipe = load_recipe(_PREFIX + tier, only=options.only, overrides=options.overrides)
        return replace(choice, recipe=recipe, name=_PREFIX + tier)
    _check(choice.recipe, name, count)
    return choice


def _check(recipe: Recipe, name: str, count: int) -> None:
    """Refuse a recipe that would do nothing; say what another leaves undone."""
    spatial = [noise.name for noise in recipe.noises if noise.kind == "spatial"]
    known = ", ".join(one for one in recipe_names() if one.startswith(_PREFIX))
    if spatial and len(spatial) == len(recipe.noises):
        raise InputError(
            f"{name}: all {count} annotations are boxes without masks, and recipe {recipe.name} "
            f"has noises of masks alone: expected one for boxes ({known})"
        )
    if spatial:
        _log.warning(
            "%s: all %d annotations are boxes without masks: %s of recipe %s are not applied "
            "(no_mask)%s",
            *(name, count, ", ".join(spatial), recipe.name, _advice(recipe)),
        )


def _advice(recipe: object) -> str:
    jitters = isinstance(recipe, Recipe) and any(noise.kind == "box" for noise in recipe.noises)
    return "" if jitters else "; box_jitter is the noise of boxes"
