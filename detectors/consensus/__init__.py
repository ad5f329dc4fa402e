"""Several annotators of the same images against each other."""
