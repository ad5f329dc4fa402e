"""Models that draw masks from prompts, one a file."""
