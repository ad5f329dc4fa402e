"""Look for label errors: detectors run, scored, suspects corrected, masks audited."""
