"""Measures of polygons, against shapely and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from benchmark_n.detection.structure.outlines import crossing_share, measure_outline, signed_area
from tests.detection.structure.documents import disc, rectangle


@pytest.mark.parametrize("seed", range(8))
def test_areas_are_shapelys(seed: int) -> None:
    """Of star-shaped polygons, which do not cross themselves, walked either way."""
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 12))
    ring = rng.uniform(5, 40, (12, 1)) * np.stack([np.cos(angles), np.sin(angles)], 1) + 50
    if np.diff(np.append(angles, angles[0] + 2 * np.pi)).max() < np.pi:
        assert shapely.Polygon(ring).is_valid
    for points in (ring, ring[::-1]):
        assert abs(signed_area(points)) == pytest.approx(shapely.Polygon(points).area)
        assert crossing_share(points) == 0.0
    outline = measure_outline([ring.ravel().tolist()])
    assert outline is not None
    assert outline.box == pytest.approx(shapely.Polygon(ring).bounds)
    box = shapely.box(*outline.box)
    assert outline.box_fill == pytest.approx(shapely.Polygon(ring).area / box.area)


def test_a_figure_of_eight_by_its_halves() -> None:
    """Triangles of 16 and 4 px² are filled, one walked around each way: 12 of 20 are left."""
    bow = np.array([[0.0, 0], [8, 0], [2, 6], [6, 6]])  # crosses itself at (4, 4)
    assert crossing_share(bow) == pytest.approx((20 - 12) / 20)
    even = np.array([[0.0, 0], [6, 4], [6, 0], [0, 4]])
    assert crossing_share(even) == pytest.approx(1.0)


def test_a_loop_walked_twice_counts_once() -> None:
    square = np.reshape(rectangle(0, 0, 10, 10), (-1, 2))
    assert crossing_share(np.concatenate([square, square])) == pytest.approx(0.5)


def test_a_hole_on_a_bridge_crosses_nothing() -> None:
    outer = np.reshape(rectangle(0, 0, 10, 10), (-1, 2))
    inner = np.reshape(rectangle(3, 3, 4, 4), (-1, 2))[::-1]
    ring = np.concatenate([outer, outer[:1], inner, inner[:1], outer[:1]])
    assert not shapely.Polygon(ring).is_valid
    assert crossing_share(ring) == pytest.approx(0.0)


def test_fill_is_of_single_polygons_and_vertices_of_the_largest() -> None:
    outline = measure_outline([rectangle(0, 0, 4, 4), disc(20, 20, 8)])
    assert outline is not None
    assert (outline.box_fill, outline.vertices) == (0.0, 24)
    assert measure_outline([[1.0, 2, 3, 4]]) is None
    repeated = measure_outline([[0.0, 0, 0, 0, 4, 0, 4, 4]])
    assert repeated is not None
    assert repeated.vertices == 3
