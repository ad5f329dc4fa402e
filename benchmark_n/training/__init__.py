"""Models trained on noisy labels, and their predictions."""
