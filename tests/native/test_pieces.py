"""Each piece of the kernel on random masks; scripts/faults/native.py has more of them."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark_n import _native
from tests.native.pieces import PIECES, difference

COUNT = 300

pytestmark = pytest.mark.skipif(_native.kernel is None, reason="the native kernel is not built")


@pytest.mark.parametrize("piece", PIECES)
def test_pieces_agree_with_the_libraries_on_whole_canvases(piece: str) -> None:
    found = [difference(piece, np.random.default_rng([1, i])) for i in range(COUNT)]
    assert [text for text in found if text] == []
