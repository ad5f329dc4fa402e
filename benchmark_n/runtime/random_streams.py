"""Random draws as pure functions of (seed, annotation id, name).

The output is therefore the same whatever the worker count, the chunk size, the order of the
annotations or the subset of noises. Uniform numbers come from a counter hash (the finaliser of
SplitMix64 [1]_, applied to the id twice under keys derived from seed and name), for whole columns
at once; a noise that needs many numbers seeds a `numpy.random.Generator` with one of them.

References
----------
.. [1] Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB
_TO_UNIT = 2.0**-53
_STANDARD_NORMAL = NormalDist()


@lru_cache(maxsize=1024)
def stream_keys(seed: int, name: str) -> tuple[int, int]:
    """Two 64-bit keys for the draws called `name` under `seed`."""
    digest = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def hashes(seed: int, name: str, ids: NDArray[np.int64]) -> NDArray[np.uint64]:
    """A 64-bit hash for each id; int64 (N,) to uint64 (N,)."""
    first, second = stream_keys(seed, name)
    with np.errstate(over="ignore"):
        mixed = _mix(ids.astype(np.uint64) * np.uint64(_GAMMA) + np.uint64(first))
        return _mix(mixed ^ np.uint64(second))


def uniforms(seed: int, name: str, ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """A number in [0, 1) for each id; int64 (N,) to float64 (N,)."""
    return (hashes(seed, name, ids) >> np.uint64(11)).astype(np.float64) * _TO_UNIT


def _mix(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    value = (value ^ (value >> np.uint64(30))) * np.uint64(_MIX_1)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(_MIX_2)
    return value ^ (value >> np.uint64(31))


def _mix_one(value: int) -> int:
    value = ((value ^ (value >> 30)) * _MIX_1) & _MASK
    value = ((value ^ (value >> 27)) * _MIX_2) & _MASK
    return value ^ (value >> 31)


@dataclass(frozen=True)
class Stream:
    """The draws of one noise for one annotation."""

    seed: int
    name: str
    annotation_id: int

    def hash(self, label: str) -> int:
        """The same number as `hashes` gives for ``name.label``."""
        first, second = stream_keys(self.seed, f"{self.name}.{label}")
        mixed = _mix_one(((self.annotation_id & _MASK) * _GAMMA + first) & _MASK)
        return _mix_one(mixed ^ second)

    def uniform(self, label: str) -> float:
        """A number in [0, 1)."""
        return (self.hash(label) >> 11) * _TO_UNIT

    def integer(self, label: str) -> int:
        """A whole number in [0, 2^63), fit to seed a generator and to stand in a manifest."""
        return self.hash(label) >> 1

    def normal(self, label: str) -> float:
        """A standard normal number, by the inverse of its distribution function."""
        return _STANDARD_NORMAL.inv_cdf(((self.hash(label) >> 12) + 0.5) * 2.0**-52)
