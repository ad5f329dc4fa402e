"""The keyed permutation against published vectors, a plain SipHash, and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmark_n.runtime.keyed_permutation import permute, siphash

_MASK = (1 << 64) - 1
keys = st.binary(min_size=16, max_size=16)


def plain_siphash(message: bytes, key: bytes) -> int:
    """SipHash-2-4 of any message on Python's whole numbers, written from the paper."""
    k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    v = [
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    ]

    def left(x: int, bits: int) -> int:
        return ((x << bits) | (x >> (64 - bits))) & _MASK

    def mix(times: int) -> None:
        for _ in range(times):
            v[0] = (v[0] + v[1]) & _MASK
            v[1] = left(v[1], 13) ^ v[0]
            v[0] = left(v[0], 32)
            v[2] = (v[2] + v[3]) & _MASK
            v[3] = left(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) & _MASK
            v[3] = left(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) & _MASK
            v[1] = left(v[1], 17) ^ v[2]
            v[2] = left(v[2], 32)

    whole = len(message) - len(message) % 8
    last = message[whole:].ljust(7, b"\0") + bytes([len(message) & 0xFF])
    for place in range(0, whole, 8):
        word = int.from_bytes(message[place : place + 8], "little")
        v[3] ^= word
        mix(2)
        v[0] ^= word
    word = int.from_bytes(last, "little")
    v[3] ^= word
    mix(2)
    v[0] ^= word
    v[2] ^= 0xFF
    mix(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def plain_inverse(value: int, key: bytes, widths: tuple[int, int]) -> int:
    """The number that `permute` maps to `value`, by undoing the rounds one by one."""
    while True:
        halves = [value >> widths[1], value & ((1 << widths[1]) - 1)]
        for turn in reversed(range(10)):
            changed = turn % 2
            message = (halves[1 - changed] | turn << 32).to_bytes(8, "little")
            halves[changed] ^= plain_siphash(message, key) & ((1 << widths[changed]) - 1)
        value = halves[0] << widths[1] | halves[1]
        if value:
            return value


@pytest.mark.parametrize(
    ("length", "published"),
    [
        (0, "310e0edd47db6f72"),
        (1, "fd67dc93c539f874"),
        (7, "37d1018bf50002ab"),
        (8, "6224939a79f5f593"),
        (15, "e545be4961ca29a1"),
    ],
)
def test_the_plain_siphash_has_the_published_values(length: int, published: str) -> None:
    found = plain_siphash(bytes(range(length)), bytes(range(16)))
    assert found.to_bytes(8, "little").hex() == published


def test_siphash_has_the_published_value() -> None:
    message = np.frombuffer(bytes(range(8)), "<u8").astype(np.uint64)
    found = siphash(message, bytes(range(16)))
    assert int(found[0]).to_bytes(8, "little").hex() == "6224939a79f5f593"


@given(words=st.lists(st.integers(0, _MASK), max_size=20), key=keys)
def test_siphash_is_the_plain_one(words: list[int], key: bytes) -> None:
    found = siphash(np.array(words, np.uint64), key)
    assert found.tolist() == [plain_siphash(w.to_bytes(8, "little"), key) for w in words]


@pytest.mark.parametrize("widths", [(1, 1), (1, 4), (4, 1), (5, 6), (7, 8)])
@pytest.mark.parametrize("key", [bytes(16), bytes(range(16)), b"\xff" * 16], ids=bytes.hex)
def test_every_number_but_zero_comes_once(widths: tuple[int, int], key: bytes) -> None:
    everything = np.arange(1, 1 << sum(widths))
    assert sorted(permute(everything, key, widths).tolist()) == everything.tolist()


@given(values=st.lists(st.integers(1, (1 << 53) - 1), unique=True, max_size=50), key=keys)
def test_numbers_of_53_bits_come_back(values: list[int], key: bytes) -> None:
    permuted = permute(np.array(values, np.int64), key)
    assert all(0 < value < 1 << 53 for value in permuted.tolist())
    assert [plain_inverse(v, key, (26, 27)) for v in permuted.tolist()] == values


def test_one_by_one_or_many_at_once() -> None:
    values = np.arange(1, 20_001)
    whole = permute(values, b"k" * 16)
    assert np.array_equal(permute(values[::-7], b"k" * 16), whole[::-7])


@pytest.mark.parametrize("value", [0, -1, 1 << 53])
def test_other_numbers_are_refused(value: int) -> None:
    with pytest.raises(ValueError, match="expected 1 to 9007199254740991"):
        permute(np.array([value]), bytes(16))


@pytest.mark.parametrize("step", [1, 1000, 1 << 24, 1 << 35])
def test_results_look_uniform(step: int) -> None:
    """Chi-squared of neighbours' top, middle and low bits; a sound network fails 1 in 10^6."""
    permuted = permute(np.arange(1, 65_537) * step, b"0123456789abcdef")
    for shift in (45, 22, 0):
        counts = np.bincount(permuted >> shift & 0xFF, minlength=256)
        assert stats.chisquare(counts).pvalue > 1e-6
    flips = np.unpackbits((permuted[1:] ^ permuted[:-1]).astype(">i8").view(np.uint8))
    assert abs(flips.sum() / 65_535 - 26.5) < 6 * np.sqrt(53 / 4 / 65_535)
