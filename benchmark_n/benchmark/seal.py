"""The secret of a sealed benchmark: the key of its ids and the seed of its noise.

It lies in ``private/seal.json`` of the benchmark, for its owner alone to read, and nowhere else:
not in recipe, checksums or card. With it the same benchmark is made again.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec

from benchmark_n.benchmark import layout
from benchmark_n.files.json_yaml import read_json
from benchmark_n.runtime.keyed_permutation import KEY_BYTES

_SEED_BITS = 63


class _Stored(msgspec.Struct):
    key: Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{2 * KEY_BYTES}}}$")]
    seed: Annotated[int, msgspec.Meta(ge=0, le=(1 << _SEED_BITS) - 1)]


@dataclass(frozen=True)
class Seal:
    """What nobody but the owner of a sealed benchmark knows; its `repr` does not tell it.

    Parameters
    ----------
    key
        16 bytes, of the published ids.
    seed
        Of the noise, 0 to 2^63 - 1.
    """

    key: bytes = field(repr=False)
    seed: int = field(repr=False)


def draw_seal() -> Seal:
    """A new one, from the operating system's randomness."""
    return Seal(secrets.token_bytes(KEY_BYTES), secrets.randbits(_SEED_BITS))


def read_seal(path: Path | str) -> Seal:
    """The seal in a file that `write_seal` wrote.

    Raises
    ------
    InputError
        It cannot be read, or is no seal.
    """
    stored = read_json(Path(path), "seal", _Stored)
    return Seal(bytes.fromhex(stored.key), stored.seed)


def write_seal(folder: Path, seal: Seal) -> None:
    """Put the seal into the benchmark in `folder`, readable by its owner alone."""
    path = folder / layout.SEAL
    path.parent.mkdir(mode=0o700)
    text = json.dumps({"key": seal.key.hex(), "seed": seal.seed}, indent=2) + "\n"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
