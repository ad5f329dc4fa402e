"""Errors that object detectors show: what they find and nobody drew, and the other way round."""
