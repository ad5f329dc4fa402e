"""The measures of a file, against pycocotools, SciPy and brute force on whole images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from scipy.ndimage import distance_transform_edt

from benchmark_n.coco import read_coco
from benchmark_n.detection.structure.measure import measure
from benchmark_n.detection.structure.measurements import LEAST_INSIDE, LEAST_IOU
from tests.conftest import shared_file
from tests.detection.structure.documents import as_rle, disc, read, record, rectangle


def test_masks_and_pairs_are_pycocotools() -> None:
    path = shared_file("coco_mini/instances_train.json")
    measured = measure(read_coco(path))
    oracle = COCO(str(path))
    ids = measured.coco.annotation_ids.tolist()
    masks = [oracle.annToRLE(oracle.anns[i]) for i in ids]
    np.testing.assert_array_equal(measured["area"], [coco_mask.area(mask) for mask in masks])
    boxes = np.stack([measured[name] for name in ("x", "y", "width", "height")], axis=1)
    np.testing.assert_array_equal(boxes, coco_mask.toBbox(masks))
    expected = {}
    for image in oracle.getImgIds():
        places = [
            i
            for i in np.flatnonzero(measured.coco.image_ids == image).tolist()
            if not measured.coco.crowd[i]
        ]
        some = [masks[i] for i in places]
        ious = coco_mask.iou(some, some, [0] * len(some))
        held = coco_mask.iou(some, some, [1] * len(some))  # the share of each row in the column
        for a, i in enumerate(places):
            for b, j in enumerate(places[a + 1 :], a + 1):
                inside = max(held[a, b], held[b, a])
                if ious[a, b] >= LEAST_IOU or inside >= LEAST_INSIDE:
                    expected[i, j] = ious[a, b], inside
    pairs = measured.pairs
    assert list(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)) == sorted(expected)
    values = np.array([expected[key] for key in sorted(expected)])
    np.testing.assert_allclose(np.stack([pairs.iou, pairs.inside], axis=1), values)
    assert len(expected) > 10


@pytest.mark.parametrize("form", ["polygons", "rle"])
def test_thickness_border_and_parts_on_the_whole_image(form: str, tmp_path: Path) -> None:
    mask = record(7, disc(3, 40, 20), rectangle(100, 10, 30, 5))
    given = as_rle(mask) if form == "rle" else mask
    measured = measure(read(tmp_path, given))
    parts = coco_mask.frPyObjects(mask["segmentation"], 100, 200)
    full = coco_mask.decode(coco_mask.merge(parts)).astype(bool)
    framed = np.pad(full, 1)
    assert measured["thickness"][0] == pytest.approx(2 * distance_transform_edt(framed).max() - 1)
    inner = full[2:-2, 2:-2].sum()
    assert measured["border_share"][0] == pytest.approx(1 - inner / full.sum())
    assert measured["parts"][0] == 2
    first, second = (shapely.Polygon(np.reshape(p, (-1, 2))) for p in mask["segmentation"])
    assert measured["gap"][0] == pytest.approx(first.distance(second), abs=1.5)
    points = measured["vertices"][0]
    assert points == 24 if form == "polygons" else np.isnan(points)


def test_boxes_without_masks_are_compared_as_boxes(tmp_path: Path) -> None:
    boxes = [[10, 10, 20, 10], [12, 10, 20, 10], [15, 12, 4, 4], [90, 90, 5, 5]]
    plain = [record(i, rectangle(*b), segmentation=[], bbox=b) for i, b in enumerate(boxes, 1)]
    measured = measure(read(tmp_path, *plain))
    ious = coco_mask.iou(np.array(boxes, float), np.array(boxes, float), [0] * 4)
    pairs = measured.pairs
    assert (pairs.first.tolist(), pairs.second.tolist()) == ([0, 0, 1], [1, 2, 2])
    np.testing.assert_allclose(pairs.iou, ious[pairs.first, pairs.second])
    np.testing.assert_allclose(pairs.inside, [18 / 20, 1.0, 1.0])
    assert not measured.masked.any()
    assert np.isnan(measured["area"]).all()


def test_a_copy_moved_by_some_pixels_is_a_copy(tmp_path: Path) -> None:
    first, second = record(1, rectangle(10, 10, 30, 10)), record(2, rectangle(13, 12, 30, 10))
    pairs = measure(read(tmp_path, first, second)).pairs
    assert pairs.iou.tolist() == pytest.approx([27 * 8 / (600 - 27 * 8)])
    assert pairs.moved_iou.tolist() == [1.0]


def test_progress_ends_with_all(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    file = read(
        tmp_path,
        record(1, disc(20, 20, 5)),
        record(2, disc(20, 20, 5), image_id=2),
        images=3,
    )
    measure(file, lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]
