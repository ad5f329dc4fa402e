"""Weak annotations: masks that a promptable model draws from a box, a point, a name or a sketch.

They are made of the clean annotations, from which the prompts come, and written as a benchmark like
any other.
"""
