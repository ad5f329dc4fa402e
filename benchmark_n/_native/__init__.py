"""The noises of masks in C++; `kernel` is None where no compiler built them.

`benchmark_n.noise.native` says what they are for, and when they are used.
"""

from __future__ import annotations

from types import ModuleType

kernel: ModuleType | None
try:
    from benchmark_n._native import kernel
except ImportError:
    kernel = None

__all__ = ["kernel"]
