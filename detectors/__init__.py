"""Label-error detectors: evidence in, a score per annotation and kind of error out."""
