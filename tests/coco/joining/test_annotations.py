"""Annotations of two files: against brute force, and whatever their ids."""

from __future__ import annotations

import itertools
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark_n.coco.joining import assign, match_pairs
from benchmark_n.coco.joining.annotations import join_annotations
from benchmark_n.coco.joining.overlaps import find_overlaps
from tests.coco.joining.documents import (
    Document,
    document,
    parsed,
    renumbered,
    under_other_numbers,
)

GRID = [(image, 0, [20 * k, 5, 12, 12]) for image in range(4) for k in range(3)]


def files(first: Document, second: Document) -> tuple[Any, Any]:
    return parsed(first, "clean.json"), parsed(second, "noisy.json")


def grid() -> Document:
    return document(["a", "b", "c", "d"], ["cat", "dog"], GRID)


def moved(data: Document, place: int, dx: int) -> None:
    record = data["annotations"][place]
    record["segmentation"] = [
        [x + dx * (1 - i % 2) for i, x in enumerate(p)] for p in record["segmentation"]
    ]
    record["bbox"][0] += dx


def best_by_hand(ious: NDArray[np.float64], preferred: NDArray[np.bool_]) -> tuple[float, int]:
    """The greatest sum of IoUs of one-to-one matchings, and most preferred pairs among these."""
    rows, columns = ious.shape
    best = (0.0, 0)
    for size in range(min(rows, columns) + 1):
        for left in itertools.combinations(range(rows), size):
            for right in itertools.permutations(range(columns), size):
                pairs = list(zip(left, right, strict=True))
                if all(ious[pair] > 0 for pair in pairs):
                    total = sum(ious[pair] for pair in pairs)
                    best = max(best, (round(total, 9), sum(bool(preferred[p]) for p in pairs)))
    return best


@given(
    st.integers(1, 4), st.integers(1, 4), st.randoms(use_true_random=False), st.sampled_from([2, 5])
)
@settings(max_examples=150)
def test_assignment_is_the_best_of_all(n: int, m: int, rng: random.Random, steps: int) -> None:
    ious = np.array([[max(0, rng.randint(-2, steps)) / steps for _ in range(m)] for _ in range(n)])
    preferred = np.array([[rng.random() < 0.5 for _ in range(m)] for _ in range(n)])
    rows, columns = np.nonzero(ious)
    chosen = assign(rows, columns, ious[rows, columns], preferred[rows, columns])
    assert len(set(rows[chosen].tolist())) == len(set(columns[chosen].tolist())) == len(chosen)
    total = round(float(ious[rows, columns][chosen].sum()), 9)
    assert (total, int(preferred[rows, columns][chosen].sum())) == best_by_hand(ious, preferred)


def box_iou(a: list[int], b: list[int]) -> float:
    """Of rectangles on whole pixels: that of their masks, too."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


BOX = st.tuples(st.integers(0, 40), st.integers(0, 30), st.integers(1, 20), st.integers(1, 15))


@pytest.mark.parametrize("drawn", ["masks", "boxes", "one of each"])
@given(st.data())
@settings(max_examples=40)
def test_overlaps_are_those_of_rectangles(drawn: str, data: st.DataObject) -> None:
    sides = []
    for side in range(2):
        boxes = data.draw(st.lists(st.tuples(st.integers(0, 1), BOX), min_size=1, max_size=6))
        made = document(["a", "b"], ["cat"], [(i, 0, list(box)) for i, box in boxes])
        for record in made["annotations"]:
            if drawn == "boxes" or (drawn != "masks" and side):
                record["segmentation"] = []
        sides.append(made)
    found = find_overlaps(*files(*sides), 0.1)
    ours = {(i, j): iou for i, j, iou in zip(found.first, found.second, found.ious, strict=True)}
    truth = {
        (i, j): box_iou(a["bbox"], b["bbox"])
        for i, a in enumerate(sides[0]["annotations"])
        for j, b in enumerate(sides[1]["annotations"])
        if a["image_id"] == b["image_id"] and box_iou(a["bbox"], b["bbox"]) >= 0.1
    }
    assert ours == pytest.approx(truth)


def test_many_annotations_in_one_image() -> None:
    """More than one block of comparisons, and more than pycocotools' 8 bits can count."""
    boxes = [(0, 0, [x, y, 1, 1]) for x in range(60) for y in range(40)]
    clean, noisy = files(document(["a"], ["cat"], boxes), document(["a"], ["cat"], boxes[::-1]))
    join = join_annotations(clean, noisy, "iou")
    assert join.partners.tolist() == list(range(len(boxes)))[::-1]


