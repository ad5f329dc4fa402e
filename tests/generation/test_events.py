"""Benchmarks with events: what is published, what the manifest says, and who knows of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import benchmark_n
from benchmark_n import Benchmark
from benchmark_n.benchmark.fields import ANNOTATION_FIELDS
from benchmark_n.cards.show import show
from benchmark_n.coco import read_coco
from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.coco.joining import match_pairs
from benchmark_n.detection.correct import correct
from benchmark_n.evaluation.label_errors import score_benchmark
from benchmark_n.evaluators.label_errors.evaluate import evaluate_label_errors
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.evaluators.label_errors.truth import (
    SpatialTruth,
    spatial_errors,
    spurious_errors,
    surviving,
)
from benchmark_n.evaluators.realism.pairs import pair_masks
from benchmark_n.generation.event_rates import box_pairs, event_noises, event_rates
from benchmark_n.generation.label_rates import label_rates
from benchmark_n.masks import rle_to_crop
from benchmark_n.noise.recipe import build_noise
from benchmark_n.tables.scores import scores_table
from tests import making, samples
from tests.conftest import SAMPLES, shared_file

NAMES = ("scenes", *SAMPLES)


def make(name: str, out: Path, recipe: Any = "events-10", **options: Any) -> Benchmark:
    if name in SAMPLES:
        options["annotations"] = shared_file(SAMPLES[name])
        return making.make("coco", recipe=recipe, out=out, workers=1, **options)
    return making.make(name, recipe=recipe, out=out, workers=1, num_images=40, **options)


@pytest.fixture(scope="module")
def val2014_events(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    return make("coco_val2014_100", tmp_path_factory.mktemp("events") / "made")


@pytest.mark.parametrize("name", ["scenes", "coco_val2014_100", "lvis_val_100"])
def test_the_clean_file_comes_back(name: str, tmp_path: Path) -> None:
    """In all fields, whatever was merged, split, copied or deleted."""
    made = make(name, tmp_path / "made", masks="polygon")
    clean = make(name, tmp_path / "clean", "clean", masks="polygon")
    assert min(made.summary[origin] for origin in ("spurious", "merged", "split")) > 0
    assert made.verify() == []
    found, expected = made.clean(), clean.clean()
    assert list(found.sections) == list(expected.sections)
    for section in expected.sections:
        assert bytes(found.sections[section]) == bytes(expected.sections[section])


def test_bytes_depend_on_neither_workers_nor_chunks(
    val2014_events: Benchmark, tmp_path: Path
) -> None:
    again = make("coco_val2014_100", tmp_path / "again", chunk_size=17)
    for name in ("SHA256SUMS", "recipe.yaml", "summary.json"):
        assert (again.path / name).read_bytes() == (val2014_events.path / name).read_bytes()


def test_a_subset_of_images_has_the_same_records(val2014_events: Benchmark, tmp_path: Path) -> None:
    data = json.loads(shared_file(SAMPLES["coco_val2014_100"]).read_bytes())
    data["images"] = data["images"][::3]
    kept = {image["id"] for image in data["images"]}
    data["annotations"] = [a for a in data["annotations"] if a["image_id"] in kept][::-1]
    part = tmp_path / "part.json"
    part.write_text(json.dumps(data))
    made = making.make(
        "custom", annotations=part, recipe="events-10", out=tmp_path / "b", workers=1
    )
    whole = [r for r in val2014_events.noisy().records() if r["image_id"] in kept]
    assert list(made.noisy().records()) == whole
    columns = ["annotation_id", "source_ids", "origin", "deleted", "iou", "merge_applied"]
    rows = {row["annotation_id"]: row for row in val2014_events.manifest(columns).to_pylist()}
    found = made.manifest(columns).to_pylist()
    assert found
    assert all(rows[row["annotation_id"]] == row for row in found)


def test_the_manifest_says_what_was_published(tmp_path: Path) -> None:
    """Masks by pycocotools' own operations on the clean file, without further noise."""
    from pycocotools import mask as coco_mask

    only = ["merge", "split", "spurious"]
    made = make("coco_val2014_100", tmp_path / "made", only=only)
    clean, noisy = made.clean(), made.noisy()
    rles = dict(zip(clean.annotation_ids.tolist(), masks_of(clean, range(len(clean))), strict=True))
    given = dict(
        zip(noisy.annotation_ids.tolist(), masks_of(noisy, range(len(noisy))), strict=True)
    )
    rows = made.manifest().to_pylist()
    sources = {row["source_id"]: row for row in rows if row["origin"] == "source"}
    counts = dict.fromkeys(("merged", "split", "spurious"), 0)
    for row in rows:
        if row["origin"] == "source":
            assert row["source_ids"] == [row["source_id"]]
            continue
        counts[row["origin"]] += 1
        own, parts = given[row["annotation_id"]], [rles[i] for i in row["source_ids"]]
        assert row["source_id"] is None
        assert row["source_ids"] == sorted(row["source_ids"])
        assert row["noisy_area"] == coco_mask.area(own)
        if row["origin"] == "merged":
            assert len(parts) > 1
            assert own == coco_mask.merge(parts)
            assert all(sources[i]["deleted"] for i in row["source_ids"])
            largest = max(parts, key=coco_mask.area)
            assert row["area"] == coco_mask.area(largest)
            assert row["iou"] == pytest.approx(coco_mask.iou([own], [largest], [0]).item())
        else:
            (whole,) = parts
            known = ("category_id", "area", "bbox_x", "size", "iou", "boundary_iou")
            assert all(row[name] is None for name in known)
            assert not sources[row["source_ids"][0]]["deleted"]
            first = given[sources[row["source_ids"][0]]["annotation_id"]]
        if row["origin"] == "split":
            assert coco_mask.merge([first, own]) == whole
            assert coco_mask.area(first) + coco_mask.area(own) == coco_mask.area(whole)
            assert sources[row["source_ids"][0]]["split_applied"]
        if row["origin"] == "spurious":
            assert coco_mask.area(own) == coco_mask.area(whole)
            same = rle_to_crop(own).tight().pixels == rle_to_crop(whole).tight().pixels
            assert same.all()
    assert counts == {origin: made.summary[origin] for origin in counts}
    assert min(counts.values()) > 10
    assert made.summary["noises"]["spurious"]["applied"] == counts["spurious"]
    assert made.summary["noises"]["split"]["applied"] == counts["split"]
    assert made.summary["noises"]["merge"]["applied"] == made.summary["deleted"]


