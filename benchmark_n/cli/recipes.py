"""``benchmark-n recipes``."""

from __future__ import annotations

import click

from benchmark_n.cli.common import emit, output_options, set_logging


@click.command("recipes")
@click.argument("name", required=False)
@output_options
def command(name: str | None, quiet: bool, verbose: int, as_json: bool) -> None:
    """List the recipes, or print the one called NAME (or in the file NAME).

    Example: benchmark-n recipes hard
    """
    set_logging(quiet, verbose)
    from benchmark_n.files.json_yaml import dump_yaml
    from benchmark_n.noise.recipe import Recipe, load_recipe, recipe_names
    from benchmark_n.weak.recipe import WeakRecipe, choose_weak, load_weak_recipe, weak_recipe_names

    if name is not None:
        recipe = (choose_weak(None, name, None) or load_recipe(name)).to_dict()
        emit(dump_yaml(recipe).rstrip(), recipe, as_json)
        return
    recipes: list[Recipe | WeakRecipe] = [load_recipe(known) for known in recipe_names()]
    recipes += [load_weak_recipe(known) for known in weak_recipe_names()]
    width = max(len(recipe.name) for recipe in recipes)
    lines = [f"{recipe.name:{width}}  {recipe.description}" for recipe in recipes]
    emit("\n".join(lines), {r.name: r.to_dict() for r in recipes}, as_json)
