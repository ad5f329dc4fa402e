__version__ = "1.0.0"
# Date of this version: what its data cards carry, so that they are the same on every day.
RELEASED = "2026-11-26"