def test_truth_by_kind_of_error(val2014_events: Benchmark) -> None:
    """A detector that says what the manifest holds finds all of it, under every rule."""
    manifest = val2014_events.manifest()
    rows = surviving(manifest)
    origin = np.array(rows["origin"].to_pylist())
    split = np.array(rows["split_applied"].to_pylist(), bool)
    extra = np.isin(origin, ["spurious", "split"])
    whole = (origin == "merged") | ((origin == "source") & split)
    assert spurious_errors(rows).wrong.tolist() == extra.tolist()
    for rule in (SpatialTruth(), SpatialTruth("changed"), SpatialTruth("mask-iou", 0.01)):
        found = spatial_errors(rows, rule)
        assert found.wrong[whole].all()
        assert found.ignored.tolist() == extra.tolist()
    scores = scores_table(
        {
            "image_id": rows["image_id"],
            "annotation_id": rows["annotation_id"],
            "kind": ["spurious"] * len(rows),
            "score": pa.array(extra.astype(float)),
            "flagged": pa.array(extra),
        }
    )
    options = LabelErrorOptions(bootstrap=10)
    result = evaluate_label_errors(scores, manifest, options=options)
    assert result.kinds["spurious"].measures["f1"] == 1
    assert result.kinds["spurious"].measures["errors"] == extra.sum()
    assert result.kinds["any"].measures["precision"] == 1


