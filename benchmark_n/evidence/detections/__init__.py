"""Evidence of object detectors that were trained elsewhere."""
