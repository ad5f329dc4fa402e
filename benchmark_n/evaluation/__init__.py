"""Questions asked of a benchmark: of predictions, labels, ejection fractions and scores."""
