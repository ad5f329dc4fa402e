"""Protocols as functions: robustness, ablations, detectors by seeds."""
