"""Weak benchmarks end to end: drop-in files, a complete account, the same bytes again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from benchmark_n import Benchmark
from benchmark_n.benchmark import layout
from benchmark_n.cards.card import write_card
from benchmark_n.cards.check import check_card
from benchmark_n.cards.facts import rebuild_command
from benchmark_n.cli import run
from benchmark_n.coco.images import read_rgb
from benchmark_n.errors import BenchmarkNError, InputError
from benchmark_n.evaluators.label_errors.truth import any_errors, surviving
from benchmark_n.evaluators.label_quality.mask_agreement import mask_agreement
from benchmark_n.files.cache import cache_folder
from benchmark_n.noise.plan import decide, resolve
from benchmark_n.noise.recipe import load_recipe
from tests import making, samples
from tests.weak import models

IMAGES = 6


def make(out: Path, tier: str | None = "wan-easy", **options: Any) -> Benchmark:
    options = {"segmenter": "ellipse", "workers": 1, "num_images": IMAGES, **options}
    return making.make("scenes", tier, out=out, **options)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    out = tmp_path_factory.mktemp("clean") / "clean"
    return making.make("scenes", "clean", num_images=IMAGES, out=out, workers=1)


@pytest.fixture(scope="module")
def easy(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    return make(tmp_path_factory.mktemp("weak") / "easy", segmenter=None)


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    return make(tmp_path_factory.mktemp("weak") / "hard", "wan-hard", segmenter="grabcut")


def bytes_of(benchmark: Benchmark) -> list[bytes]:
    return [(benchmark.path / layout.CHECKSUMS).read_bytes(), benchmark.annotations.read_bytes()]


def test_the_default_needs_no_weights_and_tells_all(easy: Benchmark, clean: Benchmark) -> None:
    assert easy.recipe["benchmark"] == "scenes-WAN"
    assert easy.recipe["segmenter"]["name"] == "grabcut"
    rows = easy.manifest().to_pylist()
    truth = {record["id"]: record for record in clean.noisy().records()}
    found = {record["id"]: record for record in easy.noisy().records()}
    assert [row["annotation_id"] for row in rows] == list(truth)
    for row in rows:
        before, after = truth[row["annotation_id"]], found[row["annotation_id"]]
        assert row["weak_applied"]
        assert [row[f"weak_box_{p}"] for p in ("x", "y", "width", "height")] == before["bbox"]
        masks = [before["segmentation"]], [after["segmentation"]]
        assert row["iou"] == pytest.approx(coco_mask.iou(*masks, [0])[0, 0], abs=1e-12)
        assert coco_mask.toBbox(after["segmentation"]).tolist() == after["bbox"]
        assert coco_mask.area(after["segmentation"]) == after["area"] == row["noisy_area"]
    assert np.mean([row["iou"] for row in rows]) > 0.8
    assert easy.verify() == []


@pytest.mark.parametrize("name", ["easy", "hard"])
def test_the_clean_annotations_come_back(
    name: str, clean: Benchmark, request: pytest.FixtureRequest
) -> None:
    weak: Benchmark = request.getfixturevalue(name)
    assert [bytes(r) for r in weak.clean().annotations] == [
        bytes(r) for r in clean.clean().annotations
    ]


def test_wan_hard_confuses_as_the_noise_engine_does(hard: Benchmark, clean: Benchmark) -> None:
    coco = clean.clean()
    noise = load_recipe(
        "hard", only=["class_confusion"], overrides={"class_confusion.probability": 0.3}
    )
    noise = resolve(noise, coco)
    expected = decide(noise, coco, 1).noisy_category_ids
    rows = hard.manifest().to_pandas().sort_values("source_id")
    np.testing.assert_array_equal(rows["noisy_category_id"], expected)
    changed = rows["category_id"] != rows["noisy_category_id"]
    np.testing.assert_array_equal(rows["class_confusion_applied"], changed)
    assert changed.any()
    records = making.source_records(hard)
    assert [records[i]["category_id"] for i in rows["source_id"]] == expected.tolist()
    mid = make(hard.path.parent / "mid", "wan-mid", segmenter="grabcut")
    assert mid.manifest(["iou"]) == hard.manifest(["iou"])


@pytest.mark.parametrize("options", [{"workers": 2}, {"masks": "rle"}], ids=str)
def test_same_bytes_whoever_works(
    tmp_path: Path, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmark_n.weak.shards.BLOCK", 2)
    first = make(tmp_path / "a", "wan-box-noisy", segmenter="grabcut")
    again = make(tmp_path / "b", "wan-box-noisy", segmenter="grabcut", **options)
    assert bytes_of(first) == bytes_of(again)
    other = make(tmp_path / "c", "wan-box-noisy", segmenter="grabcut", seed=2)
    assert bytes_of(first) != bytes_of(other)


def test_recipe_of_a_benchmark_makes_it_again(
    hard: Benchmark, clean: Benchmark, tmp_path: Path
) -> None:
    words = rebuild_command(hard).split()
    assert "--segmenter" in words
    source = hard.recipe["source"]
    again = making.make(
        hard.recipe["dataset"],
        recipe=hard.path / layout.RECIPE,
        seed=hard.recipe["seed"],
        segmenter=hard.recipe["segmenter"]["name"],
        out=tmp_path / "again",
        workers=1,
        **{k: v for k, v in source.items() if k not in ("file", "sha256")},
    )
    assert (again.path / layout.CHECKSUMS).read_text() == (hard.path / layout.CHECKSUMS).read_text()


def test_the_card_names_prompts_and_segmenter(hard: Benchmark, tmp_path: Path) -> None:
    write_card(hard, tmp_path / "card")
    text = (tmp_path / "card" / "README.md").read_text(encoding="utf-8")
    assert "| prompt | point | box-centre | released code |" in text
    assert "| segmenter | name | grabcut |" in text
    assert "| class confusion | probability | 0.3 |" in text
    assert check_card(hard, tmp_path / "card") == []


def test_a_stopped_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped in the third block: the first two are not made again, and the bytes are the same."""
    monkeypatch.setenv("BENCHMARK_N_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("benchmark_n.weak.shards.BLOCK", 2)
    whole = make(tmp_path / "whole", "wan-mid", segmenter="grabcut")
    seen: list[str] = []
    read, left = read_rgb, [5]

    def counted(path: Path, image: Any) -> Any:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        seen.append(path.name)
        return read(path, image)

    monkeypatch.setattr("benchmark_n.weak.engine.read_rgb", counted)
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / "again", "wan-mid", segmenter="grabcut")
    assert not (tmp_path / "again").exists()
    assert len(list((cache_folder() / "weak").glob("*/*.arrow"))) == 2
    left[0], seen[:] = 100, []
    again = make(tmp_path / "again", "wan-mid", segmenter="grabcut")
    assert len(seen) == IMAGES - 4
    assert bytes_of(again) == bytes_of(whole)
    assert not list((cache_folder() / "weak").iterdir())


