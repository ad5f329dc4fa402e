"""Parts of masks, against SciPy's labels and spanning tree."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from scipy.ndimage import label
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from benchmark_n.detection.structure.parts import covered_share, part_areas, splits
from benchmark_n.masks import CropMask
from tests.detection.structure.documents import disc, rectangle


@pytest.mark.parametrize("seed", range(6))
def test_parts_are_those_of_scipy(seed: int) -> None:
    mask = np.random.default_rng(seed).random((30, 40)) < 0.3
    labels, _ = label(mask, np.ones((3, 3)))
    expected = np.sort(np.bincount(labels.ravel())[1:])[::-1]
    np.testing.assert_array_equal(part_areas(CropMask.from_full(mask)), expected)


def test_an_empty_mask_has_no_parts() -> None:
    assert part_areas(CropMask.from_full(np.zeros((3, 3)))).size == 0


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("least", [0.0, 0.05, 0.2])
def test_the_widest_split_is_that_of_scipys_tree(seed: int, least: float) -> None:
    """Each edge of the minimum spanning tree is taken out; the longest with two large sides."""
    rng = np.random.default_rng(seed)
    polygons = [disc(x, y, r) for x, y, r in rng.uniform((0, 0, 1), (400, 400, 20), (7, 3))]
    shapes = [shapely.Polygon(np.reshape(p, (-1, 2))) for p in polygons]
    areas = np.array([shape.area for shape in shapes])
    # SciPy takes a zero for no edge.
    distances = np.array([[a.distance(b) + 1e-12 for b in shapes] for a in shapes])
    tree = minimum_spanning_tree(np.triu(distances, 1)).toarray()
    cuts = []
    for i, j in zip(*np.nonzero(tree), strict=True):
        without = tree.copy()
        without[i, j] = 0
        _, labels = connected_components(without, directed=False)
        small = min(areas[labels == 0].sum(), areas[labels == 1].sum())
        if small >= least * areas.sum():
            cuts.append((float(distances[i, j]), float(small)))
    (split,) = splits(polygons, [least])
    if not cuts:
        assert split is None
        return
    assert split is not None
    assert split.gap == pytest.approx(max(cuts)[0], abs=1e-9)
    assert split.small == pytest.approx(max(cuts)[1])
    assert split.small + split.large == pytest.approx(areas.sum())
    assert np.hypot(*(split.bridge[1] - split.bridge[0])) == pytest.approx(split.gap)


def test_touching_and_single_polygons() -> None:
    side_by_side = [rectangle(0, 0, 5, 5), rectangle(5, 0, 5, 5)]
    (split,) = splits(side_by_side, [0.1])
    assert split is not None
    assert (split.gap, split.small) == (0.0, 25.0)
    assert splits([rectangle(0, 0, 5, 5)], [0.1]) == [None]
    assert splits([rectangle(0, 0, 10, 10), rectangle(50, 0, 1, 1)], [0.1]) == [None]


def test_what_covers_a_bridge() -> None:
    """Half of the way lies in the mask, to one step of 33."""
    mask = CropMask.from_full(np.pad(np.ones((4, 10)), ((0, 0), (0, 10))))
    bridge = np.array([[0.0, 1.0], [20.0, 1.0]])
    assert covered_share(bridge, [mask]) == pytest.approx(0.5, abs=1 / 33)
    assert covered_share(bridge, []) == 0.0
    other = CropMask.from_full(np.pad(np.ones((4, 10)), ((0, 0), (10, 0))))
    assert covered_share(bridge, [mask, other]) == 1.0
