"""Losses of annotations in training."""
