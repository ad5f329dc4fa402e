"""Conversions as a whole: workers, outputs that exist, the cache, and `make` on every layout."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import coco as pycoco

pytest.importorskip("SimpleITK")

from benchmark_n.datasets import DATASETS
from benchmark_n.datasets.cityscapes.adapter import CITYSCAPES
from benchmark_n.datasets.coco import COCO
from benchmark_n.datasets.converter import Converter, Frame, Unit
from benchmark_n.datasets.labelmaps.convert import convert
from benchmark_n.datasets.open import open_source
from benchmark_n.datasets.request import Request, SourceOptions
from benchmark_n.errors import InputError, UsageError
from benchmark_n.files.provenance import file_digest
from benchmark_n.runtime.execution import Execution
from tests.datasets.trees import (
    CITYSCAPES_VALUES,
    VIPER_VALUES,
    street,
    write_camus,
    write_cityscapes,
    write_viper,
)
from tests.making import make

SMALL = (400, 420)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCHMARK_N_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def streets(tmp_path: Path) -> Path:
    root = tmp_path / "cityscapes"
    for split, count in (("train", 5), ("val", 2)):
        names = [f"{'bonn' if split == 'val' else 'ulm'}_{i:06d}_000019" for i in range(count)]
        maps = {n: street(SMALL, CITYSCAPES_VALUES, 7, i) for i, n in enumerate(names)}
        write_cityscapes(root, split, maps)
    return root


def test_same_bytes_whatever_the_workers_and_the_folder(streets: Path, tmp_path: Path) -> None:
    digests = set()
    for workers, name in ((1, "a"), (2, "b")):
        root = streets.rename(tmp_path / name) if name == "b" else streets
        request = Request(root, "train", workers=workers)
        out = tmp_path / f"{name}.json"
        digests.add(file_digest(convert(CITYSCAPES, out, request).annotations))
    assert len(digests) == 1


def test_outputs_that_exist_stay(streets: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.json"
    out.write_text("mine")
    request = Request(streets, "val", workers=1)
    with pytest.raises(InputError, match="the output exists already"):
        convert(CITYSCAPES, out, request)
    assert out.read_text() == "mine"
    convert(CITYSCAPES, out, request, overwrite=True)
    assert len(pycoco.COCO(str(out)).imgs) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cityscapes", "x.json"]


def test_usage(streets: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="coco has annotations in COCO form already"):
        convert(COCO, tmp_path / "x.json", Request(streets, "val2017"))
    with pytest.raises(UsageError, match="stride is 0"):
        convert(CITYSCAPES, tmp_path / "x.json", Request(streets, "val", stride=0))
    with pytest.raises(UsageError, match="`stride` and `skip_bad` are for datasets"):
        open_source(COCO, SourceOptions(stride=2))
    with pytest.raises(InputError, match="cityscapes has no split 'test'"):
        open_source(CITYSCAPES, SourceOptions(streets, "test"))


def test_the_cache_is_used_until_the_source_changes(streets: Path) -> None:
    first = open_source(CITYSCAPES, SourceOptions(streets), Execution(workers=1))
    stamp = first.annotations.stat().st_mtime_ns
    assert open_source(CITYSCAPES, SourceOptions(streets), Execution(workers=2)) == first
    assert first.annotations.stat().st_mtime_ns == stamp
    path = next((streets / "gtFine" / "train").glob("*/*.png"))
    os.utime(path, ns=(1, 1))
    assert (
        open_source(CITYSCAPES, SourceOptions(streets), Execution(workers=1)).annotations
        != first.annotations
    )


def test_a_collision_of_ids_is_an_error(tmp_path: Path) -> None:
    units = [Unit(name, tmp_path, ()) for name in ("a", "b")]
    converter = Converter("made-up", 1, [], lambda root, split: units, _same_id)
    from dataclasses import replace

    dataset = replace(CITYSCAPES, converter=converter)
    with pytest.raises(InputError, match=r"b.png: image id 5 is that of a.png too"):
        convert(dataset, tmp_path / "x.json", Request(tmp_path, "train", workers=1))
    assert not (tmp_path / "x.json").exists()


def _same_id(unit: Unit) -> list[Frame]:
    return [Frame({"id": 5, "file_name": f"{unit.name}.png", "height": 1, "width": 1}, [])]


def coco_tree(root: Path, name: str, val: str, extra: dict[str, Any]) -> None:
    """A COCO-format file with one image and two squares, and a validation file."""
    squares = [[[x, 5, x + 20, 5, x + 20, 25, x, 25]] for x in (5, 40)]
    document = {
        "images": [{"id": 9, "file_name": "9.jpg", "height": 60, "width": 80, **extra}],
        "annotations": [
            {
                "id": i,
                "image_id": 9,
                "category_id": 1 + i % 2,
                "segmentation": s,
                "iscrowd": 0,
                "bbox": [s[0][0], 5, 20, 20],
                "area": 400,
            }
            for i, s in enumerate(squares, start=1)
        ],
        "categories": [
            {"id": 1, "name": "cat", "frequency": "f", "synset": "cat.n.01"},
            {"id": 2, "name": "dog", "frequency": "r", "synset": "dog.n.01"},
        ],
    }
    for file in (root / name, root / val):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document))


def layouts(root: Path) -> dict[str, Path]:
    lvis = {"neg_category_ids": [2], "not_exhaustive_category_ids": [1]}
    coco_tree(
        root / "coco",
        "annotations/instances_train2017.json",
        "annotations/instances_val2017.json",
        {},
    )
    coco_tree(root / "lvis", "lvis_v1_train.json", "lvis_v1_val.json", lvis)
    for split in ("train", "val"):
        seed = len(split)
        write_cityscapes(
            root / "cityscapes",
            split,
            {
                f"{split}_00000{i}_000019": street(SMALL, CITYSCAPES_VALUES, 7, i + seed)
                for i in range(2)
            },
        )
        write_viper(
            root / "viper",
            split,
            {f"00{seed}_0000{i}": street(SMALL, VIPER_VALUES, 3 << 16, i) for i in range(2)},
        )
    write_camus(root / "camus", ["patient0001", "patient0002"], split="training")
    write_camus(root / "camus", ["patient0003"], split="validation")
    return {name: root / name for name in ("coco", "lvis", "cityscapes", "viper", "camus")}


@pytest.mark.parametrize("name", ["coco", "lvis", "cityscapes", "viper", "camus"])
def test_make_on_every_layout(tmp_path: Path, name: str) -> None:
    root = layouts(tmp_path / "data")[name]
    before = sorted(root.rglob("*"))
    out = tmp_path / "out"
    benchmark = make(name, "hard", root=root, out=out, workers=1)
    assert sorted(root.rglob("*")) == before
    assert benchmark.verify() == []
    noisy = pycoco.COCO(str(benchmark.annotations))
    assert benchmark.clean_val is not None
    val = pycoco.COCO(str(benchmark.clean_val))
    assert len(noisy.imgs) > 0
    assert len(val.imgs) > 0
    for coco in (noisy, val):
        for annotation in coco.anns.values():
            assert coco.annToMask(annotation).sum() > 0
    assert benchmark.summary["skipped"] == []
    ratio = {"cityscapes": 0.005}.get(name, 0.02)
    assert benchmark.recipe["dilation_ratio"] == ratio
    again = make(name, "hard", root=root, out=tmp_path / "again", workers=2)
    assert file_digest(again.path / "SHA256SUMS") == file_digest(out / "SHA256SUMS")
    if name != "camus":
        assert benchmark.recipe["name"] == "hard"


def test_camus_takes_other_recipes_too(tmp_path: Path) -> None:
    root = layouts(tmp_path / "data")["camus"]
    benchmark = make("camus", recipe="hard", root=root, out=tmp_path / "out", workers=1)
    assert benchmark.recipe["name"] == "hard"
    # Each structure is a supercategory of its own: nothing else to be confused with.
    assert benchmark.summary["changed_categories"] == 0
    low = make("camus", "camus-low", root=root, out=tmp_path / "low", workers=1)
    assert low.recipe["name"] == "camus-low"
    struck = {row["category_id"] for row in low.manifest().to_pylist() if row["iou"] < 1}
    assert struck == {1}


def test_lvis_fields_pass_through(tmp_path: Path, shared_data: Path) -> None:
    lvis = pytest.importorskip("lvis")
    source = shared_data / "lvis_val_100" / "lvis_val_100.json"
    root = tmp_path / "lvis"
    root.mkdir()
    (root / "lvis_v0.5_val.json").symlink_to(source)
    benchmark = make("lvis", "mid", root=root, split="val-v0.5", out=tmp_path / "out", workers=1)
    clean, noisy = lvis.LVIS(str(source)), lvis.LVIS(str(benchmark.annotations))
    counts = {"instance_count", "image_count"}
    for identity, category in clean.cats.items():
        told = noisy.cats[identity]
        assert told.keys() == category.keys()
        assert {k: told[k] for k in told if k not in counts} == {
            k: category[k] for k in category if k not in counts
        }
        numbers = len(noisy.get_ann_ids(cat_ids=[identity])), len(noisy.cat_img_map[identity])
        assert told["instance_count"] == numbers[0]
        assert told["image_count"] == len(set(noisy.cat_img_map[identity])) <= numbers[1]
    assert noisy.imgs == clean.imgs
    assert {"neg_category_ids", "not_exhaustive_category_ids"} <= set(
        next(iter(noisy.imgs.values()))
    )
    assert len(clean.anns) - benchmark.summary["deleted"] == len(noisy.anns)
    for annotation in noisy.anns.values():
        assert (
            noisy.ann_to_mask(annotation).shape[0] == noisy.imgs[annotation["image_id"]]["height"]
        )


def test_skipped_frames_are_in_the_summary(streets: Path, tmp_path: Path) -> None:
    bad = sorted((streets / "gtFine" / "train").glob("*/*.png"))[1]
    bad.write_bytes(bad.read_bytes()[:99])
    with pytest.raises(InputError, match=r"instanceIds.png: cannot be read .*`skip_bad=True`"):
        make("cityscapes", "easy", root=streets, out=tmp_path / "out", workers=1)
    assert not (tmp_path / "out").exists()
    benchmark = make(
        "cityscapes", "easy", root=streets, out=tmp_path / "out", workers=1, skip_bad=True
    )
    (entry,) = benchmark.summary["skipped"]
    assert entry["name"] == "ulm_000001_000019"
    assert entry["split"] == "train"
    assert "cannot be read" in entry["fault"]
    missing = sorted((streets / "leftImg8bit" / "train").glob("*/*.png"))[0]
    missing.unlink()
    benchmark = make(
        "cityscapes", "easy", root=streets, out=tmp_path / "b", workers=1, skip_bad=True
    )
    faults = [entry["fault"] for entry in benchmark.summary["skipped"]]
    assert f"missing in leftImg8bit/train/{missing.parent.name}, expected" in faults[0]
    assert str(tmp_path) not in (benchmark.path / "summary.json").read_text()
    whole = open_source(CITYSCAPES, SourceOptions(streets, "val"), Execution(workers=1))
    assert whole.skipped == ()


def test_skipping_changes_nobody_elses_noise(streets: Path, tmp_path: Path) -> None:
    whole = make("cityscapes", "hard", root=streets, out=tmp_path / "a", workers=1)
    bad = sorted((streets / "gtFine" / "train").glob("*/*.png"))[0]
    bad.unlink()
    part = make("cityscapes", "hard", root=streets, out=tmp_path / "b", workers=1, skip_bad=True)
    rows = {row["annotation_id"]: row for row in whole.manifest().to_pylist()}
    left = part.manifest().to_pylist()
    assert 0 < len(left) < len(rows)
    assert all(rows[row["annotation_id"]] == row for row in left)


def test_every_dataset_loads() -> None:
    for name in DATASETS.names():
        dataset = DATASETS.load(name)
        assert dataset.name == name
        assert dataset.licence
        assert dataset.redistribution
        assert dataset.size
        assert dataset.steps
        assert np.all([split in dataset.splits for split in dataset.archives])
