__version__ = "0.3.0"
# Date of this version: what its data cards carry, so that they are the same on every day.
RELEASED = "2026-11-26"
