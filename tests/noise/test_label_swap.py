"""Labels that two annotations of an image exchange, and categories confused two by two."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import benchmark_n
from benchmark_n.coco import Category, CocoFile, read_coco
from benchmark_n.coco.read import parse_coco
from benchmark_n.noise.base import NotApplied
from benchmark_n.noise.class_confusion import ClassConfusion
from benchmark_n.noise.label_swap import swap_labels
from benchmark_n.noise.plan import decide
from benchmark_n.noise.recipe import load_recipe
from tests import making

FRAMES, ERRORS = 4000, 4.5
NAMES = ["left_ventricle", "myocardium", "left_atrium"]


def frames(count: int = FRAMES, **changes: Any) -> CocoFile:
    """Frames of a heart: three structures each, the last one a crowd in every seventh."""
    document = {
        "images": [{"id": i, "height": 9, "width": 9} for i in range(count)],
        "annotations": [
            {
                "id": i,
                "image_id": i // 3,
                "category_id": i % 3 + 1,
                "iscrowd": int(i % 21 == 20),
                "segmentation": [[1, 1, 5, 1, 5, 5]],
            }
            for i in range(3 * count)
        ],
        "categories": [{"id": i, "name": name} for i, name in enumerate(NAMES, start=1)],
        **changes,
    }
    return parse_coco(json.dumps(document).encode(), Path("hearts.json"))


@pytest.mark.parametrize("probability", [0.02, 0.1, 1.0])
def test_two_labels_of_a_frame_change_places(probability: float) -> None:
    coco = frames()
    noise = ClassConfusion(probability=probability, scope="swap")
    drawn, categories = swap_labels(noise, coco, ~coco.crowd, 1)
    changed = categories != coco.category_ids
    assert (changed == drawn).all()
    assert not (drawn & coco.crowd).any()
    by_frame = changed.reshape(-1, 3).sum(axis=1)
    assert set(by_frame.tolist()) <= {0, 2}
    np.testing.assert_array_equal(
        np.sort(categories.reshape(-1, 3)), np.sort(coco.category_ids.reshape(-1, 3))
    )
    error = np.sqrt(probability * (1 - probability) / FRAMES)
    assert abs((by_frame > 0).mean() - probability) <= ERRORS * error
    if probability == 1:
        whole = changed.reshape(-1, 3)[~coco.crowd.reshape(-1, 3).any(axis=1)]
        pairs = Counter(tuple(row) for row in whole.tolist())
        assert len(pairs) == 3
        error = np.sqrt(2 / 9 * len(whole))
        assert all(abs(n - len(whole) / 3) < ERRORS * error for n in pairs.values())


def test_the_same_frames_in_any_order_and_subset() -> None:
    coco = frames(300)
    noise = ClassConfusion(probability=0.5, scope="swap")
    _, whole = swap_labels(noise, coco, ~coco.crowd, 3)
    records = [json.loads(bytes(raw)) for raw in coco.annotations]
    mixed = [records[i] for i in np.random.default_rng(1).permutation(len(records)) if i < 450]
    part = frames(300, annotations=mixed)
    _, found = swap_labels(noise, part, ~part.crowd, 3)
    expected = dict(zip(coco.annotation_ids.tolist(), whole.tolist(), strict=True))
    assert [expected[i] for i in part.annotation_ids.tolist()] == found.tolist()


def test_nothing_to_exchange() -> None:
    """A frame of one structure, or of two that are called the same."""
    records = [
        {"id": i, "image_id": i // 2, "category_id": c, "segmentation": [[1, 1, 5, 1, 5, 5]]}
        for i, c in enumerate([1, 1, 1, 4, 2])
    ]
    categories = [{"id": i + 1, "name": name} for i, name in enumerate([*NAMES, NAMES[0]])]
    coco = frames(3, annotations=records, categories=categories)
    noise = ClassConfusion(probability=1.0, scope="swap")
    drawn, _ = swap_labels(noise, coco, ~coco.crowd, 1)
    assert not drawn.any()


def test_where_holds_for_exchanges(tmp_path: Path) -> None:
    recipe = tmp_path / "swap.yaml"
    recipe.write_text(
        "noises: {class_confusion: {probability: 1, scope: swap}}\n"
        "where: {class_confusion: {category: [left_ventricle, left_atrium]}}\n"
    )
    coco = frames(50)
    decisions = decide(load_recipe(recipe), coco, 1)
    changed = coco.category_ids[decisions.drawn["class_confusion"]]
    assert set(changed.tolist()) == {1, 3}


def test_pairs_of_categories() -> None:
    """Two by two inside the supercategory; the last of an odd number is confused with none."""
    grouped = {
        i: Category(i, f"c{i}", group)
        for i, group in [(1, "a"), (2, "b"), (3, "a"), (5, "a"), (7, "b"), (8, "c")]
    }
    candidates = ClassConfusion(probability=1.0, scope="pairs").candidates(grouped)
    for i, partner in {1: 3, 3: 1, 2: 7, 7: 2}.items():
        assert {candidates.pick(i, (), u) for u in (0.0, 0.4, 0.99)} == {partner}
    for i in (5, 8):
        with pytest.raises(NotApplied, match="no_other_category"):
            candidates.pick(i, (), 0.5)
    loose = {i: Category(i, str(i)) for i in (1, 2, 3, 4)}
    candidates = ClassConfusion(probability=1.0, scope="pairs").candidates(loose)
    assert [candidates.pick(i, (), 0.5) for i in loose] == [2, 1, 4, 3]


def test_asym_40_has_few_pairs(val2014: Path) -> None:
    """Of COCO's 80 categories 39 pairs at most, where any two of a supercategory were confused."""
    coco = read_coco(val2014)
    decisions = decide(load_recipe("asym-40"), coco, 1)
    moved = decisions.noisy_category_ids != coco.category_ids
    pairs = {
        frozenset(pair)
        for pair in zip(
            coco.category_ids[moved].tolist(),
            decisions.noisy_category_ids[moved].tolist(),
            strict=True,
        )
    }
    members = [one for pair in pairs for one in pair]
    assert len(members) == len(set(members))
    partners = [r != "no_other_category" for r in decisions.category_reasons.values()]
    assert not any(partners)
    able = ~coco.crowd & ~np.isin(coco.category_ids, [1])  # a person is alone in its supercategory
    assert not moved[coco.category_ids == 1].any()
    assert 0.25 < moved[able].mean() < 0.45


STRUCTURES = ("approximation", "localization", "scale", "class_confusion", "deletion")


@pytest.mark.parametrize("tier", ["easy", "mid", "hard", "low", "medium", "high"])
def test_the_phantom_takes_all_five_noises(tier: str, tmp_path: Path) -> None:
    """Sixty patients: every noise strikes; most patients keep what an ejection fraction needs."""
    made = making.make("phantom", tier, out=tmp_path / "made", workers=1)
    name = {"low": "easy", "medium": "mid", "high": "hard"}.get(tier, tier)
    assert made.recipe["name"] == f"cardiac-{name}"
    rows = made.manifest().to_pylist()
    for noise in STRUCTURES:
        assert sum(bool(row[f"{noise}_applied"]) for row in rows) > 0
    labels: dict[int, list[int]] = {}
    for row in rows:
        if not row["deleted"]:
            labels.setdefault(row["image_id"], []).append(row["noisy_category_id"])
    assert all(len(set(found)) == len(found) for found in labels.values())
    found = benchmark_n.evaluate_ejection_fraction(made).results["all_patients"]
    assert found["patients"] == 60
    complete = found["patients"] - found["missing"] - found["single_plane"]
    assert complete >= 0.7 * found["patients"]
