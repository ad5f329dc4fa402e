"""`make` end to end: same bytes whatever the workers, drop-in files, a complete account."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from benchmark_n import Benchmark, import_pair
from benchmark_n.benchmark import layout
from benchmark_n.errors import InputError, UsageError
from tests import making, samples
from tests.conftest import SAMPLES, shared_file
from tests.local_cluster import dask_cluster


def make(path: Path, out: Path, **options: Any) -> Benchmark:
    options = {"tier": "hard", "workers": 1, **options}
    return making.make("coco", annotations=path, out=out, **options)


def load_coco(path: Path) -> COCO:
    with redirect_stdout(io.StringIO()):
        return COCO(str(path))


def sums(benchmark: Benchmark) -> str:
    return (benchmark.path / layout.CHECKSUMS).read_text()


@pytest.fixture(scope="module")
def hard(val2014: Path, tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    return make(val2014, tmp_path_factory.mktemp("make") / "hard")


@pytest.mark.parametrize(
    "options",
    [
        {"workers": 2},
        {"workers": 4},
        {"chunk_size": 1},
        {"chunk_size": 1000, "workers": 2},
        {"workers": 2, "backend": "dask"},
    ],
    ids=str,
)
def test_same_bytes(
    hard: Benchmark, val2014: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    with dask.config.set({"temporary-directory": str(tmp_path)}):
        other = make(val2014, tmp_path / "other", **options)
    assert sums(other) == sums(hard)
    for name in (layout.MANIFEST, layout.RECIPE, layout.SUMMARY, layout.ENVIRONMENT):
        assert (other.path / name).read_bytes() == (hard.path / name).read_bytes(), name
    assert other.annotations.read_bytes() == hard.annotations.read_bytes()


def test_same_bytes_from_a_scheduler_with_workers_in_other_folders(
    hard: Benchmark, val2014: Path, tmp_path: Path
) -> None:
    with dask_cluster(tmp_path) as address:
        other = make(val2014, tmp_path / "other", backend="dask", scheduler=address)
    assert sums(other) == sums(hard)


def test_a_scheduler_without_workers_is_one_clear_line(
    val2014: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmark_n.runtime.parallel._WORKERS_PATIENCE", 1)
    with (
        dask_cluster(tmp_path, workers=0) as address,
        pytest.raises(InputError, match=f"^no dask worker at {address} within 1 s"),
    ):
        make(val2014, tmp_path / "other", backend="dask", scheduler=address)
    assert not (tmp_path / "other").exists()


def test_order_does_not_matter(hard: Benchmark, val2014: Path, tmp_path: Path) -> None:
    data = json.loads(val2014.read_text())
    np.random.default_rng(0).shuffle(data["annotations"])
    shuffled = make(samples.write(tmp_path, data), tmp_path / "shuffled")
    records = {bytes(record) for record in hard.noisy().annotations}
    assert {bytes(record) for record in shuffled.noisy().annotations} == records


def test_subset_does_not_matter(hard: Benchmark, val2014: Path, tmp_path: Path) -> None:
    data = json.loads(val2014.read_text())
    data["annotations"] = data["annotations"][::3]
    part = make(samples.write(tmp_path, data), tmp_path / "part")
    records = {bytes(record) for record in hard.noisy().annotations}
    assert {bytes(record) for record in part.noisy().annotations} <= records


def test_another_seed_is_another_benchmark(hard: Benchmark, val2014: Path, tmp_path: Path) -> None:
    assert sums(make(val2014, tmp_path / "two", seed=2)) != sums(hard)


def test_drop_in_for_pycocotools(hard: Benchmark, val2014: Path) -> None:
    clean, noisy = load_coco(val2014), load_coco(hard.annotations)
    assert clean.dataset["images"] == noisy.dataset["images"]
    assert clean.dataset["categories"] == noisy.dataset["categories"]
    sources = {row["annotation_id"]: row["source_id"] for row in hard.manifest().to_pylist()}
    for record in noisy.dataset["annotations"]:
        source = sources[record["id"]]
        if record["iscrowd"]:
            assert record == {**clean.anns[source], "id": record["id"]}
            continue
        rle = record["segmentation"]
        assert coco_mask.area(rle) == record["area"] > 0
        assert coco_mask.toBbox(rle).tolist() == record["bbox"]
        image = clean.imgs[record["image_id"]]
        assert rle["size"] == [image["height"], image["width"]]
        same = clean.cats[record["category_id"]]["supercategory"]
        assert clean.cats[clean.anns[source]["category_id"]]["supercategory"] == same


def test_manifest_accounts_for_every_annotation(hard: Benchmark, val2014: Path) -> None:
    clean, noisy = load_coco(val2014), load_coco(hard.annotations)
    rows = hard.manifest().to_pylist()
    sources = {row["source_id"] for row in rows}
    assert len(rows) == len(sources)
    assert sources == set(clean.anns)
    published = [row["annotation_id"] for row in rows]
    assert published == sorted(set(published))
    assert [a["id"] for a in noisy.dataset["annotations"]] == [
        row["annotation_id"] for row in rows if not row["deleted"]
    ]
    for row in rows:
        identity, source = row["annotation_id"], row["source_id"]
        assert 0 < identity < 1 << 53
        assert row["deleted"] == (identity not in noisy.anns)
        assert row["category_id"] == clean.anns[source]["category_id"]
        if row["deleted"]:
            assert row["iou"] is row["noisy_area"] is row["noisy_category_id"] is None
            continue
        assert row["noisy_category_id"] == noisy.anns[identity]["category_id"]
        masks = [clean.annToRLE(clean.anns[source]), noisy.annToRLE(noisy.anns[identity])]
        if not row["crowd"]:
            iou = coco_mask.iou(masks[:1], masks[1:], [0])[0][0]
            assert row["iou"] == pytest.approx(iou, abs=1e-12)
        spatial = (
            row["approximation_applied"] or row["localization_applied"] or row["scale_applied"]
        )
        assert spatial or coco_mask.iou(masks[:1], masks[1:], [0])[0][0] == 1


@pytest.mark.parametrize("masks", ["rle", "polygon", "keep"])
@pytest.mark.parametrize("sample", ["coco_val2014_100", "lvis_val_100"])
def test_clean_annotations_come_back(sample: str, masks: str, tmp_path: Path) -> None:
    path = shared_file(SAMPLES[sample])
    noisy = make(path, tmp_path / "noisy", masks=masks)
    clean = make(path, tmp_path / "clean", tier="clean", masks=masks)
    assert [bytes(r) for r in noisy.clean().annotations] == [
        bytes(r) for r in clean.clean().annotations
    ]
    source = load_coco(path)
    records = list(noisy.clean().records())
    assert [record["id"] for record in records] == sorted(source.anns)
    for record in records:
        before = source.anns[record["id"]]
        if masks == "keep" or before.get("iscrowd"):
            assert record == before
            continue
        assert record["category_id"] == before["category_id"]
        np.testing.assert_array_equal(source.annToMask(record), source.annToMask(before))
    assert noisy.verify() == []


def test_polygons_hold_the_same_masks(hard: Benchmark, val2014: Path, tmp_path: Path) -> None:
    polygons = load_coco(make(val2014, tmp_path / "polygons", masks="polygon").annotations)
    for record in load_coco(hard.annotations).dataset["annotations"]:
        twin = polygons.anns[record["id"]]
        np.testing.assert_array_equal(polygons.annToMask(twin), polygons.annToMask(record))
        assert record["iscrowd"] or isinstance(twin["segmentation"], list)


def form(raw: bytes) -> list[float]:
    """What the writing of a record shows, apart from where and what the instance is."""
    text = bytes(raw).split(b'"counts"')[0]
    record = json.loads(raw)
    numbers = [record["area"], *record["bbox"]]
    return [
        float(isinstance(record["segmentation"], list)),
        float(sum(isinstance(n, float) for n in numbers)),
        float(sum(n != int(n) for n in numbers)),
        float(list(record) == sorted(record)),
        float(hash(tuple(record)) % 1000),
        float(text.count(b" ")),
    ]


def test_form_does_not_tell_what_was_noised(hard: Benchmark) -> None:
    rows = {row["annotation_id"]: row for row in hard.manifest().to_pylist()}
    noisy = hard.noisy()
    instances = np.flatnonzero(~noisy.crowd).tolist()
    records = [json.loads(bytes(noisy.annotations[i])) for i in instances]
    features = np.array([form(bytes(noisy.annotations[i])) for i in instances])
    truth = [
        rows[r["id"]]["iou"] < 1 or rows[r["id"]]["category_id"] != r["category_id"]
        for r in records
    ]
    forest = RandomForestClassifier(50, random_state=0)
    scores = cross_val_predict(forest, features, truth, cv=5, method="predict_proba")[:, 1]
    assert np.ptp(features, axis=0).max() == 0
    assert abs(roc_auc_score(truth, scores) - 0.5) < 0.05


def test_keep_gives_the_form_away_and_says_so(val2014: Path, tmp_path: Path) -> None:
    kept = make(val2014, tmp_path / "kept", masks="keep")
    assert kept.recipe["detection"] is False
    clean = {a["id"]: a for a in json.loads(val2014.read_text())["annotations"]}
    rows = {row["source_id"]: row for row in kept.manifest().to_pylist()}
    for record in making.source_records(kept).values():
        row = rows[record["id"]]
        if row["iou"] == 1 and row["category_id"] == record["category_id"]:
            assert record == clean[record["id"]]


def test_reference_keeps_the_clean_boxes(val2014: Path, tmp_path: Path) -> None:
    reference = make(val2014, tmp_path / "reference", tier=None, recipe="reference-hard")
    clean = {a["id"]: a for a in json.loads(val2014.read_text())["annotations"]}
    assert reference.recipe["detection"] is False
    records = making.source_records(reference)
    assert records.keys() == clean.keys()
    assert all(r["bbox"] == clean[i]["bbox"] for i, r in records.items())
    followed = make(val2014, tmp_path / "mask", tier="reference-hard", overrides={"boxes": "mask"})
    assert followed.recipe["detection"] is True
    records = making.source_records(followed)
    assert any(r["bbox"] != clean[i]["bbox"] for i, r in records.items())


def test_lvis_never_picks_a_verified_absent_category(tmp_path: Path) -> None:
    path = shared_file(SAMPLES["lvis_val_100"])
    made = make(path, tmp_path / "lvis", tier=None, recipe="sym-80")
    assert made.recipe["noises"]["class_confusion"]["scope"] == "all"
    images = {i["id"]: i for i in json.loads(path.read_text())["images"]}
    for record in made.noisy().records():
        assert record["category_id"] not in images[record["image_id"]]["neg_category_ids"]
    assert 0.7 < made.summary["effective_class_rate"] < 0.9


def test_no_machine_path_outside_local_yaml(scenes_hard: Benchmark) -> None:
    for path in scenes_hard.path.rglob("*"):
        if path.is_file() and path.name != layout.LOCAL:
            assert str(scenes_hard.images).encode() not in path.read_bytes()
            assert str(scenes_hard.path.parent).encode() not in path.read_bytes()


def test_recipe_of_a_benchmark_makes_it_again(tmp_path: Path) -> None:
    first = making.make(
        "scenes",
        "hard",
        overrides={"scale.kernel": 9},
        only=["scale", "class_confusion"],
        data_seed=3,
        num_images=6,
        seed=5,
        out=tmp_path / "first",
        workers=1,
    )
    source = first.recipe["source"]
    options = {k: v for k, v in source.items() if k not in ("file", "sha256")}
    assert options == {"split": "train", "data_seed": 3, "num_images": 6}
    again = making.make(
        first.recipe["dataset"],
        recipe=first.path / layout.RECIPE,
        seed=first.recipe["seed"],
        out=tmp_path / "again",
        workers=1,
        **options,
    )
    names = (layout.CHECKSUMS, layout.RECIPE)
    assert [(again.path / n).read_bytes() for n in names] == [
        (first.path / n).read_bytes() for n in names
    ]


def test_clean_validation_labels(scenes_hard: Benchmark, scenes_clean: Path) -> None:
    assert scenes_hard.clean_val is not None
    source = scenes_clean.with_name("instances_val.json")
    assert scenes_hard.clean_val.read_bytes() == source.read_bytes()


shapes = st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70)), min_size=3, max_size=9).map(
    lambda points: [float(v) for point in points for v in point]
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(polygons=st.lists(shapes, min_size=1, max_size=8), seed=st.integers(0, 2**32))
def test_properties(tmp_path: Path, polygons: list[list[float]], seed: int) -> None:
    data = samples.document()
    data["annotations"] = [
        samples.annotation(i, 1 + i % 2, segmentation=[polygon], category_id=1 + i % 3)
        for i, polygon in enumerate(polygons)
    ]
    path = samples.write(tmp_path, data)
    made = make(path, tmp_path / "made", seed=seed, overwrite=True)
    clean, noisy = load_coco(path), load_coco(made.annotations)
    rows = made.manifest().to_pylist()
    assert len(rows) == len(polygons)
    for row in rows:
        identity = row["annotation_id"]
        assert row["deleted"] == (identity not in noisy.anns)
        if not row["deleted"]:
            rle = noisy.anns[identity]["segmentation"]
            assert coco_mask.area(rle) == noisy.anns[identity]["area"] == row["noisy_area"]
            if coco_mask.area(clean.annToRLE(clean.anns[row["source_id"]])):
                assert row["noisy_area"] > 0
                assert coco_mask.toBbox(rle).tolist() == noisy.anns[identity]["bbox"]


@pytest.mark.parametrize(
    ("segmentation", "words"),
    [
        ([[1, 2, 3, 4, 5]], "5 coordinates"),
        ([[1, 2, 3, 4]], "2 points"),
        ({"size": [1, 2], "counts": "02"}, "expected the image's"),
        ({"size": [48, 64], "counts": "!!"}, "corrupt"),
        ("none", "str"),
    ],
)
def test_faulty_segmentations_write_nothing(tmp_path: Path, segmentation: Any, words: str) -> None:
    data = samples.document()
    data["annotations"][1]["segmentation"] = segmentation
    path = samples.write(tmp_path, data)
    for workers in (1, 2):
        with pytest.raises(InputError) as error:
            make(path, tmp_path / "made", workers=workers, chunk_size=1)
        assert "instances.json: annotation 8: " in str(error.value)
        assert words in str(error.value)
    assert [p.name for p in tmp_path.iterdir()] == ["instances.json"]


def test_neither_mask_nor_box(tmp_path: Path) -> None:
    data = samples.document()
    del data["annotations"][1]["segmentation"], data["annotations"][1]["bbox"]
    with pytest.raises(InputError, match="annotation 8: has neither a mask nor a box"):
        make(samples.write(tmp_path, data), tmp_path / "made")


def test_output_is_only_replaced_on_request(tmp_path: Path) -> None:
    path = samples.write(tmp_path, samples.document())
    first = make(path, tmp_path / "made")
    with pytest.raises(InputError, match="exists already"):
        make(path, tmp_path / "made")
    again = make(path, tmp_path / "made", overwrite=True, seed=5)
    assert again.recipe["seed"] == 5
    assert first.path == again.path
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.tex").write_text("x")
    with pytest.raises(InputError, match="not overwritten"):
        make(path, precious, overwrite=True)
    assert (precious / "thesis.tex").is_file()


@pytest.mark.parametrize("name", ["notes.txt", "annotations/by_hand.json", "card.txt"])
def test_a_benchmark_with_files_of_the_user_is_not_replaced(tmp_path: Path, name: str) -> None:
    path = samples.write(tmp_path, samples.document())
    made = make(path, tmp_path / "made")
    (made.path / name).write_text("x")
    with pytest.raises(InputError, match=f"made: exists and holds {name}, which no earlier"):
        make(path, made.path, overwrite=True)
    assert (made.path / name).read_text() == "x"


def test_a_recipe_alone_is_no_benchmark(tmp_path: Path) -> None:
    path = samples.write(tmp_path, samples.document())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / layout.RECIPE).write_text("eggs: 3")
    with pytest.raises(InputError, match="not overwritten"):
        make(path, tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine" / layout.RECIPE).read_text() == "eggs: 3"


def test_an_output_never_replaces_its_own_input(tmp_path: Path) -> None:
    made = make(samples.write(tmp_path, samples.document()), tmp_path / "made")
    with pytest.raises(InputError, match=r"instances.json: lies in the output"):
        make(made.annotations, made.path, overwrite=True)
    with pytest.raises(InputError, match=r"instances.json: lies in the output"):
        import_pair(made.annotations, made.annotations, out=made.path, overwrite=True)
    assert made.verify() == []


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"tier": "hard", "recipe": "easy"}, UsageError, "not both"),
        ({"tier": None}, UsageError, "name a tier"),
        ({"tier": "hrad"}, InputError, "did you mean 'hard'"),
        ({"masks": "png"}, UsageError, "masks must be"),
        ({"seed": 1.5}, UsageError, "seed is 1.5, expected a whole number"),
        ({"split": "val"}, UsageError, "`split` is for a dataset's own files"),
        ({"num_images": 3}, UsageError, "`num_images` is for a dataset's own files"),
        ({"workers": 0}, UsageError, "workers must be"),
        ({"chunk_size": 0}, UsageError, "chunk_size"),
        ({"backend": "ray"}, UsageError, "backend must be"),
        ({"scheduler": "tcp://127.0.0.1:1"}, UsageError, "dask"),
        ({"only": ["scal"]}, InputError, "did you mean 'scale'"),
        ({"overrides": {"kernel": 3}}, InputError, "NOISE.PARAMETER"),
    ],
)
def test_usage(tmp_path: Path, options: dict[str, Any], kind: type[Exception], words: str) -> None:
    path = samples.write(tmp_path, samples.document())
    with pytest.raises(kind) as error:
        make(path, tmp_path / "made", **options)
    assert words in str(error.value)
    assert not (tmp_path / "made").exists()
