from collections.abc import Sequence
from typing import Any

# What has the buffer protocol.
Buffer = Any

def noise_masks(
    segmentations: Sequence[Buffer | None],
    sizes: Buffer,
    distances: Buffer,
    kinds: bytes,
    struck: Buffer,
    reals: Buffer,
    wholes: Buffer,
    figures: Buffer,
    ious: Buffer,
    outcomes: Buffer,
    done: Buffer,
    /,
) -> list[bytes | None]: ...
