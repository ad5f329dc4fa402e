"""The shipped release: its form, what it names, and that its rows are of the package as it is."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import msgspec
import pytest

from benchmark_n.cards.release import (
    NOT_VERIFIED,
    Output,
    Release,
    read_release,
    release_names,
)
from benchmark_n.datasets import DATASETS
from benchmark_n.errors import InputError, UsageError
from benchmark_n.experiments.verify_release import recipe_of
from benchmark_n.files.json_yaml import dump_yaml

FAMILIES = {
    *("scenes-N", "phantom-N", "COCO-N", "LVIS-N", "CityScapes-N", "VIPER-N", "CAMUS-N"),
    "COCO-WAN",
}


@pytest.fixture(scope="module")
def shipped() -> Release:
    return read_release("1.0")


def test_every_benchmark_is_there_in_every_tier(shipped: Release) -> None:
    tiers = {
        name: {entry.tier.removeprefix("wan-") for entry in shipped.chosen([name])}
        for name in FAMILIES
    }
    assert all({"easy", "mid", "hard"} <= found for found in tiers.values())
    named = {entry.tier for entry in shipped.benchmarks if entry.tier.startswith("human-")}
    assert named == {"human-lvis-crowd", "human-nuclei-expert"}
    # What the tracks ask for: the published noise, and the simplest weak labels.
    published = {entry.dataset for entry in shipped.benchmarks if entry.tier == "paper-hard"}
    assert published >= {"scenes", "coco", "lvis", "cityscapes", "viper"}
    (weak,) = shipped.chosen(["scenes-wan-easy"])
    assert (weak.tier, weak.segmenter) == ("wan-easy", "ellipse")
    assert release_names() == ["1.0"]


def test_tiers_are_recipes_of_the_version_that_is_named(shipped: Release) -> None:
    for entry in shipped.benchmarks:
        recipe = recipe_of(entry)
        assert (entry.recipe, entry.version) == (recipe.name, recipe.version), entry.name


def test_splits_are_the_datasets_own(shipped: Release) -> None:
    for entry in shipped.benchmarks:
        dataset = DATASETS.load(entry.dataset)
        splits = [entry.noisy] + ([entry.clean] if entry.clean else [])
        for split in splits if entry.noisy.file is None else []:
            assert split.name in dataset.splits, entry.name
        assert list(entry.outputs) == [1, 2, 3, 4, 5]


def test_what_is_drawn_here_is_verified_by_digests_the_datasets_know(shipped: Release) -> None:
    for entry in shipped.chosen(["scenes-N", "phantom-N"]):
        known = DATASETS.load(entry.dataset).known_files
        assert entry.noisy.sha256 in known
        assert entry.clean is not None
        assert entry.clean.sha256 in known
        outputs = [output for output in entry.outputs.values() if isinstance(output, Output)]
        assert len(outputs) == 5, f"{entry.name}: {NOT_VERIFIED}"
        assert len({output.annotations for output in outputs}) == 5


def test_no_two_benchmarks_have_the_same_bytes(shipped: Release) -> None:
    digests = [
        output.annotations
        for entry in shipped.benchmarks
        for output in entry.outputs.values()
        if isinstance(output, Output)
    ]
    assert len(digests) == len(set(digests)) > 100


def test_names_and_families_are_chosen(shipped: Release) -> None:
    assert [entry.name for entry in shipped.chosen(["SCENES-n", "coco-n-mid"])] == [
        *("scenes-n-easy", "scenes-n-mid", "scenes-n-hard"),
        *("scenes-n-paper-easy", "scenes-n-paper-mid", "scenes-n-paper-hard", "coco-n-mid"),
    ]
    assert shipped.chosen() == shipped.benchmarks
    entry = msgspec.structs.replace(shipped.benchmarks[0], name="My-Scenes")
    mine = msgspec.structs.replace(shipped, benchmarks=[entry])
    assert mine.chosen(["My-Scenes"]) == mine.chosen(["my-scenes"]) == [entry]
    with pytest.raises(UsageError, match=r"`only` is 'scenes-hard'.*did you mean"):
        shipped.chosen(["scenes-hard"])


def test_an_unknown_release() -> None:
    with pytest.raises(InputError, match=r"unknown release '2\.0': .*known: 1\.0"):
        read_release("2.0")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda d: d["benchmarks"][0]["outputs"][1].update(rows="abc"), "rows"),
        (lambda d: d["benchmarks"][0]["noisy"].update(sha256="unknown"), "sha256"),
        (lambda d: d["benchmarks"][0].update(teir="hard"), "teir"),
        (lambda d: d["benchmarks"][0].pop("units"), "units"),
        (lambda d: d["benchmarks"].append(deepcopy(d["benchmarks"][0])), "occurs twice"),
        (lambda d: d.pop("notes"), "notes"),
        (lambda d: d["benchmarks"][0].update(outputs={}), r"length >= 1 - at `\$\.benchmarks"),
    ],
)
def test_a_spoiled_file_is_one_line(
    shipped: Release, tmp_path: Path, spoil: object, words: str
) -> None:
    document = msgspec.to_builtins(shipped)
    assert callable(spoil)
    spoil(document)
    path = tmp_path / "mine.yaml"
    path.write_text(dump_yaml(document))
    with pytest.raises(InputError, match=words) as caught:
        read_release(path)
    assert "mine.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)
