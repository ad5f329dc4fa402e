"""Benchmarks of boxes, of crowds read as instances, and of categories of one name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from benchmark_n import Benchmark
from benchmark_n.benchmark import layout
from benchmark_n.cards.facts import rebuild_command
from benchmark_n.cli import run
from benchmark_n.errors import InputError
from benchmark_n.runtime.random_streams import Stream
from tests import samples
from tests.conftest import shared_case
from tests.making import make, source_records

PARTS = ("x", "y", "width", "height")
EMPTY_RLE = {"size": [60, 50], "counts": [60 * 50]}


def boxes_only(count: int = 60, **fields: Any) -> dict[str, Any]:
    """Boxes without masks, at places and of sizes that differ."""
    data = samples.document()
    data["annotations"] = [
        samples.annotation(
            i,
            1 + i % 2,
            category_id=1 + i % 2,
            segmentation=[],
            bbox=[i % 20, i % 17, 5 + i % 23, 6 + i % 19],
            area=(5 + i % 23) * (6 + i % 19),
            **fields,
        )
        for i in range(1, count + 1)
    ]
    return data


def mixed() -> dict[str, Any]:
    """Masks and boxes in turn, an empty mask among them."""
    data = boxes_only()
    for record in data["annotations"][::2]:
        record["segmentation"] = samples.SQUARE
    data["annotations"][0]["segmentation"] = EMPTY_RLE
    return data


def rows_of(benchmark: Benchmark) -> dict[int, dict[str, Any]]:
    """By the source's ids."""
    return {row["source_id"]: row for row in benchmark.manifest().to_pylist()}


def box(row: dict[str, Any], prefix: str) -> list[float]:
    return [row[f"{prefix}_{part}"] for part in PARTS]


@pytest.mark.parametrize("name", ["in.json", "missing-key.json"])
def test_clean_boxes_are_those_of_the_file(name: str, tmp_path: Path) -> None:
    path = shared_case(f"01-boxes-only/{name}")
    made = make(annotations=path, tier="clean", out=tmp_path / "made", workers=1)
    given, published, clean = (
        {r["id"]: r for r in json.loads(text, parse_float=str, parse_int=str)["annotations"]}
        for text in (
            path.read_text(),
            made.annotations.read_text(),
            bytes(b'{"annotations":' + bytes(made.clean().sections["annotations"]) + b"}").decode(),
        )
    )
    assert clean == given
    for row in rows_of(made).values():
        there = given[str(row["source_id"])]
        record = published[str(row["annotation_id"])]
        assert record == {"id": record["id"]} | {k: there[k] for k in record if k != "id"}
        assert there.keys() - record.keys() == {"attributes"}
    assert [row["measured_on"] for row in rows_of(made).values()] == ["box"] * 12


