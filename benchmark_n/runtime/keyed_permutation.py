"""A permutation of whole numbers that nobody can undo, or tell from chance, without its key.

A Feistel network [1]_ on numbers of 53 bits, the most that JSON's readers and pycocotools keep
exactly. Its halves are of 26 and 27 bits and are changed in turn; its round function is
SipHash-2-4 [2]_ of round and half. Zero stays out of the results, since pycocotools takes a ground
truth of id 0 for none: a number that falls on it is permuted once more.

References
----------
.. [1] Luby, Rackoff: How to Construct Pseudorandom Permutations from Pseudorandom Functions,
       SIAM Journal on Computing 17(2), 1988.
.. [2] Aumasson, Bernstein: SipHash: a Fast Short-Input PRF, INDOCRYPT 2012.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

KEY_BYTES = 16
WIDTHS = (26, 27)
_ROUNDS = 10
_BLOCK = 1 << 13  # numbers at a time, whose states stay in the processor's cache
_START = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
_LENGTH = 8 << 56  # of the message in bytes, as its last word
Words = NDArray[np.uint64]


def permute(
    values: NDArray[np.int64], key: bytes, widths: tuple[int, int] = WIDTHS
) -> NDArray[np.int64]:
    """Each number's image under the permutation of 1 to ``2**sum(widths) - 1`` that `key` picks.

    Parameters
    ----------
    values
        int64 (N,), all of them in that range.
    key
        16 bytes.
    widths
        Bits of the two halves, 1 to 32 each.

    Returns
    -------
    ndarray
        int64 (N,), in the same range; distinct where `values` are.

    Examples
    --------
    >>> permute(np.array([1, 2, 3]), bytes(16), (1, 1)).tolist()
    [1, 3, 2]
    """
    low, high = values.min(initial=1), values.max(initial=1)
    if low < 1 or high >= 1 << sum(widths):
        raise ValueError(f"{low} to {high}, expected 1 to {(1 << sum(widths)) - 1}")
    permuted = np.empty(len(values), np.int64)
    for start in range(0, len(values), _BLOCK):
        part = slice(start, start + _BLOCK)
        permuted[part] = _feistel(values[part], key, widths)
    while (zero := permuted == 0).any():
        permuted[zero] = _feistel(permuted[zero], key, widths)
    return permuted


def _feistel(values: NDArray[np.int64], key: bytes, widths: tuple[int, int]) -> NDArray[np.int64]:
    """The network alone: a permutation of 0 to ``2**sum(widths) - 1``."""
    halves = [values.astype(np.uint64) >> np.uint64(widths[1]), values.astype(np.uint64)]
    masks = [np.uint64((1 << width) - 1) for width in widths]
    halves[1] &= masks[1]
    for turn in range(_ROUNDS):
        changed = turn % 2
        word = halves[1 - changed] | np.uint64(turn << 32)
        halves[changed] ^= siphash(word, key) & masks[changed]
    return (halves[0] << np.uint64(widths[1]) | halves[1]).astype(np.int64)


def siphash(words: Words, key: bytes) -> Words:
    """SipHash-2-4 of messages of 8 bytes each.

    Parameters
    ----------
    words
        uint64 (N,), the messages read little endian.
    key
        16 bytes.

    Examples
    --------
    >>> message = np.frombuffer(bytes(range(8)), "<u8").astype(np.uint64)
    >>> int(siphash(message, bytes(range(16)))[0]).to_bytes(8, "little").hex()
    '6224939a79f5f593'
    """
    keys = [int.from_bytes(key[:8], "little"), int.from_bytes(key[8:KEY_BYTES], "little")]
    v0, v1, v2, v3 = (
        np.full(len(words), start ^ keys[i % 2], np.uint64) for i, start in enumerate(_START)
    )
    for word in (words, np.uint64(_LENGTH)):
        v3 ^= word
        _sip_rounds(v0, v1, v2, v3, 2)
        v0 ^= word
    v2 ^= np.uint64(0xFF)
    _sip_rounds(v0, v1, v2, v3, 4)
    return v0 ^ v1 ^ v2 ^ v3


def _sip_rounds(v0: Words, v1: Words, v2: Words, v3: Words, count: int) -> None:
    """Change the state in place; additions are modulo 2^64."""
    for _ in range(count):
        v0 += v1
        v2 += v3
        _rotate(v1, 13)
        _rotate(v3, 16)
        v1 ^= v0
        v3 ^= v2
        _rotate(v0, 32)
        v2 += v1
        v0 += v3
        _rotate(v1, 17)
        _rotate(v3, 21)
        v1 ^= v2
        v3 ^= v0
        _rotate(v2, 32)


def _rotate(values: Words, bits: int) -> None:
    high = values >> np.uint64(64 - bits)
    values <<= np.uint64(bits)
    values |= high
