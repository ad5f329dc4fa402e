"""Scenes of drawn shapes, embedded."""
