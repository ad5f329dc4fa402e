"""The audit finds each planted leak, and nothing in a file that keeps its secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.metrics import roc_auc_score

from benchmark_n import Benchmark
from benchmark_n.evaluators.leakage.audit import LEVEL, Audit, audit
from benchmark_n.evaluators.leakage.fields import columns
from benchmark_n.evaluators.leakage.records import COLUMNS, RecordFields, published_input
from tests.evaluators.leakage_samples import NAMES, World, world

Planted = tuple[dict[str, Any], str, str]


def _counts(values: Any) -> dict[int, int]:
    found, counts = np.unique(values, return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))


def _numbers(w: World) -> np.ndarray:
    """Place of each annotation among those of its image and clean category."""
    order = np.lexsort((w.clean, w.image_ids))
    keys = (w.image_ids * 100 + w.clean)[order]
    first = np.searchsorted(keys, keys)
    found = np.empty(len(keys), np.int64)
    found[order] = np.arange(len(keys)) - first
    return found


def _hash(w: World) -> np.ndarray:
    return w.image_ids * 7919 % 65_521


def cityscapes_ids(w: World) -> dict[str, Any]:
    return {"ids": (_hash(w) << 16) + w.clean * 1000 + _numbers(w)}


def viper_ids(w: World) -> dict[str, Any]:
    return {"ids": (w.image_ids << 24) + (w.clean << 16) + _numbers(w)}


def sorted_records(w: World) -> dict[str, Any]:
    """Random ids that rise with the clean class within each image."""
    random = np.random.default_rng(5)
    ids = np.sort(random.choice(1 << 53, len(w.clean), replace=False))
    images = np.random.default_rng(6).permutation(900)[w.image_ids - 500]
    placed = np.empty(len(ids), np.int64)
    placed[np.lexsort((random.random(len(ids)), w.clean, images))] = ids
    return {"ids": placed}


def consecutive_ids(w: World) -> dict[str, Any]:
    return {"ids": np.arange(len(w.clean)) + 1}


def changed_last(w: World) -> dict[str, Any]:
    random = np.random.default_rng(5)
    ids = np.sort(random.choice(1 << 53, len(w.clean), replace=False))
    placed = np.empty(len(ids), np.int64)
    placed[np.lexsort((random.random(len(ids)), w.changed))] = ids
    return {"ids": placed}


def clean_category_counts(w: World) -> dict[str, Any]:
    return {"category_counts": {"instance_count": _counts(w.clean)}}


def clean_image_counts(w: World) -> dict[str, Any]:
    return {"image_fields": {"objects": _counts(w.image_ids)}}


def category_name(w: World) -> dict[str, Any]:
    return {"fields": {"category_name": [NAMES[c] for c in w.clean.tolist()]}}


def category_number(w: World) -> dict[str, Any]:
    return {"fields": {"label": w.clean.tolist()}}


def attributes(w: World) -> dict[str, Any]:
    """Words of another language, which no list of names tells."""
    words = {c: {"occluded": False, "art": f"x{c * 7 % 5}{c}"} for c in NAMES}
    return {"fields": {"attributes": [words[c] for c in w.clean.tolist()]}}


def edited_flag(w: World) -> dict[str, Any]:
    return {"fields": {"edited": [True if c else None for c in w.changed.tolist()]}}


def correlated_number(w: World) -> dict[str, Any]:
    noise = np.random.default_rng(3).normal(size=len(w.clean))
    return {"fields": {"score": (w.changed + noise).tolist()}}


def absent_categories(w: World) -> dict[str, Any]:
    lists = {
        image: [c for c in NAMES if c not in w.clean[w.image_ids == image]]
        for image in np.unique(w.image_ids).tolist()
    }
    return {"image_fields": {"neg_category_ids": lists}}


@pytest.mark.parametrize(
    ("plant", "family", "target", "name"),
    [
        (cityscapes_ids, "ids", "class error", "id"),
        (viper_ids, "ids", "class error", "id"),
        (sorted_records, "order", "class error", ""),
        (changed_last, "order", "changed mask", "place in its image"),
        (changed_last, "ids", "changed mask", "size of id"),
        (consecutive_ids, "holes", "deletion", "holes"),
        (clean_image_counts, "counts", "deletion", "images: objects"),
        (category_name, "fields", "class error", "category_name names a category"),
        (category_number, "fields", "class error", "label names a category"),
        (attributes, "fields", "class error", "category rare for its attributes.art"),
        (edited_flag, "fields", "changed mask", "edited is there"),
        (correlated_number, "fields", "changed mask", "size of score"),
        (absent_categories, "fields", "class error", "images: category in neg_category_ids"),
    ],
)
def test_a_planted_leak_is_found(
    plant: Callable[[World], dict[str, Any]], family: str, target: str, name: str
) -> None:
    w = world(1, images=200)
    failed = audit(*w.publish(**plant(w))).failed
    assert [t for t in failed if (t.family, t.target) == (family, target) and name in t.name]
    for test in failed:
        assert test.lower > 0.5
        assert test.p_holm < LEVEL


def test_clean_counts_of_many_categories_are_found() -> None:
    """Counts are compared category by category: there have to be many."""
    random = np.random.default_rng(2)
    images, clean = np.repeat(np.arange(300), 5), random.zipf(1.3, 1500) % 400
    given = np.where(random.random(1500) < 0.2, random.integers(0, 400, 1500), clean)
    deleted = random.random(1500) < 0.15
    w = World(images, clean, given, np.zeros(1500, bool), deleted)
    every = dict.fromkeys(range(400), 0)
    told = audit(*w.publish(category_counts={"instance_count": every | _counts(clean)}))
    assert {t.target for t in told.failed} == {"class error", "deletion"}
    assert {t.family for t in told.failed} == {"counts"}
    kept = given[~deleted]
    honest = audit(*w.publish(category_counts={"instance_count": every | _counts(kept)}))
    assert honest.failed == []


def test_a_guess_from_holes_is_told_with_its_precision() -> None:
    w = world(1)
    strongest = audit(*w.publish(**consecutive_ids(w))).strongest("holes")
    assert strongest is not None
    assert strongest.note == "a hole is a deletion: precision 1.00, recall 1.00"


def null_audit(seed: int) -> Audit:
    """Of a file with random ids, honest counts and fields that know nothing."""
    w = world(seed, images=60)
    random = np.random.default_rng((3, seed))
    kept = ~w.deleted
    # Every third one has ids without holes to speak of, but in random order.
    ids = None if seed % 3 else random.permutation(len(w.clean)) + 1
    return audit(
        *w.publish(
            ids,
            seed=seed,
            fields={
                "score": random.random(len(w.clean)).round(1).tolist(),
                "checked": [(True, False, None)[i] for i in random.integers(0, 3, len(w.clean))],
                "annotator": [{"name": f"p{i}"} for i in random.integers(0, 30, len(w.clean))],
                "site": (w.image_ids // 10).tolist(),
            },
            image_fields={
                "objects": _counts(w.image_ids[kept]),
                "frame": {i: i % 7 for i in np.unique(w.image_ids).tolist()},
            },
            category_counts={"instance_count": _counts(w.given[kept])},
        )
    )


def test_level() -> None:
    """Of 300 sound files no more are reported than the level allows, and not many come near."""
    audits = [null_audit(seed) for seed in range(300)]
    assert all(len(one.tests) > 40 for one in audits)
    for level in (LEVEL, 0.05):
        near = sum(min(t.p_holm for t in one.tests) < level for one in audits)
        assert near <= binom.ppf(0.999, 300, level), level


def test_the_category_alone_never_fails() -> None:
    """A field that repeats the published category tells who has no sibling, and no more."""
    w = world(1, images=400)
    found = audit(*w.publish(fields={"label": w.given.tolist()}))
    assert found.failed == []
    wrong = w.given != w.clean
    assert roc_auc_score(wrong, -w.given) > 0.57


def test_crowds_are_no_part() -> None:
    w = world(1)
    published, truth = w.publish(**cityscapes_ids(w))
    object.__setattr__(published, "crowd", np.ones(len(published), np.bool_))
    assert {t.family for t in audit(published, truth).tests} <= {"holes", "counts"}


def test_nothing_published_nothing_found() -> None:
    w = world(1)
    empty = World(w.image_ids[:3], w.clean[:3], w.given[:3], w.changed[:3], np.ones(3, bool))
    assert audit(*empty.publish()).to_dict()["strongest"] is None


def test_input_out_of_records_and_manifest(scenes_hard: Benchmark) -> None:
    """Against the file and the manifest, row by row in plain Python."""
    published, truth = published_input(scenes_hard.manifest(list(COLUMNS)), scenes_hard.noisy())
    records = json.loads(scenes_hard.annotations.read_text())["annotations"]
    rows = {row["annotation_id"]: row for row in scenes_hard.manifest().to_pylist()}
    assert published.ids.tolist() == [r["id"] for r in records]
    assert published.image_ids.tolist() == [r["image_id"] for r in records]
    assert published.category_ids.tolist() == [r["category_id"] for r in records]
    kept = [rows[r["id"]] for r in records]
    wrong = [row["category_id"] != row["noisy_category_id"] for row in kept]
    assert truth.class_error.tolist() == wrong
    assert truth.changed.tolist() == [row["iou"] is not None and row["iou"] < 1 for row in kept]
    gone = sorted(
        (i, row["image_id"], row["category_id"]) for i, row in rows.items() if row["deleted"]
    )
    found = zip(truth.deleted_ids, truth.deleted_image_ids, truth.deleted_category_ids, strict=True)
    assert sorted(tuple(map(int, one)) for one in found) == gone


def test_fields_of_records_are_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmark_n.evaluators.leakage.records.AUDITED", 3)
    fields = RecordFields()
    lines = [{"id": 1, "score": 0.5}, {"id": 2, "iscrowd": 0}]
    fields.add(json.dumps(line).encode() for line in lines)
    fields.add(json.dumps({"id": i, "note": {"by": ["a"]}}).encode() for i in (3, 4))
    assert fields.columns() == {
        "note": [None, None, {"by": ["a"]}],
        "score": [0.5, None, None],
    }


def test_columns_of_a_field() -> None:
    values = [{"a": {"b": 1}, "c": [1, 2]}, {"a": {"b": "x"}}, None, {"c": []}]
    found = {column.name: column for column in columns("f", values)}
    assert set(found) == {"f.a.b", "f.c", "f.c (length)"}
    numbers = found["f.a.b"].numbers
    assert numbers is not None
    assert numbers[0] == 1
    assert np.isnan(numbers[1:]).all()
    assert found["f.a.b"].present.tolist() == [True, True, False, False]
    assert [found["f.c"].texts[c] for c in found["f.c"].codes] == ["[1,2]", "null", "null", "[]"]
    lengths = found["f.c (length)"].numbers
    assert lengths is not None
    assert lengths[[0, 3]].tolist() == [2, 0]
