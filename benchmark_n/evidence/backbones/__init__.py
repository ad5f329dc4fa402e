"""Feature extractors of crops."""
