"""Benchmarks are made here: from a recipe, from a model's masks, or from a real pair of files."""