def test_merged_parts_are_missing_and_proposals_find_them(val2014_events: Benchmark) -> None:
    rows = val2014_events.manifest().to_pylist()
    clean = val2014_events.clean()
    place = {identity: i for i, identity in enumerate(clean.annotation_ids.tolist())}
    gone = [row for row in rows if row["deleted"] and row["merge_applied"]]
    masks = masks_of(clean, [place[row["source_id"]] for row in gone])
    texts = [
        json.dumps({"size": list(rle["size"]), "counts": rle["counts"].decode()}) for rle in masks
    ]
    scores = scores_table(
        {
            "image_id": [row["image_id"] for row in gone],
            "kind": ["missing"] * len(gone),
            "score": [0.5] * len(gone),
            "flagged": [True] * len(gone),
            "suggested_segmentation": texts,
        }
    )
    result = score_benchmark(scores, val2014_events, LabelErrorOptions(bootstrap=10))
    measures = result.kinds["missing"].measures
    assert measures["precision"] == 1
    assert measures["errors"] == val2014_events.summary["deleted"]


def test_labels_agree_as_sets(val2014_events: Benchmark) -> None:
    """Of merged labels none is right, and all their parts are missing."""
    found = benchmark_n.evaluate_labels(val2014_events).results
    summary = val2014_events.summary
    added = sum(summary[origin] for origin in ("spurious", "merged", "split"))
    assert found["clean"] == summary["instances"]
    assert found["spurious"] == added
    assert found["noisy"] == summary["instances"] - summary["deleted"] + added


def test_a_full_review_leaves_absences_alone(val2014_events: Benchmark, tmp_path: Path) -> None:
    rows = surviving(val2014_events.manifest())
    scores = scores_table(
        {
            "image_id": rows["image_id"],
            "annotation_id": rows["annotation_id"],
            "kind": ["any"] * len(rows),
            "score": [0.5] * len(rows),
            "flagged": [True] * len(rows),
        }
    )
    correct(val2014_events, scores, (1.0,), out=tmp_path / "out")
    mended = read_coco(tmp_path / "out" / "corrected-100.json")
    absent = {
        row["source_id"]
        for row in val2014_events.manifest().to_pylist()
        if row["deleted"] and row["absence_applied"]
    }
    ids = making.source_ids(val2014_events)
    clean = {r["id"]: r for r in val2014_events.clean().records() if r["id"] not in absent}
    found = {ids[r["id"]]: r for r in mended.records()}
    assert found.keys() == clean.keys()
    assert all({**r, "id": i} == clean[i] for i, r in found.items() if i is not None)
    assert (np.diff(mended.annotation_ids) > 0).all()


def test_added_annotations_are_drawn_in_the_picture(
    val2014_events: Benchmark, tmp_path: Path
) -> None:
    rows = val2014_events.manifest().to_pylist()
    images = {row["image_id"] for row in rows if row["origin"] == "merged"}
    image = show(val2014_events, tmp_path / "a.png", image_id=min(images))
    assert image == min(images)


def test_kept_ids_stay_and_added_ones_are_none_of_them(tmp_path: Path) -> None:
    made = make("coco_val2014_100", tmp_path / "made", keep_ids=True)
    rows = made.manifest(["annotation_id", "source_id"]).to_pylist()
    assert all(r["annotation_id"] == r["source_id"] for r in rows if r["source_id"] is not None)
    assert sum(r["source_id"] is None for r in rows) > 50


