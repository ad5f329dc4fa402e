"""Benchmarks of real pairs: what was made is found again."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from scipy.optimize import linear_sum_assignment

import benchmark_n
from benchmark_n import Benchmark
from benchmark_n.cli import run
from benchmark_n.coco import read_coco
from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.errors import InputError, UsageError
from tests import making, samples
from tests.coco.joining.documents import document, renumbered, under_other_numbers
from tests.conftest import shared_case, shared_file

SAME = [
    "source_id",
    "image_id",
    "category_id",
    "noisy_category_id",
    "deleted",
    "crowd",
    "area",
    "noisy_area",
    "iou",
    "boundary_iou",
    "bbox_x",
    "noisy_bbox_width",
    "size",
]


@pytest.fixture(scope="module")
def made(val2014: Path, tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    out = tmp_path_factory.mktemp("pairs") / "made"
    return making.make("coco", "mid", annotations=val2014, out=out, workers=1, keep_ids=True)


def test_by_id_gives_the_manifest_back(made: Benchmark, val2014: Path, tmp_path: Path) -> None:
    out = tmp_path / "pair"
    imported = benchmark_n.import_pair(val2014, made.annotations, out=out, match="id")
    rows = imported.manifest(SAME).sort_by("source_id")
    assert rows.to_pylist() == made.manifest(SAME).sort_by("source_id").to_pylist()
    assert imported.recipe["noise"] == "unknown"
    assert imported.verify() == []
    assert list(imported.clean().records()) == list(made.clean().records())


def test_by_iou_without_common_ids(made: Benchmark, val2014: Path, tmp_path: Path) -> None:
    noisy = json.loads(made.annotations.read_text())
    for record in noisy["annotations"]:
        record["id"] += 10**9
    path = samples.write(tmp_path, noisy, "renumbered.json")
    imported = benchmark_n.import_pair(val2014, path, out=tmp_path / "pair")
    truth = {row["source_id"]: row for row in made.manifest().to_pylist()}
    rows = imported.manifest().to_pylist()
    found = [r for r in rows if r["origin"] == "source" and not r["deleted"]]
    same = [truth[r["source_id"]]["iou"] == r["iou"] for r in found if not r["crowd"]]
    assert sum(same) / len(same) > 0.97
    assert all(r["iou"] is None or r["iou"] >= 0.1 for r in rows)
    poor = sum(r["iou"] is not None and r["iou"] < 0.5 for r in rows)
    assert imported.recipe["matched"]["poor_overlaps"] == poor > 0
    spurious = [r for r in rows if r["origin"] == "spurious"]
    assert spurious
    assert all(r["source_id"] is None and r["category_id"] is None for r in spurious)
    assert len(found) + len(spurious) == len(noisy["annotations"])
    ids = [record["id"] for record in imported.noisy().records()]
    assert ids == sorted(r["annotation_id"] for r in rows if not r["deleted"])


def test_ids_depend_on_the_annotation_alone(made: Benchmark, val2014: Path, tmp_path: Path) -> None:
    """Half of the noisy file, in another order: what is left has the ids that it had."""
    noisy = json.loads(made.annotations.read_text())
    noisy["annotations"] = [{**a, "id": a["id"] + 10**9} for a in noisy["annotations"]]
    whole = benchmark_n.import_pair(val2014, samples.write(tmp_path, noisy), out=tmp_path / "a")
    noisy["annotations"] = noisy["annotations"][::-2]
    half = benchmark_n.import_pair(val2014, samples.write(tmp_path, noisy), out=tmp_path / "b")
    names = ["annotation_id", "source_id"]
    rows = [
        {tuple(row.values()) for row in one.manifest(names).to_pylist() if row["source_id"]}
        for one in (whole, half)
    ]
    assert rows[0] == rows[1]
    added = [
        {r["annotation_id"] for r in one.manifest().to_pylist() if r["origin"] == "spurious"}
        for one in (whole, half)
    ]
    assert added[1]


def test_masks_survive(made: Benchmark, val2014: Path, tmp_path: Path) -> None:
    imported = benchmark_n.import_pair(val2014, made.annotations, out=tmp_path / "p", match="id")
    ours, theirs = (
        {i: r["segmentation"] for i, r in making.source_records(one).items() if not r["iscrowd"]}
        for one in (imported, made)
    )
    assert ours.keys() == theirs.keys()
    for identity, mask in ours.items():
        assert coco_mask.iou([mask], [theirs[identity]], [0])[0][0] == 1


def test_other_datasets_are_refused(tmp_path: Path) -> None:
    clean = samples.write(tmp_path, samples.document(), "clean.json")
    other = samples.document()
    other["images"].append({"id": 77, "width": 5, "height": 5})
    noisy = samples.write(tmp_path, other, "noisy.json")
    with pytest.raises(InputError, match=r"noisy\.json: image id 77 is not in clean\.json"):
        benchmark_n.import_pair(clean, noisy, out=tmp_path / "pair")
    assert not (tmp_path / "pair").exists()


@pytest.mark.parametrize("share", [{"least_iou": 0}, {"least_iou": 5}, {"dilation_ratio": -1}])
def test_shares_that_are_none(tmp_path: Path, share: dict[str, float]) -> None:
    path = samples.write(tmp_path, samples.document())
    with pytest.raises(UsageError, match=f"`{next(iter(share))}` is"):
        benchmark_n.import_pair(path, path, out=tmp_path / "pair", **share)  # type: ignore[arg-type]
    assert not (tmp_path / "pair").exists()


def differences(benchmark: Benchmark) -> tuple[int, ...]:
    """Masks, categories, missing, extra."""
    names = ("changed_masks", "changed_categories", "deleted", "spurious")
    return tuple(benchmark.summary[name] for name in names)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("noisy-category-order", (0, 0, 0, 0)),
        ("noisy-renumbered-after-delete", (0, 0, 1, 0)),
    ],
)
def test_exports_that_number_anew(name: str, found: tuple[int, ...], tmp_path: Path) -> None:
    clean, noisy = (shared_case(f"16-pairs/{part}.json") for part in ("clean", name))
    assert differences(benchmark_n.import_pair(clean, noisy, out=tmp_path / "pair")) == found


def flock() -> Any:
    """Four images, three categories, 24 annotations apart from each other."""
    boxes = [
        (i, k % 3, [14 * (k % 4), 22 * (k // 4), 9 + i, 12]) for i in range(4) for k in range(6)
    ]
    return document(["d/a.png", "d/b.png", "e/c.png", "e/d.png"], ["cat", "dog", "cow"], boxes)


@pytest.mark.parametrize(
    "second",
    [
        renumbered(flock(), images={i: i - 1 for i in range(1, 5)}),
        renumbered(
            flock(),
            categories={i: i - 1 for i in range(1, 4)},
            annotations={i: i - 1 for i in range(1, 25)},
        ),
        renumbered(flock(), images={1: 4, 4: 1, 2: 3, 3: 2}, categories={1: 2, 2: 3, 3: 1}),
    ],
    ids=["images from 0", "categories and annotations from 0", "permuted"],
)
def test_what_is_written_has_the_clean_numbers(second: Any, tmp_path: Path) -> None:
    first = flock()
    for data in (first, second):
        data["annotations"][7]["iscrowd"] = 1
    clean = samples.write(tmp_path, first, "clean.json")
    noisy = samples.write(tmp_path, second, "noisy.json")
    pair = benchmark_n.import_pair(clean, noisy, out=tmp_path / "pair")
    assert differences(pair) == (0, 0, 0, 0)
    truth, written = COCO(str(clean)), COCO(str(pair.annotations))
    assert written.imgs == truth.imgs
    assert written.cats == truth.cats
    source = dict(
        zip(*(pair.manifest()[n].to_pylist() for n in ("annotation_id", "source_id")), strict=True)
    )
    assert {source[i] for i in written.anns} == truth.anns.keys()
    for identity, ann in written.anns.items():
        there = truth.anns[source[identity]]
        for name in ("image_id", "category_id", "bbox", "iscrowd"):
            assert ann[name] == there[name]
        assert (written.annToMask(ann) == truth.annToMask(there)).all()
    assert pair.verify() == []


@given(st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_a_file_imported_against_itself_has_no_noise(rng: random.Random) -> None:
    """Whatever its images, categories and annotations are numbered, in whatever order."""
    boxes = [
        (rng.randrange(4), rng.randrange(3), [rng.randrange(40), rng.randrange(30), 9, 12])
        for _ in range(rng.randint(1, 30))
    ]
    boxes += [(i, (c + 1) % 3, box) for i, c, box in rng.sample(boxes, len(boxes) // 4)]
    first = document(["d/a.png", "d/b.png", "e/c.png", "e/d.png"], ["cat", "dog", "cow"], boxes)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pair = benchmark_n.import_pair(
            samples.write(folder, first, "clean.json"),
            samples.write(folder, under_other_numbers(first, rng), "noisy.json"),
            out=folder / "pair",
        )
        assert pair.summary["annotations"] == len(boxes)
        assert differences(pair) == (0, 0, 0, 0)


def import_arguments(tmp_path: Path, clean: Any, noisy: Any) -> list[str]:
    """The command that imports two documents into ``pair``."""
    files = [samples.write(tmp_path, clean, "clean.json")]
    files.append(samples.write(tmp_path, noisy, "noisy.json"))
    out = tmp_path / "pair"
    return ["import", "--clean", str(files[0]), "--noisy", str(files[1]), "--out", str(out)]


def test_the_decision_is_told_and_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = renumbered(flock(), images={1: 2, 2: 1}, annotations={i: 100 + i for i in range(99)})
    second["annotations"][0]["segmentation"] = [[5, 0, 14, 0, 14, 12, 5, 12]]  # IoU 4/14
    arguments = import_arguments(tmp_path, flock(), second)
    assert run([*arguments, "--json"]) == 0
    told = capsys.readouterr()
    by = "images by file name, categories by name, annotations by IoU 0.5"
    assert told.err == f"matched: {by} (1 poor overlap)\n"
    recorded = benchmark_n.load(tmp_path / "pair").recipe["matched"]
    assert json.loads(told.out)["matched"] == recorded
    assert recorded["poor_overlaps"] == 1
    assert recorded["by_iou"] == 24
    assert run([*arguments, "--overwrite", "-q"]) == 0
    assert capsys.readouterr().err == ""


def test_images_that_the_noisy_file_lacks_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    second = flock()
    del second["images"][3], second["annotations"][18:]
    assert run(import_arguments(tmp_path, flock(), second)) == 0
    told = capsys.readouterr()
    assert "6 missing" in told.out
    assert "noisy.json: has 3 of the 4 images of clean.json" in caplog.text
    assert "; 1 image in the first file alone" in told.err


def test_files_that_do_not_fit_are_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    resized, twice = flock(), flock()
    for image in resized["images"]:
        image |= {"width": 128, "height": 96}
    for image in twice["images"][:2]:
        image["file_name"] = f"{image['id']}/a.png"
    for data, words in (
        (resized, "image 1 'd/a.png' is 128x96 px, but 64x48 px in clean.json (4 such)"),
        (twice, "cannot be told apart by file name"),
    ):
        arguments = import_arguments(tmp_path, flock(), data)
        assert run(arguments) == 1
        text = capsys.readouterr().err
        assert words in text
        assert text.count("\n") == 1
        assert not (tmp_path / "pair").exists()
    assert "--match all-ids goes by ids alone" in text
    assert run([*arguments, "--match", "all-ids"]) == 0
    assert "matched: images by id, categories by id, annotations by id" in capsys.readouterr().err


def test_ids_that_mostly_agree_are_told_where_they_are_not_gone_by(
    made: Benchmark, val2014: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pair = benchmark_n.import_pair(val2014, made.annotations, out=tmp_path / "pair")
    record = pair.recipe["matched"]
    assert record["annotations"] == "IoU 0.5"
    assert 0.5 < record["agreeing_ids"] / record["shared_ids"] < 0.9
    assert "`match='id'` goes by ids" in caplog.text


def matched_by_hand(clean: Path, noisy: Path, least: float) -> int:
    """Pairs of the matchings, image by image, on pycocotools' whole matrices of IoUs."""
    files = [read_coco(path) for path in (clean, noisy)]
    count = 0
    for image_id in files[1].images:
        sides = [masks_of(f, np.flatnonzero(f.image_ids == image_id).tolist()) for f in files]
        if all(sides):
            ious = np.array(coco_mask.iou(*sides, [0] * len(sides[1])))
            ious[ious < least] = 0
            count += int((ious[linear_sum_assignment(ious, maximize=True)] > 0).sum())
    return count


@pytest.mark.parametrize(
    ("folder", "clean", "noisy", "by"),
    [
        ("dsb2018_fixes", "clean", "noisy", "id"),
        ("lvis_double", "A", "B", "IoU 0.5"),
        ("cfos_experts", "clean", "expert_2", "IoU 0.5"),
    ],
)
def test_real_pairs(folder: str, clean: str, noisy: str, by: str, tmp_path: Path) -> None:
    first, second = (shared_file(f"{folder}/{name}.json") for name in (clean, noisy))
    pair = benchmark_n.import_pair(first, second, out=tmp_path / "pair")
    record = pair.recipe["matched"]
    assert record["annotations"] == by
    good = record["by_id"] + record["by_iou"] - record["poor_overlaps"]
    assert good == matched_by_hand(first, second, 0.5)
    assert pair.summary["annotations"] - pair.summary["deleted"] == good + record["poor_overlaps"]
    assert pair.verify() == []
