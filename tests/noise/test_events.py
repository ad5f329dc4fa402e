"""Events against counts by brute force on whole canvases, and what holds of any subset."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage, stats
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.special import expit, logit

from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.coco.instances import by_image
from benchmark_n.errors import InputError
from benchmark_n.masks import CropMask, crop_to_rle, rle_to_crop
from benchmark_n.noise.absence import Absence
from benchmark_n.noise.base import NotApplied
from benchmark_n.noise.box_mask import BoxMask
from benchmark_n.noise.events import Events
from benchmark_n.noise.merge import Merge
from benchmark_n.noise.plan import decide, resolve
from benchmark_n.noise.recipe import Recipe, load_recipe
from benchmark_n.noise.split import Split
from benchmark_n.noise.spurious import Spurious
from benchmark_n.runtime.random_streams import Stream, uniforms
from tests import samples
from tests.conftest import SAMPLES, shared_file

# Standard deviations beyond which a count is no accident: once in about 30,000 tests.
ERRORS = 4.2


@cache
def val2014() -> CocoFile:
    return read_coco(shared_file(SAMPLES["coco_val2014_100"]))


def events_of(coco: CocoFile, seed: int = 1, *noises: Any) -> Events:
    """What `noises` alone do to the file."""
    return decide(Recipe("events", noises), coco, seed).events


@cache
def some() -> CocoFile:
    """The annotations of 30 of the images."""
    coco = val2014()
    return coco.take(np.flatnonzero(np.isin(coco.image_ids, list(coco.images)[:30])))


def canvas(coco: CocoFile, place: int) -> NDArray[np.uint8]:
    return rle_to_crop(masks_of(coco, [place])[0]).full()


@cache
def neighbours(gap: int) -> list[tuple[int, int]]:
    """Pairs of places of `some` within `gap` px, of one category and image, by whole canvases."""
    coco, found = some(), []
    for places in by_image(coco.image_ids).values():
        free = [i for i in places.tolist() if not coco.crowd[i]]
        masks = {i: canvas(coco, i) for i in free}
        for a, b in combinations(free, 2):
            if coco.category_ids[a] == coco.category_ids[b]:
                far = ndimage.distance_transform_cdt(masks[a] == 0, "chessboard")
                if far[masks[b] > 0].min(initial=gap + 1) <= gap:
                    found.append((a, b))
    return found


@pytest.mark.parametrize("gap", [0, 3])
def test_merges_are_those_of_whole_canvases(gap: int) -> None:
    """Anchors by their probability, partners among all neighbours, groups by SciPy's components."""
    coco = some()
    noise = Merge(0.3, gap=gap)
    near: dict[int, list[int]] = {}
    for a, b in neighbours(gap):
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    ids = coco.annotation_ids
    links = []
    for place in np.flatnonzero(uniforms(4, "merge.apply", ids) < 0.3).tolist():
        known = sorted(near.get(place, []), key=lambda i: int(ids[i]))
        if known:
            pick = Stream(4, "merge", int(ids[place])).hash("pick") % len(known)
            links.append((place, known[pick]))
    rows, columns = np.array(links).T
    graph = coo_array((np.ones(len(links)), (rows, columns)), shape=(len(coco),) * 2)
    labels = connected_components(graph, directed=False)[1]
    groups = [np.flatnonzero(labels == k) for k in np.unique(labels[rows])]
    expected = {}
    for group in groups:
        union = np.any([canvas(coco, int(i)) for i in group], axis=0)
        rle = crop_to_rle(CropMask.from_full(union))
        expected[tuple(sorted(ids[group].tolist()))] = rle["counts"]
    found = events_of(coco, 4, noise)
    assert {
        one.source_ids: one.mask["counts"] if one.mask else b"" for one in found.added
    } == expected
    assert sorted(found.absorbed) == sorted(i for group in groups for i in group.tolist())
    assert found.absorbed == found.applied["merge"]
    assert len(expected) > 5
    for one in found.added:
        areas = {int(ids[i]): canvas(coco, i).sum() for i in found.absorbed}
        assert areas[int(ids[one.model])] == max(areas[i] for i in one.source_ids)


def test_a_merge_is_drawn_for_each_annotation_with_neighbours() -> None:
    coco, gap = some(), 3
    near = {place for pair in neighbours(gap) for place in pair}
    counts = []
    for seed in range(20):
        failed = decide(Recipe("events", (Merge(0.2, gap=gap),)), coco, seed).events.reasons
        struck = uniforms(seed, "merge.apply", coco.annotation_ids) < 0.2
        counts.append(int((struck & ~coco.crowd).sum()) - len(failed["merge"]))
    bound = ERRORS * (0.2 * 0.8 * len(near) * 20) ** 0.5
    assert abs(sum(counts) - 0.2 * len(near) * 20) < bound


