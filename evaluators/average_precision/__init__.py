"""Average precision of masks, boundaries and boxes."""
