"""Default directories: readable, the same every time, and never one for two different files."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmark_n.errors import InputError
from benchmark_n.generation.targets import FOLDER, Asked, Origin, clean, default_target
from benchmark_n.noise.recipe import load_recipe
from benchmark_n.weak.recipe import load_weak_recipe
from tests import making, samples

PLAIN = Origin("0" * 64, None, "rle")
HARD = load_recipe("hard")


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def target(asked: Asked, recipe: Any = HARD, seed: int = 1, origin: Origin = PLAIN) -> str:
    return default_target(asked, recipe, seed, origin).as_posix()


def test_names_that_people_rely_on() -> None:
    assert target(Asked("coco", recipe="hard")) == "benchmarks/coco-n-hard-seed1"
    assert target(Asked("scenes", recipe="hard"), seed=7) == "benchmarks/scenes-n-hard-seed7"
    low = Asked("camus", recipe="camus-low")
    assert target(low, load_recipe("camus-low")) == "benchmarks/camus-n-camus-low-seed1"
    my = Asked("custom", Path("/somewhere/my.json"), "hard")
    assert target(my) == "benchmarks/my-n-hard-seed1"
    only = Asked("coco", recipe="hard", only=("scale",))
    assert target(only, load_recipe("hard", only=["scale"])) == (
        "benchmarks/coco-n-hard-only-scale-seed1"
    )
    weak = Asked("coco", recipe="wan-easy", segmenter="transformers:facebook/sam-vit-huge")
    assert target(weak, load_weak_recipe("wan-easy")) == (
        "benchmarks/coco-wan-easy-transformers-facebook-sam-vit-huge-seed1"
    )
    mine = Asked("custom", Path("my.json"), "wan-easy")
    assert target(mine, load_weak_recipe("wan-easy")) == "benchmarks/my-wan-easy-grabcut-seed1"


def test_settings_and_recipe_files_have_digits(tmp_path: Path) -> None:
    found = set()
    for kernel in (9, 11):
        changes = {"scale.kernel": kernel}
        asked = Asked("coco", recipe="hard", overrides=changes)
        name = target(asked, load_recipe("hard", overrides=changes))
        assert re.fullmatch(r"benchmarks/coco-n-hard-custom-[0-9a-f]{8}-seed1", name)
        found.add(name)
        path = tmp_path / str(kernel) / "hard.yaml"
        path.parent.mkdir()
        path.write_text(f"name: hard\nnoises: {{scale: {{probability: 0.5, kernel: {kernel}}}}}")
        name = target(Asked("coco", recipe=path), load_recipe(path))
        assert re.fullmatch(r"benchmarks/coco-n-hard-[0-9a-f]{8}-seed1", name)
        found.add(name)
    assert len(found) == 4


def test_a_file_called_like_a_dataset_is_not_taken_for_it() -> None:
    for stem in ("coco", "COCO", "scenes"):
        name = target(Asked("custom", Path(f"{stem}.json"), "hard"))
        assert re.fullmatch(rf"benchmarks/{stem}-[0-9a-f]{{8}}-n-hard-seed1", name)


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "a\nb", ".hidden", "-rf", "", "é" * 300])
def test_names_stay_in_the_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(f"name: {json.dumps(name)}\nnoises: {{}}")
    path = tmp_path / "r.yaml"
    made = default_target(Asked("coco", recipe=path), load_recipe(path), 1, PLAIN)
    assert made.parent == FOLDER
    assert len(made.name.encode()) < 200
    assert clean(name) == clean(clean(name))


def occupy(folder: Path, source: str, origin: Origin) -> None:
    """What `default_target` looks at in a directory."""
    folder.mkdir(parents=True)
    conventions = f", conventions: {origin.conventions}" if origin.conventions else ""
    (folder / "recipe.yaml").write_text(
        f"{{name: hard, benchmark: b, dataset: custom, noises: {{}}, masks: {origin.masks}, "
        f"source: {{file: {json.dumps(source)}, sha256: '{origin.sha256}'{conventions}}}}}"
    )
    for name in ("manifest.parquet", "SHA256SUMS"):
        (folder / name).write_text("")


origins = st.builds(
    Origin,
    st.integers(0, 3).map(lambda i: f"{i:064x}"),
    st.sampled_from([None, "coco", "cityscapes"]),
    st.sampled_from(["rle", "polygon"]),
)
stems = st.text("a b-_.é", min_size=1, max_size=3)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(st.tuples(stems, origins), min_size=2, max_size=8))
def test_two_different_ones_never_share_a_directory(
    asked: list[tuple[str, Origin]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as place, monkeypatch.context() as patch:
        patch.chdir(place)
        owners: dict[Path, Origin] = {}
        for stem, origin in asked:
            source = Path(f"{stem}.json")
            chosen = default_target(Asked("custom", source, "hard"), HARD, 1, origin)
            if chosen in owners:
                assert owners[chosen] == origin
            else:
                occupy(chosen, source.name, origin)
                owners[chosen] = origin
            again = default_target(Asked("custom", source, "hard"), HARD, 1, origin)
            assert again == chosen


def test_a_directory_that_is_anothers_in_any_case_is_named() -> None:
    other = Origin("1" * 64, None, "rle")
    occupy(FOLDER / "my-n-hard-seed1", "my.json", other)
    occupy(FOLDER / f"my-{PLAIN.digits}-n-hard-seed1", "their.json", other)
    with pytest.raises(InputError, match=r"holds a benchmark of their\.json \(SHA-256 11111111"):
        target(Asked("custom", Path("my.json"), "hard"))


def test_nothing_of_another_file_is_overwritten(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
    data = samples.document()
    mine = samples.write(first, data, "my.json")
    data["annotations"].pop()
    theirs = samples.write(second, data, "my.json")
    made = making.make(tier="hard", annotations=mine, workers=1)
    assert made.path == FOLDER / "my-n-hard-seed1"
    before = (made.path / "SHA256SUMS").read_bytes()
    other = making.make(tier="hard", annotations=theirs, workers=1, overwrite=True)
    assert re.fullmatch(r"my-[0-9a-f]{8}-n-hard-seed1", other.path.name)
    assert "holds a benchmark of my.json" in caplog.text
    assert (made.path / "SHA256SUMS").read_bytes() == before
    for file in (mine, theirs):
        with pytest.raises(InputError, match="exists already"):
            making.make(tier="hard", annotations=file, workers=1)


def test_splits_and_sizes_of_a_dataset(tmp_path: Path) -> None:
    names = [
        making.make("scenes", "clean", workers=1, **options).path.name
        for options in ({"num_images": 3}, {"num_images": 4}, {"num_images": 3, "split": "val"})
    ]
    assert names[0] == "scenes-n-clean-seed1"
    assert len(set(names)) == 3
