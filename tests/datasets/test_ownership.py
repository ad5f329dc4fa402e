"""Whose annotations a benchmark is of: a dataset lends its name to its own files alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import DatasetCard

from benchmark_n import Benchmark
from benchmark_n.benchmark import layout
from benchmark_n.cards.card import ANNOTATIONS_TABLE, CROISSANT, README, write_card
from benchmark_n.cards.check import check_card
from benchmark_n.cards.publish import plan_upload
from benchmark_n.datasets import DATASETS, SourceOptions
from benchmark_n.datasets.open import open_source
from benchmark_n.datasets.terms import Terms
from benchmark_n.errors import InputError
from benchmark_n.files.provenance import file_digest
from tests import making, samples

GUARDED = ("cityscapes", "viper", "camus")
LENDERS = (None, "coco", "lvis", "scenes", "phantom", *GUARDED)


@pytest.fixture
def hospital(tmp_path: Path) -> Path:
    return samples.write(tmp_path, samples.document(), "hospital.json")


def made(path: Path, out: str, dataset: str | None = None, **options: Any) -> Benchmark:
    options = {"tier": "clean", **options}
    return making.make(dataset, annotations=path, out=path.parent / out, workers=1, **options)


def sent(benchmark: Benchmark) -> dict[str, Path]:
    write_card(benchmark)
    return dict(plan_upload(benchmark, "someone/name").files)


@pytest.mark.parametrize("dataset", LENDERS)
def test_a_users_file_stays_the_users(hospital: Path, dataset: str | None) -> None:
    benchmark = made(hospital, "b", dataset)
    assert benchmark.recipe["benchmark"] == "Custom-N"
    assert benchmark.recipe["dataset"] == "custom"
    assert benchmark.recipe["source"].get("conventions") == dataset
    files = sent(benchmark)
    assert layout.RECIPE in files
    assert not [name for name in files if name.endswith(".parquet")]
    assert not {ANNOTATIONS_TABLE, layout.MANIFEST, layout.SUMMARY} & set(files)
    assert not [name for name in files if name.startswith(layout.ANNOTATIONS)]
    assert DatasetCard.load(benchmark.path / README).data.license == "unknown"
    told = "".join((benchmark.path / name).read_text() for name in (README, CROISSANT))
    for dataset_name in ("COCO-N", "lin2014coco", "COCO Consortium", "LVIS-N", "scenes-N", "cc0"):
        assert dataset_name not in told


def test_nothing_named_is_coco_and_a_file_alone_is_custom(hospital: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"coco: no annotations/instances_train2017\.json"):
        making.make(tier="hard", root=tmp_path / "nowhere")
    assert "conventions" not in made(hospital, "b").recipe["source"]


def test_a_dataset_lends_its_conventions(hospital: Path) -> None:
    assert made(hospital, "a", "cityscapes").recipe["dilation_ratio"] == 0.005
    assert made(hospital, "b", "coco").recipe["dilation_ratio"] == 0.02
    assert made(hospital, "c").recipe["dilation_ratio"] == 0.02
    assert made(hospital, "d", "camus", tier="easy").recipe["name"] == "cardiac-easy"


def test_what_the_layout_finds_is_the_datasets(hospital: Path, tmp_path: Path) -> None:
    (tmp_path / "root" / "annotations").mkdir(parents=True)
    shutil.copy(hospital, tmp_path / "root" / "annotations" / "instances_train2017.json")
    benchmark = making.make("coco", "clean", root=tmp_path / "root", out=tmp_path / "b", workers=1)
    assert (benchmark.recipe["benchmark"], benchmark.recipe["dataset"]) == ("COCO-N", "coco")
    assert ANNOTATIONS_TABLE in sent(benchmark)
    assert "lin2014coco" in (benchmark.path / README).read_text()
    with pytest.raises(InputError, match=r"terms of its own \(coco: cc-by-4\.0\)"):
        making.make("coco", "clean", root=tmp_path / "root", out=tmp_path / "c", licence="mit")


@pytest.mark.parametrize("name", ["scenes", "phantom"])
def test_known_files_are_those_that_are_drawn(name: str) -> None:
    dataset = DATASETS.load(name)
    drawn = {
        file_digest(open_source(dataset, SourceOptions(split=s)).annotations): s
        for s in dataset.splits
    }
    assert dict(dataset.known_files) == {
        digest: f"{split} of data seed 0" for digest, split in drawn.items()
    }


def test_only_embedded_datasets_claim_to_know_files() -> None:
    for name in DATASETS.names():
        dataset = DATASETS.load(name)
        assert dataset.embedded or not dataset.known_files


def test_a_known_file_is_the_datasets_and_another_is_not(tmp_path: Path) -> None:
    file = open_source(DATASETS.load("scenes"), SourceOptions(split="val")).annotations
    own = shutil.copy(file, tmp_path / "val.json")
    benchmark = made(Path(own), "own", "scenes")
    assert (benchmark.recipe["benchmark"], benchmark.recipe["dataset"]) == ("scenes-N", "scenes")
    write_card(benchmark)
    assert DatasetCard.load(benchmark.path / README).data.license == "cc0-1.0"
    changed = json.loads(Path(own).read_text())
    changed["annotations"].pop()
    other = made(samples.write(tmp_path, changed, "other.json"), "other", "scenes")
    assert other.recipe["benchmark"] == "Custom-N"


@pytest.mark.parametrize("dataset", [None, "coco", "lvis"])
def test_the_users_licence_is_kept_and_acted_on(hospital: Path, dataset: str | None) -> None:
    benchmark = made(hospital, "b", dataset, licence="cc-by-4.0")
    assert benchmark.recipe["source"]["licence"] == "cc-by-4.0"
    assert benchmark.recipe["benchmark"] == "Custom-N"
    files = sent(benchmark)
    assert {ANNOTATIONS_TABLE, "annotations/hospital.json", layout.MANIFEST} <= set(files)
    card = (benchmark.path / README).read_text()
    assert DatasetCard.load(benchmark.path / README).data.license == "cc-by-4.0"
    assert "--licence cc-by-4.0" in card
    assert "lin2014coco" not in card
    assert check_card(benchmark) == []
    with pytest.raises(InputError, match="licence 'mit': the benchmark's recipe says"):
        write_card(benchmark, licence="mit")


@pytest.mark.parametrize("dataset", GUARDED)
def test_no_word_makes_a_guarded_dataset_shareable(hospital: Path, dataset: str) -> None:
    for file in (hospital, None):
        with pytest.raises(InputError, match=rf"terms of its own \({dataset}: "):
            making.make(
                dataset, "clean", annotations=file, licence="mit", out=hospital.parent / "b"
            )
    assert not (hospital.parent / "b").exists()
    benchmark = made(hospital, "b", dataset)
    with pytest.raises(InputError, match=rf"terms of its own \({dataset}: "):
        write_card(benchmark, licence="mit")
    write_card(benchmark)
    readme = benchmark.path / README
    readme.write_text(readme.read_text().replace("license: unknown", "license: mit"))
    with pytest.raises(InputError, match="write the card again"):
        plan_upload(benchmark, "someone/name")


def test_an_unknown_licence_is_one_line(hospital: Path) -> None:
    with pytest.raises(InputError, match="unknown licence 'cc-by': did you mean"):
        made(hospital, "b", licence="cc-by")
    assert not (hospital.parent / "b").exists()


def test_a_recipe_that_claims_a_dataset_for_any_file_is_not_believed(hospital: Path) -> None:
    """As they were written before, and as anybody may write one."""
    benchmark = made(hospital, "b")
    path = benchmark.path / layout.RECIPE
    old = file_digest(path)
    recipe = {**yaml.safe_load(path.read_text()), "benchmark": "COCO-N", "dataset": "coco"}
    path.write_text(yaml.safe_dump(recipe))
    sums = benchmark.path / layout.CHECKSUMS
    sums.write_text(sums.read_text().replace(old, file_digest(path)))
    claimed = Benchmark(benchmark.path)
    assert ANNOTATIONS_TABLE not in sent(claimed)
    assert "COCO-N" not in (benchmark.path / README).read_text()


def test_guarded_means_terms_that_forbid() -> None:
    assert {n for n in DATASETS.names() if DATASETS.load(n).terms.guarded} == set(GUARDED)
    assert not Terms().guarded
