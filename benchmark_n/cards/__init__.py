"""Data cards: what a benchmark is, for people (Markdown) and for machines (Croissant)."""
