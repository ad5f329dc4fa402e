"""The seeded noises, the recipes that combine them, and the engine that applies a recipe."""

from benchmark_n.noise.recipe import Recipe, load_recipe, recipe_names

__all__ = ["Recipe", "load_recipe", "recipe_names"]
