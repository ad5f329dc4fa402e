"""Volumes, ejection fractions and distances of ventricles."""
