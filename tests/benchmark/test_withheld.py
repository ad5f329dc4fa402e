"""Further fields: none is published, all come back, and who asks for one gets it."""

from __future__ import annotations

import json
import logging
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

import benchmark_n
from benchmark_n import Benchmark
from benchmark_n.benchmark import layout
from benchmark_n.benchmark.fields import ANNOTATION_FIELDS, CATEGORY_FIELDS, IMAGE_FIELDS
from benchmark_n.benchmark.record_fields import record_field, with_image_fields
from benchmark_n.errors import InputError, UsageError
from benchmark_n.generation.options import PublishOptions
from tests import making, samples

FURTHER = {"category_name", "attributes", "annotator", "num_objects", "guideline", "num_boxes"}
# What the common form of all masks rewrites.
REWRITTEN = {"segmentation", "bbox", "area"}
IMAGES = 20
Document = dict[str, Any]


@pytest.fixture(scope="module")
def source(scenes_clean: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("further")
    data = json.loads(scenes_clean.read_text())
    data["images"] = data["images"][:IMAGES]
    kept = {image["id"] for image in data["images"]}
    data["annotations"] = [a for a in data["annotations"] if a["image_id"] in kept]
    return samples.write(folder, samples.with_further_fields(data), "tools.json")


@pytest.fixture(scope="module")
def images(scenes_hard: Benchmark) -> Path:
    assert scenes_hard.images is not None
    return scenes_hard.images


def made(source: Path, folder: Path, tier: str = "hard", **options: Any) -> Benchmark:
    options = {"workers": 1, **options}
    return making.make("scenes", tier, annotations=source, out=folder / "b", **options)


@pytest.fixture(scope="module")
def hard(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    return made(source, tmp_path_factory.mktemp("hard"))


def written(source: Path, images: Path, folder: Path, how: str) -> Benchmark:
    """The source's benchmark by each of the ways that there are."""
    if how == "import":
        noisy = json.loads(source.read_text())
        for record in noisy["annotations"][::5]:
            record["segmentation"] = [[1, 1, 20, 2, 9, 20]]
        for record in noisy["annotations"]:
            record["category_name"] += " (mine)"
            record["reviewed"] = True
        path = samples.write(folder, noisy, "noisy.json")
        return benchmark_n.import_pair(source, path, out=folder / "b", match="id")
    if how == "weak":
        return made(source, folder, "wan-hard", images=images)
    options = {"masks": "keep"} if how == "keep" else {"workers": 2} if how == "workers" else {}
    return made(source, folder, **options)


def by_id(records: Iterable[Document]) -> dict[int, Document]:
    return {record["id"]: record for record in records}


def rle(record: Document, sizes: dict[int, Document]) -> Any:
    image, mask = sizes[record["image_id"]], record["segmentation"]
    if isinstance(mask, list):
        return coco_mask.merge(coco_mask.frPyObjects(mask, image["height"], image["width"]))
    return mask


def class_errors(benchmark: Benchmark) -> set[int]:
    columns = ["annotation_id", "category_id", "noisy_category_id", "deleted"]
    rows = benchmark.manifest(columns).to_pylist()
    return {
        row["annotation_id"]
        for row in rows
        if not row["deleted"] and row["category_id"] != row["noisy_category_id"]
    }


def suspected(document: Document) -> set[int]:
    """Annotations in which some text is the name of another category than theirs."""
    names = {category["name"]: category["id"] for category in document["categories"]}

    def texts(value: Any) -> Iterable[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            for part in value.values() if isinstance(value, dict) else value:
                yield from texts(part)

    return {
        record["id"]
        for record in document["annotations"]
        for text in texts({k: v for k, v in record.items() if k != "segmentation"})
        if names.get(text, record["category_id"]) != record["category_id"]
    }


@pytest.mark.parametrize("how", ["noise", "workers", "keep", "weak", "import"])
def test_nothing_further_is_published_and_all_comes_back(
    source: Path, images: Path, tmp_path: Path, how: str
) -> None:
    benchmark = written(source, images, tmp_path, how)
    assert benchmark.verify() == []
    published = json.loads(benchmark.annotations.read_text())
    for section, fields in (
        ("annotations", ANNOTATION_FIELDS),
        ("images", IMAGE_FIELDS),
        ("categories", CATEGORY_FIELDS),
    ):
        assert not {name for record in published[section] for name in record} - set(fields)
    assert "attribute_table" not in published
    assert suspected(published) == set()
    before, after = json.loads(source.read_text()), benchmark.clean()
    for section in ("images", "categories", "attribute_table", "videos", "info"):
        assert after.section(section) == before[section]
    sizes = by_id(before["images"])
    found = by_id(after.records())
    assert list(found) == [record["id"] for record in before["annotations"]]
    for record in before["annotations"]:
        again = found[record["id"]]
        assert {k: v for k, v in again.items() if k not in REWRITTEN} == {
            k: v for k, v in record.items() if k not in REWRITTEN
        }
        masks = rle(again, sizes), rle(record, sizes)
        assert (coco_mask.decode(masks[0]) == coco_mask.decode(masks[1])).all()


def test_the_noisy_files_own_fields_are_in_the_manifest(
    source: Path, images: Path, tmp_path: Path
) -> None:
    imported = written(source, images, tmp_path, "import")
    rows = imported.manifest(["source_id", "withheld"]).to_pylist()
    noisy = by_id(json.loads((tmp_path / "noisy.json").read_text())["annotations"])
    for row in rows:
        record = noisy[row["source_id"]]
        assert json.loads(row["withheld"]) == {
            name: value for name, value in record.items() if name not in ANNOTATION_FIELDS
        }


def test_clean_is_the_same_bytes_whatever_the_noise(
    hard: Benchmark, source: Path, tmp_path: Path
) -> None:
    clean = made(source, tmp_path, "clean").clean()
    for one, other in zip(clean.annotations, hard.clean().annotations, strict=True):
        assert bytes(one) == bytes(other)
    assert {k: bytes(v) for k, v in clean.sections.items()} == {
        k: bytes(v) for k, v in hard.clean().sections.items()
    }


def test_a_field_that_is_asked_for_passes(hard: Benchmark, source: Path, tmp_path: Path) -> None:
    """And the attacker, who found nothing without it, finds every error."""
    names = ["category_name", "guideline", "attribute_table"]
    kept = made(source, tmp_path, keep_fields=names)
    assert kept.recipe["keep_fields"] == names
    assert "keep_fields" not in hard.recipe
    published = json.loads(kept.annotations.read_text())
    assert published["attribute_table"] == [{"name": "label"}]
    assert {image["guideline"] for image in published["images"]} == {"v0", "v1"}
    assert not any("attributes" in record for record in published["annotations"])
    errors = class_errors(kept)
    assert len(errors) > 10
    assert suspected(published) == errors == class_errors(hard)
    before = by_id(json.loads(source.read_text())["annotations"])
    for record in kept.clean().records():
        assert record["category_name"] == before[record["id"]]["category_name"]
        assert record["attributes"] == before[record["id"]]["attributes"]


def test_names_that_nothing_has_are_refused_before_anything_is_made(
    source: Path, images: Path, tmp_path: Path
) -> None:
    line = "`keep_fields` names 'atributes', which no record and no section has: did you mean"
    with pytest.raises(InputError, match=line):
        made(source, tmp_path, keep_fields=["atributes"])
    with pytest.raises(InputError, match=line):
        made(
            source,
            tmp_path,
            "wan-easy",
            images=images,
            segmenter="ellipse",
            keep_fields=["atributes"],
        )
    with pytest.raises(InputError, match=line):
        benchmark_n.import_pair(source, source, out=tmp_path / "b", keep_fields=["atributes"])
    assert not (tmp_path / "b").exists()
    with pytest.raises(UsageError, match="expected a list of names"):
        PublishOptions(keep_fields="category_name")


def test_one_warning_names_what_is_withheld(
    source: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        benchmark = made(source, tmp_path, only=["scale"])
    (line,) = [r.getMessage() for r in caplog.records if "keep_fields" in r.getMessage()]
    count = len(json.loads(source.read_text())["annotations"])
    assert f"annotations: category_name ({count}), attributes ({count}), annotator (" in line
    assert f"images: num_objects ({len(benchmark.noisy().images)}), guideline (" in line
    assert "categories: num_boxes (12)" in line
    assert "sections: attribute_table" in line
    assert "instance_count" not in line


def test_no_warning_where_there_is_nothing(
    scenes_hard: Benchmark, scenes_clean: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert not (scenes_hard.path / layout.WITHHELD).exists()
    assert scenes_hard.manifest(["withheld"])["withheld"].null_count == len(scenes_hard.manifest())
    with caplog.at_level(logging.WARNING):
        made(scenes_clean, tmp_path, only=["scale"])
    assert not [r for r in caplog.records if "keep_fields" in r.getMessage()]


def test_names_of_fields_cannot_break_the_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = samples.document()
    data["annotations"][0] |= {f"a{i}": 1 for i in range(40)} | {"x\nERROR: all is lost": 1}
    data["images"][0]["y\x1b[2J"] = 1
    with caplog.at_level(logging.WARNING):
        made(samples.write(tmp_path, data), tmp_path, only=["scale"])
    (line,) = [r.getMessage() for r in caplog.records if "keep_fields" in r.getMessage()]
    assert line.isprintable()
    assert "and 29 more" in line


def counted(document: Document) -> dict[int, tuple[int, int]]:
    """By pycocotools' own index."""
    coco = COCO()
    coco.dataset = document
    coco.createIndex()
    return {
        i: (len(coco.getAnnIds(catIds=[i])), len({coco.anns[a]["image_id"] for a in of}))
        for i in coco.cats
        if (of := coco.getAnnIds(catIds=[i])) is not None
    }


def test_categories_count_what_is_published(hard: Benchmark, source: Path) -> None:
    published = json.loads(hard.annotations.read_text())
    numbers = {c["id"]: (c["instance_count"], c["image_count"]) for c in published["categories"]}
    assert numbers == counted(published)
    assert numbers != counted(json.loads(source.read_text()))


def test_lvis_counts_tell_nothing(tmp_path: Path) -> None:
    from tests.conftest import SAMPLES, shared_file

    source = shared_file(SAMPLES["lvis_val_100"])
    benchmark = making.make("lvis", "hard", annotations=source, out=tmp_path / "b", workers=1)
    published, before = (
        json.loads(benchmark.annotations.read_text()),
        json.loads(source.read_text()),
    )
    numbers = {c["id"]: (c["instance_count"], c["image_count"]) for c in published["categories"]}
    assert numbers == counted(published)
    told = benchmark.withheld
    assert not told.images
    assert not told.sections
    assert benchmark.clean().section("categories") == before["categories"]
    assert {n for r in before["annotations"] for n in r} <= set(ANNOTATION_FIELDS)
    shown = [{k: v for k, v in c.items() if "count" not in k} for c in published["categories"]]
    assert shown == [{k: v for k, v in c.items() if "count" not in k} for c in before["categories"]]


def test_a_withheld_file_that_is_gone_or_wrong_is_named(hard: Benchmark, tmp_path: Path) -> None:
    copy = Benchmark(Path(shutil.copytree(hard.path, tmp_path / "copy")))
    path = copy.path / layout.WITHHELD
    path.write_text('{"images": [{"guideline": 1}]}')
    assert copy.verify() == [layout.WITHHELD]
    with pytest.raises(InputError, match=r"withheld\.json: a record without an id"):
        copy.clean()
    path.write_text("[")
    with pytest.raises(InputError, match=r"withheld\.json: no list of withheld fields"):
        Benchmark(copy.path).clean()
    path.unlink()
    with pytest.raises(InputError, match=r"withheld\.json: is missing, but named in SHA256SUMS"):
        Benchmark(copy.path).clean()


def test_manifests_of_the_first_version_are_read(scenes_hard: Benchmark, tmp_path: Path) -> None:
    """Their annotations had the source's ids."""
    size = scenes_hard.recipe["source"]["num_images"]
    copy = making.make("scenes", "hard", num_images=size, keep_ids=True, out=tmp_path / "copy")
    path = copy.path / layout.MANIFEST
    table = pq.read_table(path).drop_columns(["source_id", "withheld"])
    metadata = {**table.schema.metadata, b"manifest_version": b"1"}
    pq.write_table(table.replace_schema_metadata(metadata), path)
    assert copy.manifest(["withheld"])["withheld"].null_count == len(table)
    assert list(copy.clean().records()) == list(scenes_hard.clean().records())


def test_evaluations_know_what_is_withheld(hard: Benchmark, source: Path) -> None:
    before = json.loads(source.read_text())
    noisy = hard.noisy()
    key, values = record_field(hard, noisy, "guideline") or ("", {})
    assert key == "image_id"
    assert values == {image["id"]: image["guideline"] for image in before["images"]}
    key, values = record_field(hard, noisy, "annotator") or ("", {})
    assert key == "annotation_id"
    of_source = Counter(r["annotator"] for r in before["annotations"] if "annotator" in r)
    assert Counter(values.values()) == of_source
    assert record_field(hard, noisy, "colour") is None
    assert with_image_fields(noisy).section("images") == before["images"]
    assert "guideline" not in noisy.section("images")[0]
    elsewhere = benchmark_n.load(hard.path).clean_val
    assert elsewhere is None


def test_corrected_files_have_the_published_fields_alone(hard: Benchmark, tmp_path: Path) -> None:
    from benchmark_n.detection.correct import correct
    from benchmark_n.tables.scores import scores_table

    wrong = sorted(class_errors(hard))
    image_of = dict(zip(hard.noisy().annotation_ids, hard.noisy().image_ids, strict=True))
    scores = scores_table(
        {
            "image_id": [int(image_of[i]) for i in wrong],
            "annotation_id": wrong,
            "kind": ["class"] * len(wrong),
            "score": [1.0] * len(wrong),
            "flagged": [True] * len(wrong),
        }
    )
    correct(hard, scores, [0.2], out=tmp_path / "corrected")
    document = json.loads((tmp_path / "corrected" / "corrected-20.json").read_text())
    assert not {name for record in document["annotations"] for name in record} & FURTHER
