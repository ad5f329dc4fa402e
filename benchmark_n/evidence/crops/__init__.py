"""Out-of-fold probabilities of annotations' crops."""
