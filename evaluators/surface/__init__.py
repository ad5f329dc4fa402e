"""Distances between the boundaries of masks."""
