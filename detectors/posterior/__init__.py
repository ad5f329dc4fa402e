"""Wrong categories by the posterior over several experts."""