def test_parts_of_a_split_are_the_whole_and_as_large_as_drawn() -> None:
    rows, columns = np.indices((70, 70)) - 35
    mask = CropMask.from_full(np.hypot(rows, columns) <= 30)
    noise = Split(1.0, least=0.25)
    shares, angles = [], []
    for number in range(600):
        stream = Stream(1, "split", number)
        first, other = noise.parts(mask, stream)
        np.testing.assert_array_equal(first.full() + other.full(), mask.full())
        assert other.area <= first.area
        drawn = 0.25 + 0.25 * stream.uniform("share")
        assert abs(other.area / mask.area - drawn) < 0.03  # pixels on the cut go one way
        assert all(ndimage.label(p.full(), np.ones((3, 3)))[1] == 1 for p in (first, other))
        shares.append(other.area / mask.area)
        a, b = (np.argwhere(part.full()).mean(axis=0) for part in (first, other))
        angles.append(np.arctan2(*(b - a)) % (2 * np.pi))
    assert stats.kstest(shares, stats.uniform(0.25, 0.25).cdf).pvalue > 1e-5
    assert np.histogram(angles, 8, (0, 2 * np.pi))[0].min() > 40


def test_what_is_too_small_is_not_split() -> None:
    stream = Stream(1, "split", 1)
    with pytest.raises(NotApplied, match="too_small"):
        Split(1.0, area=101).parts(CropMask.from_full(np.ones((10, 10))), stream)
    with pytest.raises(NotApplied, match="too_small"):
        Split(1.0).parts(CropMask(np.zeros((0, 0), np.uint8), 0, 0, 9, 9), stream)


def test_copies_lie_everywhere_alike_and_inside() -> None:
    mask = CropMask.from_full(np.pad(np.ones((5, 7)), ((3, 32), (20, 13))))
    found = []
    for number in range(2000):
        with suppress(NotApplied):  # the mask's own place, once in 1,224
            found.append(Spurious(1.0).copied(mask, Stream(1, "spurious", number)))
    assert len(found) > 1985
    x, y = (np.array([getattr(one, axis) for one in found]) for axis in "xy")
    for places, most in ((x, 33), (y, 35)):
        counts = np.bincount(places, minlength=most + 1)
        assert stats.chisquare(counts).pvalue > 1e-5
        assert len(counts) == most + 1
    assert all(one.full().sum() == 35 for one in found[:50])
    whole = CropMask.from_full(np.ones((4, 4)))
    with pytest.raises(NotApplied, match="no_room"):
        Spurious(1.0).copied(whole, Stream(1, "spurious", 1))


def test_doubles_and_copies_come_at_their_rates() -> None:
    coco = val2014()
    free = int((~coco.crowd).sum())
    found = [events_of(coco, seed, Spurious(0.3, doubled=0.25)) for seed in range(8)]
    added = sum(len(one.added) + len(one.reasons["spurious"]) for one in found)
    assert abs(added - 0.3 * free * 8) < ERRORS * (0.21 * free * 8) ** 0.5
    doubles = sum(one.mask is None for each in found for one in each.added)
    assert abs(doubles - 0.25 * added) < ERRORS * (0.1875 * added) ** 0.5


def test_absence_follows_the_line_and_the_category() -> None:
    coco = val2014()
    noise = Absence(0.15, slope=-0.4, area=2000.0, categories={"person": 0.4})
    person = {c.name: i for i, c in coco.categories.items()}["person"]
    free = np.flatnonzero(~coco.crowd)
    areas = np.array([canvas(coco, i).sum() for i in free.tolist()])
    at_area = np.where(coco.category_ids[free] == person, 0.4, 0.15)
    expected = expit(logit(at_area) - 0.4 * np.log(np.maximum(areas, 1) / 2000))
    recipe = Recipe("absence", (noise,))
    hits = np.mean([decide(recipe, coco, seed).deleted[free] for seed in range(40)], axis=0)
    assert noise.chances_in(coco)[free] == pytest.approx(expected, rel=1e-9)
    for low, high in ((0, 300), (300, 2000), (2000, 10**6)):
        own = (areas >= low) & (areas < high)
        error = (expected[own] * (1 - expected[own])).sum() ** 0.5 / own.sum() / 40**0.5
        assert abs(hits[own].mean() - expected[own].mean()) < ERRORS * error
    assert Absence(1.0).chances(np.ones(1), np.array([5.0])) == 1
    assert Absence(0.0, slope=-2).chances(np.zeros(1), np.array([5.0])) == 0


@given(
    chosen=st.sets(st.integers(0, 99), min_size=1, max_size=12),
    seed=st.integers(0, 5),
    order=st.randoms(use_true_random=False),
)
def test_the_same_events_in_every_subset_and_order(chosen: set[int], seed: int, order: Any) -> None:
    coco = val2014()
    recipe = resolve(load_recipe("events-10"), coco)
    whole = _whole(seed)
    images = {list(coco.images)[i] for i in chosen}
    rows = [i for i, image in enumerate(coco.image_ids.tolist()) if image in images]
    order.shuffle(rows)
    part = coco.take(np.array(rows, np.intp))
    decisions = decide(recipe, part, seed)
    assert _told(part, decisions.events) == {
        one: rest for one, rest in whole.items() if rest[0] in images
    }