def test_a_corrupt_image_is_named_and_left_out_on_request(clean: Benchmark, tmp_path: Path) -> None:
    assert clean.images is not None
    images = tmp_path / "images"
    shutil.copytree(clean.images, images)
    (images / "0000003.png").write_bytes(b"no image")
    options: dict[str, Any] = {"annotations": clean.annotations, "images": images}
    fault = "0000003.png: cannot be read as an image.*`skip_bad=True`"
    with pytest.raises(InputError, match=fault):
        making.make("custom", "wan-easy", out=tmp_path / "no", workers=1, **options)
    assert not (tmp_path / "no").exists()
    made = making.make(
        "custom", "wan-easy", out=tmp_path / "yes", workers=1, skip_bad=True, **options
    )
    assert [entry["name"] for entry in made.summary["skipped"]] == ["0000003.png"]
    assert [entry["fault"].split(":")[0] for entry in made.summary["skipped"]] == ["0000003.png"]
    rows = made.manifest().to_pandas()
    assert (rows["deleted"] == (rows["image_id"] == 3)).all()
    assert set(rows["weak_reason"][rows["deleted"]]) == {"bad_image"}
    assert len(made.clean()) == len(clean.noisy())


def test_everything_downstream_takes_it(
    hard: Benchmark, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(hard.path)
    out = ["--out", str(tmp_path / "results")]
    assert run(["eval", path, "--masks", "noisy", "--json", *out]) == 0
    results = json.loads(capsys.readouterr().out)["results"]
    agreement = mask_agreement(hard.manifest(), hard.noisy().categories)
    assert results["mean_iou"] == agreement.mean_iou
    assert run(["show", path, "--out", str(tmp_path / "show.png")]) == 0
    assert (tmp_path / "show.png").stat().st_size > 10_000
    detections = [
        {**{k: r[k] for k in ("image_id", "category_id", "segmentation", "bbox")}, "score": 0.5}
        for r in hard.noisy().records()
    ]
    found = tmp_path / "found.json"
    found.write_text(json.dumps(detections))
    assert run(["eval", path, "--predictions", str(found), "--out", str(tmp_path / "ap")]) == 0
    truth = any_errors(surviving(hard.manifest()))
    assert truth.wrong.any()
    capsys.readouterr()
    detect = ["eval", path, "--detector", "random", "--json", "--out", str(tmp_path / "scores")]
    assert run(detect) == 0


def test_boxes_of_a_noisy_benchmark(clean: Benchmark, tmp_path: Path) -> None:
    # Of another seed, so that no published id is that of the weak benchmark.
    noisy = making.make("scenes", "hard", seed=2, num_images=IMAGES, out=tmp_path / "n", workers=1)
    made = make(tmp_path / "weak", prompts_from=noisy.path, segmenter="box-fill")
    given, rows = (one.manifest().to_pandas().sort_values("source_id") for one in (noisy, made))
    np.testing.assert_array_equal(given["deleted"], rows["deleted"])
    assert set(rows["weak_reason"][rows["deleted"]]) == {"no_prompt"}
    for part in ("x", "y", "width", "height"):
        np.testing.assert_array_equal(given[f"noisy_bbox_{part}"], rows[f"weak_box_{part}"])
        np.testing.assert_array_equal(given[f"noisy_bbox_{part}"], rows[f"noisy_bbox_{part}"])
    assert made.recipe["prompts_from"]["name"] == "hard"
    with pytest.raises(BenchmarkNError, match="another file"):
        make(tmp_path / "no", prompts_from=noisy.path, num_images=IMAGES + 1)
    with pytest.raises(BenchmarkNError, match="need more"):
        make(tmp_path / "no", "wan-point", prompts_from=noisy.path)


def document(tmp_path: Path) -> dict[str, Any]:
    """The samples' file with images, a crowd and an annotation without pixels."""
    import cv2

    data = samples.document()
    for image in data["images"]:
        pixels = np.random.default_rng(image["id"]).integers(
            0, 256, (image["height"], image["width"], 3)
        )
        cv2.imwrite(str(tmp_path / image["file_name"]), pixels)
    data["annotations"].append(samples.annotation(10, 2, iscrowd=1))
    data["annotations"].append(samples.annotation(11, 1, segmentation=[], bbox=[0, 0, 0, 0]))
    return data


def test_crowds_and_empty_masks_stay(tmp_path: Path) -> None:
    path = samples.write(tmp_path, document(tmp_path))
    made = making.make(
        "custom", "wan-hard", annotations=path, images=tmp_path, out=tmp_path / "w", workers=1
    )
    rows = {row["source_id"]: row for row in made.manifest().to_pylist()}
    assert rows[10]["crowd"]
    assert not rows[10]["weak_applied"]
    assert rows[10]["noisy_category_id"] == 1
    assert rows[11]["weak_reason"] == "empty_mask"
    assert {10, 11} <= making.source_records(made).keys()
    assert len(made.clean()) == 5


def test_text_prompts_report_missed_and_spurious(tmp_path: Path) -> None:
    """A random Grounding DINO and SAM: boxes match nothing or something, and all is accounted."""
    data = document(tmp_path)
    for category, name in zip(data["categories"], ("disc", "ring", "star"), strict=True):
        category["name"] = name
    path = samples.write(tmp_path, data)
    dino = models.save_grounding_dino(tmp_path / "dino")
    sam = models.save_sam(tmp_path / "sam")
    made = making.make(
        "custom",
        "wan-text",
        annotations=path,
        images=tmp_path,
        out=tmp_path / "w",
        segmenter=f"transformers:{sam}",
        grounder=str(dino),
        overrides={"prompt.least_iou": 0.01, "prompt.box_threshold": 0.05},
    )
    rows = made.manifest().to_pandas()
    records = {record["id"]: record for record in made.noisy().records()}
    spurious = rows[rows["origin"] == "spurious"]
    assert len(spurious)
    assert spurious["source_id"].isna().all()
    assert rows["annotation_id"].is_monotonic_increasing
    assert rows["annotation_id"].is_unique
    assert list(records) == rows["annotation_id"][~rows["deleted"]].tolist()
    for row in spurious.to_dict("records"):
        record = records[row["annotation_id"]]
        assert record["category_id"] == row["noisy_category_id"]
        assert coco_mask.area(record["segmentation"]) == record["area"] == row["noisy_area"]
    prompted = rows[rows["weak_prompt"] == "text"]
    assert set(prompted["weak_text"]) <= {"disc", "ring", "star"}
    assert (prompted["weak_box_score"] > 0.05).all()
    assert made.recipe["grounder"]["revision"].startswith("sha256:")
    assert set(rows["weak_reason"].dropna()) <= {"not_detected", "empty_mask", "empty_prediction"}
    assert len(made.clean()) == 5
    assert made.verify() == []


@pytest.mark.parametrize("kind", ["box", "point"])
def test_sam_end_to_end(kind: str, tmp_path: Path) -> None:
    path = samples.write(tmp_path, document(tmp_path))
    sam = models.save_sam(tmp_path / "sam")
    made = making.make(
        "custom",
        weak=kind,
        annotations=path,
        images=tmp_path,
        out=tmp_path / "w",
        segmenter=f"transformers:{sam}",
    )
    rows = made.manifest().to_pandas()
    drawn = rows[rows["weak_applied"]]
    assert len(drawn)
    assert set(drawn["weak_model"]) == {"transformers:sam"}
    assert drawn["weak_score"].notna().all()
    assert made.recipe["name"] == f"wan-{kind}"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"tier": "easy", "device": "cuda"}, "device is for weak annotations"),
        ({"masks": "keep"}, "rle or polygon"),
        ({"only": ["scale"]}, "only is for noise recipes"),
        ({"backend": "dask"}, "one machine"),
        ({"tier": "wan-mid", "segmenter": "box-fill"}, "takes prompts of box"),
        ({"weak": "box"}, "not two of them"),
        ({"overrides": {"scale.kernel": 3, "scale.probability": 1}}, "cannot follow weak masks"),
        ({"annotations": "{clean}"}, "folder is not known"),
    ],
    ids=str,
)
def test_faults_are_one_line(
    options: dict[str, Any], text: str, clean: Benchmark, tmp_path: Path
) -> None:
    if "annotations" in options:
        options = {"annotations": clean.annotations, "num_images": None}
    arguments = {"tier": "wan-easy", "num_images": IMAGES, **options}
    with pytest.raises(BenchmarkNError, match=text):
        making.make("scenes", out=tmp_path / "w", **arguments)
    assert not (tmp_path / "w").exists()


def test_polygons_hold_the_same_masks(tmp_path: Path) -> None:
    rle, polygons = (make(tmp_path / form, masks=form) for form in ("rle", "polygon"))
    for one, other in zip(rle.noisy().records(), polygons.noisy().records(), strict=True):
        image = rle.noisy().images[one["image_id"]]
        parts = coco_mask.frPyObjects(other["segmentation"], image.height, image.width)
        assert coco_mask.iou([one["segmentation"]], [coco_mask.merge(parts)], [0])[0, 0] == 1
