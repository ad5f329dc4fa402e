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
    """

    name: ClassVar[str] = "deletion"
    kind: ClassVar[Kind] = "deletion"
