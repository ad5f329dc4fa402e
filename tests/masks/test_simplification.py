"""Which vertices of an outline are kept, against GEOS's topology-preserving simplification."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely import LinearRing, Point, Polygon, make_valid

from benchmark_n.masks.simplification import simplify_ring
from tests.conftest import SAMPLES, shared_file
from tests.plain_engine import decode


@pytest.fixture(scope="module")
def outlines() -> list[NDArray[np.float64]]:
    """Clicked polygons and corners of raster contours, all of COCO's 100 images."""
    data = json.loads(shared_file(SAMPLES["coco_val2014_100"]).read_text())
    sizes = {image["id"]: (image["height"], image["width"]) for image in data["images"]}
    found = []
    for record in data["annotations"]:
        if record["iscrowd"]:
            continue
        found += [np.reshape(polygon, (-1, 2)) for polygon in record["segmentation"]]
        mask = decode(record["segmentation"], *sizes[record["image_id"]])
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        found += [contour[:, 0, :].astype(float) for contour in contours if len(contour) > 3]
    return found


@pytest.mark.parametrize("tolerance", [1.0, 3.0, 10.0, 15.0])
def test_the_same_vertices_as_geos(outlines: list[NDArray[np.float64]], tolerance: float) -> None:
    """All but one outline in 200: GEOS judges lines that touch in floating point."""
    equal = 0
    for outline in outlines:
        simple = Polygon(outline).simplify(tolerance, preserve_topology=True)
        theirs = {tuple(point) for point in simple.exterior.coords}
        ours = {tuple(point) for point in outline[simplify_ring(outline, tolerance)].tolist()}
        equal += theirs == ours
    assert len(outlines) > 1500
    assert equal >= 0.995 * len(outlines)


@given(
    corners=st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=3, max_size=25, unique=True
    ),
    tolerance=st.floats(0, 30),
)
def test_what_is_kept(corners: list[tuple[int, int]], tolerance: float) -> None:
    """Three vertices at least, in order; the others are near; what was simple stays so."""
    ring = np.array(corners)
    kept = simplify_ring(ring, tolerance)
    assert len(kept) >= min(3, len(ring))
    assert (np.diff(kept) > 0).all()
    line = LinearRing(ring[kept])
    farthest = max(line.distance(Point(corner)) for corner in corners)
    assert farthest <= 2 * tolerance + 0.02  # the first vertex may go after the others
    if LinearRing(ring).is_simple:
        assert line.is_simple


def test_no_line_crosses_another() -> None:
    """Plain Douglas-Peucker would draw the long line through the tooth that reaches over it."""
    tooth = np.array([[0, 0], [20, -4], [40, 0], [40, 30], [22, 30], [20, -2], [18, 30], [0, 30]])
    assert Polygon(tooth).is_valid
    kept = simplify_ring(tooth, 5.0).tolist()
    assert 1 in kept
    assert Polygon(tooth[kept]).is_valid
    assert make_valid(Polygon(tooth[[0, 2, 3, 4, 5, 6, 7]])).geom_type == "MultiPolygon"


def test_nothing_to_simplify() -> None:
    square = np.array([[0, 0], [9, 0], [9, 9], [0, 9]])
    assert simplify_ring(square, 2.0).tolist() == [0, 1, 2, 3]
    assert simplify_ring(square, 0.0).tolist() == [0, 1, 2, 3]
    for few in range(4):
        assert simplify_ring(square[:few], 50.0).tolist() == list(range(few))
    assert len(simplify_ring(square, 50.0)) == 3
