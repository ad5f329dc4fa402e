"""Which recipe is meant: a tier's, one by name or file, or a kind of weak annotations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmark_n.errors import UsageError
from benchmark_n.generation.options import RecipeOptions, WeakOptions
from benchmark_n.noise.recipe import Recipe, load_recipe
from benchmark_n.runtime.execution import Execution
from benchmark_n.weak.recipe import WeakRecipe, choose_weak


@dataclass(frozen=True)
class Choice:
    """The recipe, what the user called it, and what else was asked for with it."""

    recipe: Recipe | WeakRecipe
    name: str | Path
    options: RecipeOptions
    weak: WeakOptions


def choose_recipe(
    tier: str | None,
    recipe: RecipeOptions | str | Path | None,
    weak: WeakOptions,
    execution: Execution,
) -> Choice:
    """The recipe of a tier or of `recipe`, or of the kind of prompt in `weak`.

    Raises
    ------
    UsageError
        None of them or several, or options that the recipe has no use for.
    InputError
        An unknown recipe, noise or parameter, or a value that its parameter cannot have.
    """
    options = recipe if isinstance(recipe, RecipeOptions) else RecipeOptions(recipe)
    name = options.recipe or tier or weak.weak or ""
    weakly = choose_weak(weak.weak, tier, options.recipe, options.overrides)
    if weakly is not None:
        _check_weak(options, execution)
        return Choice(weakly, name, options, weak)
    _check_noise(tier, options, weak)
    noisy = load_recipe(name, only=options.only, overrides=options.overrides)
    return Choice(noisy, name, options, weak)


def _check_weak(options: RecipeOptions, execution: Execution) -> None:
    """Refuse what only recipes of noises can have."""
    if options.only:
        raise UsageError("only is for noise recipes: a weak recipe has one annotator")
    if execution.backend != "loky":
        raise UsageError("weak annotations are made on one machine: backend must be loky")


def _check_noise(tier: str | None, options: RecipeOptions, weak: WeakOptions) -> None:
    """Refuse what only weak recipes can have, and names that are missing or one too many."""
    if weak.given:
        raise UsageError(
            f"{weak.given[0].replace('_', '-')} is for weak annotations: name a tier wan-easy, "
            "wan-mid or wan-hard, or a kind of prompt by weak"
        )
    if tier is not None and options.recipe is not None:
        raise UsageError("give a tier or a recipe, not both")
    if tier is None and options.recipe is None:
        raise UsageError("name a tier (easy, mid, hard, clean) or a recipe")
