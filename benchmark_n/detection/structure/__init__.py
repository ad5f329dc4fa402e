"""Structural errors of annotations, found without a model: measures, and rules that read them."""
