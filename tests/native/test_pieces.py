"""Each piece of the kernel on random masks; scripts/faults/native.py has more of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from benchmark_n.noise.localization import Localization
from tests.conftest import needs_kernel
from tests.native.pieces import PIECES, difference, random_polygons, run_kernel

COUNT = 300

pytestmark = needs_kernel


@pytest.mark.parametrize("piece", PIECES)
def test_pieces_agree_with_the_libraries_on_whole_canvases(piece: str) -> None:
    found = [difference(piece, np.random.default_rng([1, i])) for i in range(COUNT)]
    assert [text for text in found if text] == []


def test_threads_do_not_disturb_each_other() -> None:
    """The interpreter's lock is released, and no buffer is shared."""
    size, noise = (400, 300), Localization(1.0, sigma=4.0)

    def run(number: int) -> object:
        polygons = random_polygons(np.random.default_rng([3, number]), size)
        return run_kernel(polygons, size, [(noise, {"sigma": 4.0, "seed": number})])

    alone = [run(number) for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(run, range(200))) == alone
