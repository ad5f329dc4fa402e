"""The published JSON, read as an attacker would: ids, order and holes tell nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmark_n import Benchmark
from tests import making
from tests.conftest import SAMPLES, shared_file
from tests.datasets.trees import (
    CITYSCAPES_VALUES,
    VIPER_VALUES,
    street,
    write_camus,
    write_cityscapes,
    write_viper,
)
from tests.generation import attackers

SMALL = (400, 420)
FRAMES = 30
# Of one attack on one benchmark. There are some 300 in this file, so that all of them together
# go beyond this by chance once in 10,000 sets of seeds.
FALSE_ALARM = 3e-7
BOUND = float(stats.norm.isf(FALSE_ALARM))
TREES = ("cityscapes", "viper", "camus")
NAMES = ("scenes", "phantom", "coco_val2014_100", "lvis_val_100", *TREES)


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of the three datasets whose terms keep their labels with the user."""
    root = tmp_path_factory.mktemp("trees")
    names = [f"ulm_{i // 10:06}_{i:06}" for i in range(FRAMES)]
    # Solid objects: what is asked is about ids, and outlines of torn ones take long.
    frames = {name: street(SMALL, CITYSCAPES_VALUES, 7, i, 1) for i, name in enumerate(names)}
    write_cityscapes(root / "cityscapes", "train", frames)
    frames = {f"001_{i:05}": street(SMALL, VIPER_VALUES, 3 << 16, i, 1) for i in range(FRAMES)}
    write_viper(root / "viper", "train", frames)
    return root


def make(name: str, trees: Path, out: Path, **options: Any) -> Benchmark:
    """The hard recipe on a dataset, a sample or a tree."""
    options = {"recipe": "hard", "out": out, "workers": 1, **options}
    if name == "camus":
        pytest.importorskip("SimpleITK")
        if not (trees / name).exists():
            write_camus(trees / name, [f"patient{i:04}" for i in range(1, 31)])
        options["split"] = "all"
    if name in TREES:
        return making.make(name, root=trees / name, **options)
    if name in SAMPLES:
        return making.make("coco", annotations=shared_file(SAMPLES[name]), **options)
    return making.make(name, num_images=60, **options)


def strongest(benchmark: Benchmark) -> tuple[float, str]:
    """The attack on class errors that finds most: its standard deviations above chance."""
    annotations = json.loads(benchmark.annotations.read_text())["annotations"]
    rows = {row["annotation_id"]: row for row in benchmark.manifest().to_pylist()}
    known = [rows[record["id"]] for record in annotations]
    wrong = np.array([row["category_id"] != row["noisy_category_id"] for row in known])
    given = np.array([record["category_id"] for record in annotations])
    return max(
        (attackers.stratified_z(scores, wrong, given), name)
        for name, scores in attackers.suspicions(annotations)
    )


def strongest_on_added(benchmark: Benchmark) -> tuple[float, str]:
    """The attack on annotations that the source lacks, and on the first parts of split ones."""
    annotations = json.loads(benchmark.annotations.read_text())["annotations"]
    columns = ["annotation_id", "origin", "split_applied"]
    rows = {row["annotation_id"]: row for row in benchmark.manifest(columns).to_pylist()}
    known = [rows[record["id"]] for record in annotations]
    wrong = np.array([row["origin"] != "source" or row["split_applied"] for row in known])
    given = np.array([record["category_id"] for record in annotations])
    ids = np.array([record["id"] for record in annotations], float)
    sizes = {"large ids": ids, "small ids": -ids, "late": np.arange(len(ids), dtype=float)}
    attacks = [*attackers.suspicions(annotations), *sizes.items()]
    attacks += [(f"little {name}", -scores) for name, scores in attacks[:]]
    return max((attackers.stratified_z(scores, wrong, given), name) for name, scores in attacks)


def holes_that_are_deletions(benchmark: Benchmark) -> tuple[int, int, int]:
    """Numbers of holes in the ids, of deletions among them, and of all deletions."""
    annotations = json.loads(benchmark.annotations.read_text())["annotations"]
    rows = benchmark.manifest(["annotation_id", "deleted"]).to_pylist()
    deleted = {row["annotation_id"] for row in rows if row["deleted"]}
    found = attackers.holes(annotations)
    return len(found), len(found & deleted), len(deleted)