@pytest.mark.parametrize("tier", ["easy", "medium", "hard"])
def test_a_tier_is_its_recipe_for_boxes(
    tier: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = samples.write(tmp_path, boxes_only())
    made = make(annotations=path, tier=tier, out=tmp_path / "made", workers=1)
    name = {"medium": "mid"}.get(tier, tier)
    line = f"all 60 annotations are boxes without masks: {name} is recipe box-{name} here"
    assert [m for m in caplog.messages if "boxes" in m] == [f"instances.json: {line}"]
    assert made.recipe["name"] == f"box-{name}"
    again = make(annotations=path, recipe=f"box-{name}", out=tmp_path / "again", workers=1)
    assert again.annotations.read_bytes() == made.annotations.read_bytes()


def test_the_manifest_of_a_box_benchmark(tmp_path: Path) -> None:
    """Each noisy box is the clean one moved as was drawn; IoUs are pycocotools' own."""
    path = samples.write(tmp_path, boxes_only())
    made = make(annotations=path, tier="hard", out=tmp_path / "made", workers=1)
    clean = {r["id"]: r for r in json.loads(path.read_text())["annotations"]}
    noisy = source_records(made)
    rows = rows_of(made)
    jittered = [row for row in rows.values() if row["box_jitter_applied"]]
    assert len(jittered) > 20
    for identity, row in rows.items():
        assert box(row, "box") == clean[identity]["bbox"]
        assert row["boundary_iou"] is None
        if row["deleted"]:
            assert identity not in noisy
            assert row["iou"] is None
            continue
        given = noisy[identity]
        assert box(row, "noisy_box") == given["bbox"]
        assert given["area"] == given["bbox"][2] * given["bbox"][3]
        assert given["segmentation"] == []
        both = [np.array([r["bbox"]], float) for r in (given, clean[identity])]
        assert row["iou"] == pytest.approx(coco_mask.iou(*both, [0])[0, 0], abs=1e-12)
        if not row["box_jitter_applied"]:
            assert given["bbox"] == clean[identity]["bbox"]
    stream = Stream(1, "box_jitter", jittered[0]["source_id"])
    assert jittered[0]["box_jitter_dx"] == 0.4 * (2 * stream.uniform("dx") - 1)
    assert made.summary["boxes"] == 60
    assert made.summary["changed_masks"] == 0
    assert made.summary["changed_boxes"] == sum((r["iou"] or 1) < 1 for r in rows.values())
    assert made.verify() == []


def test_clean_comes_back_byte_for_byte(tmp_path: Path) -> None:
    path = samples.write(tmp_path, mixed())
    hard = make(annotations=path, tier="hard", out=tmp_path / "hard", workers=1)
    plain = make(annotations=path, tier="clean", out=tmp_path / "clean", workers=1)
    assert [bytes(r) for r in hard.clean().annotations] == [
        bytes(r) for r in plain.clean().annotations
    ]


@pytest.mark.parametrize("chunk_size", [1, 7, 1000])
def test_workers_and_chunks_change_nothing(chunk_size: int, tmp_path: Path) -> None:
    path = samples.write(tmp_path, mixed())
    options: dict[str, Any] = {"annotations": path, "recipe": "box-hard"}
    first = make(**options, out=tmp_path / "first", workers=1)
    second = make(**options, out=tmp_path / "second", workers=2, chunk_size=chunk_size)
    sums = [(made.path / layout.CHECKSUMS).read_text() for made in (first, second)]
    assert sums[0] == sums[1]


def test_a_mixed_file_goes_record_by_record(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = samples.write(tmp_path, mixed())
    overrides = {
        **{f"{noise}.probability": 1.0 for noise in ("scale", "box_jitter")},
        **{f"{noise}.probability": 0.0 for noise in ("deletion", "class_confusion")},
        "box_jitter.shift": 0.2,
        "box_jitter.scale": 0.2,
    }
    made = make(
        annotations=path, recipe="hard-v1", overrides=overrides, out=tmp_path / "made", workers=1
    )
    told = [m for m in caplog.messages if "no mask" in m]
    assert told == [
        "instances.json: 30 of 60 annotations have no mask but a box: noises of masks are not "
        "applied to them (no_mask)"
    ]
    rows = rows_of(made)
    for identity, row in rows.items():
        boxed = identity % 2 == 0
        assert row["measured_on"] == ("box" if boxed else "mask")
        assert row["scale_applied"] is (not boxed and identity != 1)
        assert row["scale_reason"] == (
            "no_mask" if boxed else "empty_mask" if identity == 1 else None
        )
        assert row["box_jitter_applied"] is boxed
        assert row["box_jitter_reason"] == (None if boxed else "has_mask")
        assert (row["boundary_iou"] is None) is boxed
    assert made.summary["empty_clean_masks"] == 1
    assert (made.summary["boxes"], made.summary["changed_boxes"]) == (30, 30)
    assert made.summary["changed_masks"] == 29


def test_without_box_noise_a_mixed_file_is_told_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = samples.write(tmp_path, mixed())
    make(annotations=path, tier="hard", out=tmp_path / "made", workers=1)
    assert any("box_jitter is the noise of boxes" in line for line in caplog.messages)


def test_masks_alone_say_nothing_of_boxes(tmp_path: Path) -> None:
    path = samples.write(tmp_path, samples.document())
    made = make(annotations=path, tier="hard", out=tmp_path / "made", workers=1)
    assert "measured_on" not in made.manifest().column_names
    assert "boxes" not in made.summary


def test_noises_of_masks_alone_are_refused(tmp_path: Path) -> None:
    path = samples.write(tmp_path, boxes_only())
    line = "all 60 annotations are boxes without masks, and recipe ablation-scale-mid has noises of"
    with pytest.raises(InputError, match=line):
        make(annotations=path, recipe="ablation-scale-mid", out=tmp_path / "made")
    assert [p.name for p in tmp_path.iterdir()] == ["instances.json"]


def test_a_box_that_is_none_names_the_annotation(tmp_path: Path) -> None:
    data = boxes_only()
    data["annotations"][4]["bbox"] = [1, 2, 3]
    with pytest.raises(InputError, match=r"instances.json: annotation 5: bbox is \[1, 2, 3\]"):
        make(annotations=samples.write(tmp_path, data), tier="hard", out=tmp_path / "made")


def test_weak_masks_are_not_compared_with_boxes(tmp_path: Path) -> None:
    path = samples.write(tmp_path, mixed())
    with pytest.raises(InputError, match="30 of its 60 annotations have no mask"):
        make(annotations=path, images=tmp_path, weak="box", out=tmp_path / "made")


def test_crowds_alone_make_no_benchmark(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = shared_case("02-brush-all-crowd/in.json")
    asked = ["make", "--annotations", str(path), "--tier", "hard", "--out", str(tmp_path / "made")]
    assert run([*asked, "-q"]) == 1
    line = capsys.readouterr().err.strip()
    assert "all 12 annotations are crowds" in line
    assert line.endswith("read them as instances with --crowds-as-instances")
    assert not (tmp_path / "made").exists()
    assert run([*asked, "-q", "--crowds-as-instances"]) == 0


def test_crowds_as_instances_are_noised_and_recorded(tmp_path: Path) -> None:
    path = shared_case("02-brush-all-crowd/in.json")
    made = make(
        annotations=path, tier="hard", crowds_as_instances=True, out=tmp_path / "made", workers=1
    )
    assert made.recipe["source"]["crowds_as_instances"] is True
    assert "--crowds-as-instances" in rebuild_command(made)
    assert {record["iscrowd"] for record in made.noisy().records()} == {0}
    assert {record["iscrowd"] for record in made.clean().records()} == {0}
    assert made.summary["crowds"] == 0
    assert made.summary["changed_masks"] > 0


def test_their_directories_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = samples.document()
    data["annotations"][0]["iscrowd"] = 1
    path = samples.write(tmp_path, data)
    first = make(annotations=path, tier="hard", workers=1)
    second = make(annotations=path, tier="hard", workers=1, crowds_as_instances=True)
    assert first.path != second.path
    assert (first.summary["crowds"], second.summary["crowds"]) == (1, 0)


def test_all_crowds_but_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = boxes_only(5, iscrowd=1)
    data["annotations"][2]["iscrowd"] = 0
    path = samples.write(tmp_path, data)
    made = make(annotations=path, tier="hard", out=tmp_path / "made", workers=1)
    assert any("4 of 5 annotations are crowds" in line for line in caplog.messages)
    assert (made.summary["crowds"], made.summary["boxes"]) == (4, 1)
    given = {record["id"]: record for record in data["annotations"]}
    crowds = [r for r in source_records(made).values() if r["iscrowd"]]
    assert len(crowds) == 4
    assert all(record == given[record["id"]] for record in crowds)  # as they came


def test_namesakes_are_told_apart_and_not_confused(tmp_path: Path) -> None:
    """Three categories of one name across supercategories, and another."""
    data = boxes_only(200)
    data["categories"] = [
        {"id": 1, "name": "cat", "supercategory": "animal"},
        {"id": 2, "name": "cat", "supercategory": "toy"},
        {"id": 3, "name": "cat", "supercategory": "animal"},
        {"id": 4, "name": "dog", "supercategory": "animal"},
    ]
    for i, record in enumerate(data["annotations"]):
        record["category_id"] = 1 + i % 4
    path = samples.write(tmp_path, data)
    overrides = {"class_confusion.probability": 1.0, "class_confusion.scope": "all"}
    made = make(annotations=path, tier="hard", overrides=overrides, out=tmp_path / "m", workers=1)
    pairs = {
        (row["category_id"], row["noisy_category_id"])
        for row in rows_of(made).values()
        if not row["deleted"]
    }
    assert pairs == {(1, 4), (2, 4), (3, 4), (4, 1), (4, 2), (4, 3)}
    entries = made.summary["class_confusion_matrix"]
    assert {entry["category"] for entry in entries} == {"cat (1)", "cat (2)", "cat (3)", "dog"}
    assert {(e["category_id"], e["noisy_category_id"]) for e in entries} == pairs
