"""How much of an outline lies off an edge, against squares whose sides are known."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark_n.masks import CropMask
from benchmark_n.review.edges import image_edges, off_edge


def drawn_square(left: int) -> NDArray[Any]:
    """A white square of 40 px on black, 120 x 120 px."""
    pixels = np.zeros((120, 120, 3), np.uint8)
    cv2.rectangle(pixels, (left, 40), (left + 39, 79), (255, 255, 255), -1)
    return pixels


def mask_of(pixels: NDArray[Any]) -> CropMask:
    return CropMask.from_full(pixels[..., 0])


def ring(left: int) -> NDArray[Any]:
    """The pixels of the square that are next to one outside, (N, 2)."""
    rows, columns = np.mgrid[40:80, left : left + 40].reshape(2, -1)
    outer = (rows == 40) | (rows == 79) | (columns == left) | (columns == left + 39)
    return np.stack([rows[outer], columns[outer]], axis=1)


@pytest.mark.parametrize("moved", [0, 2, 10, 30])
def test_the_share_is_that_of_the_pixels_far_from_the_square_that_is_seen(moved: int) -> None:
    far = np.linalg.norm(ring(30 + moved)[:, None] - ring(30), axis=2).min(axis=1)
    found = off_edge(mask_of(drawn_square(30 + moved)), image_edges(drawn_square(30)))
    assert found is not None
    # An edge is found between two pixels, on either of them.
    assert np.mean(far > 4) - 0.01 <= found <= np.mean(far > 2) + 0.01
    assert (found == 0) == (moved <= 2)


def test_without_any_edge_all_is_off_one() -> None:
    edges = image_edges(np.full((120, 120, 3), 90, np.uint8))
    assert off_edge(mask_of(drawn_square(30)), edges) == 1.0


def test_an_outline_along_the_border_is_on_no_edge() -> None:
    edges = image_edges(np.full((120, 120, 3), 90, np.uint8))
    assert off_edge(CropMask.from_full(np.ones((120, 120))), edges) is None
    assert off_edge(CropMask.from_full(np.zeros((120, 120))), edges) is None