@pytest.mark.parametrize("name", NAMES)
def test_the_published_file_tells_nothing(name: str, trees: Path, tmp_path: Path) -> None:
    """Neither class errors nor deletions are found better than chance given the category."""
    made = make(name, trees, tmp_path / "made")
    assert made.summary["deleted"] > 3
    score, attack = strongest(made)
    assert score < BOUND, attack
    # Of N random ids in 2^53 some pair lies within 8 in less than 8 N^2 / 2^53 of all cases.
    count = made.summary["annotations"]
    assert 8 * count**2 / 2**53 < FALSE_ALARM
    assert holes_that_are_deletions(made)[0] == 0


@pytest.mark.parametrize("name", ["scenes", "coco_val2014_100", "lvis_val_100"])
def test_ids_and_order_do_not_tell_what_events_added(
    name: str, trees: Path, tmp_path: Path
) -> None:
    made = make(name, trees, tmp_path / "made", recipe="events-10")
    assert made.summary["spurious"] > 20
    score, attack = strongest_on_added(made)
    assert score < BOUND, attack
    assert strongest(made)[0] < BOUND
    assert made.summary["leakage"]["failed"] == []
    annotations = json.loads(made.annotations.read_text())["annotations"]
    assert len({tuple(record) for record in annotations}) <= 2  # crowds as they came
    assert [a["id"] for a in annotations] == sorted(a["id"] for a in annotations)


def test_kept_ids_tell_what_events_added_and_the_attackers_see_it(
    trees: Path, tmp_path: Path
) -> None:
    kept = make("scenes", trees, tmp_path / "kept", recipe="events-10", keep_ids=True)
    assert strongest_on_added(kept)[0] > BOUND


@pytest.mark.parametrize("name", ["cityscapes", "viper"])
def test_kept_ids_tell_the_class_and_the_attackers_see_it(
    name: str, trees: Path, tmp_path: Path
) -> None:
    kept = make(name, trees, tmp_path / "kept", keep_ids=True)
    assert strongest(kept)[0] > 2 * BOUND
    annotations = json.loads(kept.annotations.read_text())["annotations"]
    rows = {row["annotation_id"]: row for row in kept.manifest().to_pylist()}
    name = {"cityscapes": "id % 2^16 // 1000", "viper": "id >> 16 & 0xff"}[name]
    read = {a["id"]: attackers.DECODERS[name](a["id"]) for a in annotations if not a["iscrowd"]}
    assert read
    assert all(rows[identity]["category_id"] == category for identity, category in read.items())


def test_the_order_of_kept_ids_tells_the_class(trees: Path, tmp_path: Path) -> None:
    kept = make("viper", trees, tmp_path / "kept", keep_ids=True)
    annotations = json.loads(kept.annotations.read_text())["annotations"]
    rows = {row["annotation_id"]: row for row in kept.manifest().to_pylist()}
    wrong = np.array([rows[a["id"]]["category_id"] != a["category_id"] for a in annotations])
    given = np.array([a["category_id"] for a in annotations])
    assert attackers.stratified_z(attackers.out_of_order(annotations), wrong, given) > BOUND


@pytest.mark.parametrize("name", ["scenes", "lvis_val_100"])
def test_holes_of_kept_ids_are_the_deletions(name: str, trees: Path, tmp_path: Path) -> None:
    kept = make(name, trees, tmp_path / "kept", keep_ids=True)
    found, right, deleted = holes_that_are_deletions(kept)
    assert right == found
    assert right > 0.7 * deleted


def test_the_statistic_is_that_of_mann_and_whitney() -> None:
    """In one stratum, ties and all, against SciPy."""
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 6, 200).astype(float)
    wrong = rng.random(200) < 0.3
    expected = stats.mannwhitneyu(
        scores[wrong], scores[~wrong], alternative="greater", use_continuity=False
    )
    z = attackers.stratified_z(scores, wrong, np.zeros(200, np.int64))
    assert stats.norm.sf(z) == pytest.approx(expected.pvalue, rel=1e-9)
