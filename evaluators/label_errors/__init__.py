"""Scores of detectors against the manifest."""
