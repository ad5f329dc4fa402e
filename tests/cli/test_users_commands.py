"""The commands of the README as a user types them: COCO in its place, and nothing beside them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark_n.benchmark import layout, load
from benchmark_n.cards.check import check_card
from benchmark_n.datasets.coco import COCO
from tests.conftest import REPOSITORY, SAMPLES, shared_file
from tests.hub import OWNER, TOKEN, Hub, stub_of_the_hub

NAME = "coco-n-hard-seed1"
IMAGES, OBJECTS = 5, 8  # one image a fold, and at most so many objects in each
COMMANDS = ("make --dataset coco --tier hard", "eval --detector mirror", "card", "publish")


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with stub_of_the_hub() as hub:
        yield hub


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with COCO in it, under its own names: some images of a sample."""
    source = shared_file(SAMPLES["coco128"])
    home = tmp_path_factory.mktemp("home")
    document = json.loads(source.read_bytes())
    objects = Counter(annotation["image_id"] for annotation in document["annotations"])
    images = [i for i in document["images"] if 0 < objects[i["id"]] <= OBJECTS][:IMAGES]
    kept = {image["id"] for image in images}
    annotations = [a for a in document["annotations"] if a["image_id"] in kept]
    root = home / "data" / "coco"
    for split in ("train2017", "val2017"):
        (root / split).mkdir(parents=True)
        path = root / "annotations" / f"instances_{split}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({**document, "images": images, "annotations": annotations}))
        for image in images:
            shutil.copy(source.parent / "images" / image["file_name"], root / split)
    return home


def surroundings(home: Path, hub: Hub) -> dict[str, str]:
    """The environment of a user whose Hub is the stand-in."""
    return {
        **{k: v for k, v in os.environ.items() if k not in ("BENCHMARK_N_DATA", "HF_HOME")},
        "PYTHONPATH": str(REPOSITORY),
        "HF_ENDPOINT": hub.address,
        "HF_TOKEN": TOKEN,
        "HF_HUB_DISABLE_XET": "1",  # the stand-in speaks the older of the two ways for tables
        "HF_HOME": str(home / "hub"),
    }


@pytest.fixture(scope="module")
def typed(home: Path, hub: Hub) -> dict[str, subprocess.CompletedProcess[str]]:
    """What each of `COMMANDS` came to, one after another, until one fails."""
    found = {}
    for command in COMMANDS:
        found[command] = subprocess.run(
            [sys.executable, "-m", "benchmark_n", *command.split()],
            cwd=home,
            env=surroundings(home, hub),
            capture_output=True,
            text=True,
        )
        if found[command].returncode:
            break
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_ends_well(
    typed: dict[str, subprocess.CompletedProcess[str]], command: str
) -> None:
    assert command in typed, "an earlier command failed"
    done = typed[command]
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_each_takes_what_the_one_before_made(
    typed: dict[str, subprocess.CompletedProcess[str]], home: Path
) -> None:
    benchmark = load(home / "benchmarks" / NAME)
    assert benchmark.recipe["dataset"] == COCO.name
    assert benchmark.clean_val is not None
    results = json.loads((home / "results" / NAME / "mirror" / "results.json").read_bytes())
    assert results["provenance"]["benchmark"]["directory"] == NAME
    assert check_card(benchmark) == []
    for command in COMMANDS[1:]:
        assert f"the newest benchmark: benchmarks/{NAME}" in typed[command].stderr
    address = f"https://huggingface.co/datasets/{OWNER}/{NAME}"
    assert typed["publish"].stdout.splitlines()[-1] == address


def test_the_hub_has_in_one_commit_what_the_card_lists(
    typed: dict[str, subprocess.CompletedProcess[str]], home: Path, hub: Hub
) -> None:
    assert typed["publish"].returncode == 0
    assert list(hub.repositories) == [f"{OWNER}/{NAME}"]
    assert hub.repositories[f"{OWNER}/{NAME}"]["type"] == "dataset"
    assert len(hub.commits) == 1
    folder, files = home / "benchmarks" / NAME, hub.files()
    listed = json.loads((folder / layout.CROISSANT).read_bytes())["distribution"]
    assert {entry["contentUrl"] for entry in listed} < set(files)
    assert {layout.MANIFEST, layout.CARD_README, layout.CROISSANT} < set(files)
    assert not {layout.LOCAL, layout.SEAL} & set(files)
    for path, content in files.items():
        assert content == (folder / path).read_bytes(), path


def test_the_stand_in_refuses_what_the_hub_would(
    typed: dict[str, subprocess.CompletedProcess[str]], home: Path, hub: Hub
) -> None:
    assert typed["publish"].returncode == 0
    done = subprocess.run(
        [sys.executable, "-m", "benchmark_n", "publish"],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "HF_ENDPOINT": hub.address}
        | {"HF_TOKEN": "hf_another", "HF_HOME": str(home / "hub")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "the owner of the token: the Hub refused" in done.stderr
    assert "hf_another" not in done.stderr
    assert len(hub.commits) == 1


@pytest.mark.parametrize(
    ("words", "stray", "fault"),
    [
        (["--private"], None, "has a public dataset of this name, expected a private one"),
        ([], "old/manifest.parquet", "holds old/manifest.parquet, which is not of this benchmark"),
        ([], None, ""),
        (["--quiet"], None, ""),
    ],
)
def test_what_is_on_the_hub_already(
    typed: dict[str, subprocess.CompletedProcess[str]],
    home: Path,
    hub: Hub,
    words: list[str],
    stray: str | None,
    fault: str,
) -> None:
    assert typed["publish"].returncode == 0
    before = list(hub.commits)
    if stray is not None:
        hub.commits.append({"repository": f"{OWNER}/{NAME}", "head": {}, "files": {stray: b""}})
    done = subprocess.run(
        [sys.executable, "-m", "benchmark_n", "publish", *words],
        cwd=home,
        env=surroundings(home, hub),
        capture_output=True,
        text=True,
    )
    count = len(hub.commits)
    hub.commits[:] = before
    assert fault in done.stderr
    assert done.returncode == (1 if fault else 0)
    assert (done.stderr == "") == ("--quiet" in words)
    assert count == len(before) + (not fault) + (stray is not None)