def test_rates_of_events_are_found_again(tmp_path: Path) -> None:
    """By counts over the pairs of a benchmark whose rates are known; half of the images."""
    recipe = tmp_path / "r.yaml"
    noises = {
        "box_mask": {"probability": 0.3},
        "absence": {"probability": 0.2, "slope": -0.5, "area": 600.0},
        "spurious": {"probability": 0.2, "doubled": 1.0},
    }
    recipe.write_text(json.dumps({"noises": noises}))
    made = making.make("scenes", recipe=recipe, num_images=150, out=tmp_path / "b", workers=1)
    clean, noisy = made.clean(), made.noisy()
    matched = match_pairs(clean, noisy)
    pairs, _ = pair_masks(clean, noisy)
    every = dict.fromkeys(clean.images, True)
    rates = label_rates([(clean, matched)], every)
    events = event_rates([(clean, matched)], every, rates)
    found, provenance = event_noises(events, rates)
    n = events.outlines
    assert abs(found["box_mask"]["probability"] - 0.3) < 4.5 * (0.21 / n) ** 0.5
    assert 0 < box_pairs(pairs).sum() <= 1.1 * events.box_masks
    # A double of one whose neighbour is absent may be taken for that.
    assert events.doubled == events.additions
    assert made.summary["spurious"] - 3 <= events.doubled <= made.summary["spurious"]
    assert events.caveats == []
    assert abs(found["spurious"]["probability"] - 0.2) < 4.5 * (0.16 / rates.matched) ** 0.5
    chance = 1 / (1 + (600 / found["absence"]["area"]) ** -0.5 * 4)
    assert found["absence"]["probability"] == pytest.approx(chance, rel=0.35)
    assert -0.75 < found["absence"]["slope"] < -0.25
    assert len(found["absence"]["categories"]) == len(clean.categories)
    assert all(build_noise(name, values).name == name for name, values in found.items())
    assert set(provenance) >= {"absence.slope", "box_mask.probability", "spurious.doubled"}


def all_events(folder: Path, **more: Any) -> Path:
    """A recipe in which each event that can happen does."""
    noises = {
        "merge": {"probability": 1.0, "gap": 5},
        "split": {"probability": 0.4, "area": 50},
        "spurious": {"probability": 1.0, "doubled": 0.5},
        "class_confusion": {"probability": 0.5},
        **more,
    }
    path = folder / "all.yaml"
    path.write_text(json.dumps({"noises": noises}))
    return path


@pytest.mark.parametrize("masks", ["rle", "polygon", "keep"])
def test_withheld_fields_of_copied_annotations_come_back_once(masks: str, tmp_path: Path) -> None:
    """An added record has none of its model's further fields; the clean file has all of them."""
    data = samples.with_further_fields(samples.document())
    more = [samples.annotation(20 + i, 2, category_id=3) for i in range(6)]
    for number, record in enumerate(more):
        x = 8.0 * number
        record["segmentation"] = [[x, 2, x + 7, 2, x + 7, 40, x, 40]]
        record["note"] = f"drawn {number}"
    data["annotations"] += more[:3] + more[4:]
    file = samples.write(tmp_path, data)
    options: dict[str, Any] = {"annotations": file, "masks": masks, "workers": 1}
    made = making.make("custom", recipe=all_events(tmp_path), out=tmp_path / "a", **options)
    clean = making.make("custom", recipe="clean", out=tmp_path / "b", **options)
    assert min(made.summary[origin] for origin in ("spurious", "merged")) > 0
    assert all(set(r) <= set(ANNOTATION_FIELDS) for r in made.noisy().records())
    assert list(made.clean().records()) == list(clean.clean().records())
    assert made.verify() == []


def test_sealed_benchmarks_have_events_too(tmp_path: Path) -> None:
    made = make("scenes", tmp_path / "made", seed=None, sealed=True)
    assert made.summary["spurious"] > 10
    clean = make("scenes", tmp_path / "clean", "clean")
    assert list(made.clean().records()) == list(clean.clean().records())
    opened = {r["id"] for r in make("scenes", tmp_path / "open").noisy().records()}
    assert not opened & {r["id"] for r in made.noisy().records()}


def test_boxes_and_crowds_have_no_events_but_may_be_absent(tmp_path: Path) -> None:
    data = samples.document()
    boxes = [{**record, "segmentation": []} for record in data["annotations"]]
    crowd = samples.annotation(
        99, 1, iscrowd=1, segmentation={"size": [48, 64], "counts": [0, 3072]}
    )
    file = samples.write(tmp_path, {**data, "annotations": [*boxes, crowd]})
    recipe = all_events(tmp_path, absence={"probability": 0.5, "slope": -0.1})
    made = making.make("custom", annotations=file, recipe=recipe, out=tmp_path / "a", workers=1)
    assert [made.summary[what] for what in ("spurious", "merged", "split")] == [0, 0, 0]
    rows = made.manifest().to_pylist()
    assert {row["deleted"] for row in rows if not row["crowd"]} <= {True, False}
    assert not any(row["deleted"] for row in rows if row["crowd"])
