"""Evaluators: pure functions that compare predictions or scores with the truth."""
