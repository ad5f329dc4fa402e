"""Predicted label quality, agreement of masks, tests between groups."""