@cache
def _whole(seed: int) -> dict[tuple[str, tuple[int, ...]], tuple[int, int, bytes | None]]:
    coco = val2014()
    return _told(coco, decide(resolve(load_recipe("events-10"), coco), coco, seed).events)


def _told(
    coco: CocoFile, events: Events
) -> dict[tuple[str, tuple[int, ...]], tuple[int, int, bytes | None]]:
    """Event and source ids to image, model's id and mask."""
    ids, images = coco.annotation_ids.tolist(), coco.image_ids.tolist()
    told = {
        (one.event, one.source_ids): (
            images[one.model],
            ids[one.model],
            one.mask and one.mask["counts"],
        )
        for one in events.added
    }
    told |= {
        ("first part", (ids[place],)): (images[place], ids[place], rle["counts"])
        for place, rle in events.drawn.items()
    }
    return told


def test_an_annotation_has_one_event_at_most() -> None:
    coco = val2014()
    noises = (Spurious(0.8), Split(0.8, area=500), Merge(0.8), Absence(0.3))
    decisions = decide(Recipe("events", noises), coco, 1)
    events = decisions.events
    counts = np.zeros(len(coco), int)
    for one in events.added:
        for identity in one.source_ids:
            counts[coco.annotation_ids == identity] += 1
    assert counts.max() == 1
    absent = decisions.drawn["absence"]
    assert not counts[absent | coco.crowd].any()
    assert set(events.reasons["split"].values()) == {"deleted", "merge", "too_small"}
    assert set(events.reasons["spurious"].values()) >= {"deleted", "merge", "split"}
    np.testing.assert_array_equal(
        np.flatnonzero(decisions.deleted), sorted({*events.absorbed, *np.flatnonzero(absent)})
    )


def test_annotations_without_a_mask_have_no_events(tmp_path: Path) -> None:
    data = samples.document()
    boxes = [{**record, "segmentation": []} for record in data["annotations"]]
    coco = read_coco(samples.write(tmp_path, {**data, "annotations": boxes}))
    noises = (Spurious(1.0), Split(1.0, area=2), Merge(1.0))
    assert not events_of(coco, 1, *noises).added
    whole = read_coco(samples.write(tmp_path, data))
    assert len(events_of(whole, 1, *noises).added) == 3


def test_where_and_verified_restrict_events() -> None:
    coco = val2014()
    recipe = Recipe("events", (Merge(1.0), Split(1.0)), where={"merge": {"category": ("person",)}})
    person = {c.name: i for i, c in coco.categories.items()}["person"]
    found = decide(recipe, coco, 1).events
    assert {int(coco.category_ids[i]) for i in found.absorbed} == {person}
    assert len({int(coco.category_ids[i]) for i in found.applied["split"]}) > 5
    struck = np.arange(len(coco)) % 2 == 0
    some = decide(recipe, coco, 1, struck).events
    touched = some.absorbed | some.applied["split"]
    assert touched
    assert all(place % 2 == 0 for place in touched)


def test_a_box_mask_is_the_box() -> None:
    mask = CropMask.from_full(np.eye(6)[:, :4])
    boxed = BoxMask(1.0).apply(mask, {})
    np.testing.assert_array_equal(boxed.full(), np.pad(np.ones((4, 4)), ((0, 2), (0, 0))))
    with pytest.raises(NotApplied, match="is_box"):
        BoxMask(1.0).apply(boxed, {})


@pytest.mark.parametrize(
    ("noise", "values", "message"),
    [
        ("merge", {"gap": -1}, r"merge\.gap is -1, expected 0 to 100 px"),
        ("split", {"least": 0}, r"split\.least is 0\.0, expected above 0 to 0\.5"),
        ("split", {"area": 1}, r"split\.area is 1, expected 2 px² or more"),
        ("spurious", {"doubled": 2}, r"spurious\.doubled is 2\.0, expected a share"),
        ("absence", {"area": 0}, r"absence\.area is 0\.0, expected 1 px² or more"),
        ("absence", {"slope": 99}, r"absence\.slope is 99\.0, expected a number from -10 to 10"),
        (
            "absence",
            {"categories": {"cat": 3}},
            r"absence\.categories is .* expected probabilit",
        ),
        ("box_mask", {"probability": 2}, r"box_mask\.probability is 2\.0"),
    ],
)
def test_wrong_parameters_are_named(
    noise: str, values: dict[str, Any], message: str, tmp_path: Path
) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text(json.dumps({"noises": {noise: {"probability": 0.1, **values}}}))
    with pytest.raises(InputError, match=message):
        load_recipe(recipe)


def test_an_absent_category_of_absence_is_named() -> None:
    coco = val2014()
    recipe = Recipe("absence", (replace(Absence(0.1), categories={"persom": 0.2}),))
    with pytest.raises(InputError, match="'persom', which the file lacks: did you mean 'person"):
        decide(recipe, coco, 1)
