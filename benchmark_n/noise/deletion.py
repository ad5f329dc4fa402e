"""Deletion noise: instances that nobody annotated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from benchmark_n.noise.base import Kind, Noise


@dataclass(frozen=True)
class Deletion(Noise):
    """The instance is removed from the annotations.

    References
    ----------
    .. [1] Kimhi et al.: Noisy Annotations in Semantic Segmentation, 2025, Section 2.2.

    Examples
    --------
    >>> noise = Deletion(0.15)
    >>> noise.name, noise.kind, noise.probability
    ('deletion', 'deletion', 0.15)
    >>> Deletion(1.5)
    Traceback (most recent call last):
        ...
    benchmark_n.errors.InputError: deletion.probability is 1.5, expected a number from 0 to 1
    """

    name: ClassVar[str] = "deletion"
    kind: ClassVar[Kind] = "deletion"