@given(st.randoms(use_true_random=False), st.data())
@settings(max_examples=120)
def test_a_file_is_itself_under_any_numbers(rng: random.Random, data: st.DataObject) -> None:
    """Renumbered, shuffled, with equal masks of other categories, without masks: no difference."""
    rows = st.tuples(st.integers(0, 2), st.integers(0, 2), BOX.map(list), st.integers(0, 3))
    drawn = data.draw(st.lists(rows, min_size=1, max_size=12))
    boxes = [(i, c, b) for i, c, b, copies in drawn for _ in range(1 + (copies == 3))]
    first = document(["x/a", "y/b", "c"], ["cat", "dog", "cow"], boxes)
    for record in first["annotations"]:
        if rng.random() < 0.2:
            record["segmentation"] = []
        record["iscrowd"] = int(rng.random() < 0.1)
    second = under_other_numbers(first, rng)
    clean, noisy = files(first, second)
    matched = match_pairs(clean, noisy)
    before = list(clean.records())
    after = list(noisy.records())
    assert all(pair.clean is not None and pair.noisy is not None for pair in matched.pairs)
    for pair in matched.pairs:
        i, j = pair.clean, pair.noisy
        assert i is not None
        assert j is not None
        assert before[i]["segmentation"] == after[j]["segmentation"]
        assert before[i]["bbox"] == after[j]["bbox"]
        assert matched.noisy.image_ids[j] == clean.image_ids[i]
        assert matched.noisy.category_ids[j] == clean.category_ids[i]


def test_ids_count_where_most_of_them_agree() -> None:
    # 12 annotations; one moved off its place altogether: 11 of 12 agree (92 %).
    noisy = grid()
    moved(noisy, 4, 14)
    join = join_annotations(*files(grid(), noisy))
    assert join.record["annotations"] == "id"
    assert join.record["by_id"] == 11
    assert join.partners[4] == -1
    # Two of them: 10 of 12 (83 %) are not enough, and IoU finds the ten.
    moved(noisy, 7, 14)
    join = join_annotations(*files(grid(), noisy))
    assert join.record["annotations"] == "IoU 0.5"
    assert (join.record["shared_ids"], join.record["agreeing_ids"]) == (12, 10)
    assert (join.record["by_id"], join.record["by_iou"]) == (0, 10)
    forced = join_annotations(*files(grid(), noisy), "id")
    assert forced.partners.tolist() == list(range(12))


def test_an_id_that_disagrees_is_matched_by_mask() -> None:
    boxes = [
        (image, 0, [14 * k, 14 * row, 10, 10])
        for image in (0, 1)
        for k in range(4)
        for row in range(3)
    ]
    first = document(["a", "b"], ["cat"], boxes)
    second = renumbered(first, annotations={5: 6, 6: 5})
    join = join_annotations(*files(first, second))
    assert (join.record["shared_ids"], join.record["agreeing_ids"]) == (24, 22)  # 92 %
    assert (join.record["annotations"], join.record["by_iou"]) == ("id", 2)
    assert join.partners.tolist() == list(range(24))  # by place: the two ids were exchanged


def test_poor_overlaps_come_last_and_are_counted() -> None:
    # [0, 12) against [8, 20): IoU 4/20. The good pair is made first, though the sum of the two
    # lesser ones is greater.
    first = document(["a"], ["cat"], [(0, 0, [0, 0, 12, 10]), (0, 0, [13, 0, 12, 10])])
    second = document(["a"], ["cat"], [(0, 0, [8, 0, 12, 10])])
    second["annotations"][0]["id"] = 99
    join = join_annotations(*files(first, second))
    assert join.partners.tolist() == [-1, 0]  # [13, 20) of [8, 25): 7/17
    assert join.record["poor_overlaps"] == join.record["by_iou"] == 1
    strict = join_annotations(*files(first, second), "iou", 0.05)
    assert strict.record["poor_overlaps"] == 0
    assert strict.record["annotations"] == "IoU 0.05"


def test_a_category_is_asked_for_between_equal_masks_alone() -> None:
    same, near = [5, 5, 20, 20], [6, 5, 20, 20]
    first = document(["a"], ["cat", "dog"], [(0, 0, same), (0, 1, same)])
    second = renumbered(document(["a"], ["cat", "dog"], [(0, 1, same), (0, 0, same)]))
    assert join_annotations(*files(first, second)).partners.tolist() == [1, 0]
    first = document(["a"], ["cat", "dog"], [(0, 0, same)])
    second = document(["a"], ["cat", "dog"], [(0, 0, near), (0, 1, same)])
    assert join_annotations(*files(first, second), "iou").partners.tolist() == [1]
