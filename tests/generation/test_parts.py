"""Parts of a benchmark are, loaded together, the benchmark of the whole file to the byte."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark_n import Benchmark, load
from benchmark_n.benchmark import layout
from benchmark_n.cards.card import write_card
from benchmark_n.cards.facts import rebuild_command
from benchmark_n.coco.parts import part_text
from benchmark_n.errors import InputError, UsageError
from tests import making

COUNT = 3
SAME = (layout.MANIFEST, layout.RECIPE, layout.ENVIRONMENT, layout.CHECKSUMS)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCHMARK_N_CACHE", str(tmp_path / "cache"))


def strange_file(path: Path) -> Path:
    """Images out of order with patients between one another, counts, further fields, odd spaces."""
    images = [
        {"id": 90 - 7 * i, "width": 60, "height": 50, "file_name": f"{i}.png", "patient_id": i % 5}
        for i in range(11)
    ]
    images[3]["ward"] = "b"
    annotations = []
    for i in range(80):
        image = images[(i * 7) % 10]  # the last has none
        x, y = (i * 5) % 30, (i * 3) % 20
        box = [x, y, x + 14, y, x + 14, y + 12, x, y + 15]
        annotations.append(
            {
                **{"id": (i * 37) % 1009, "image_id": image["id"], "category_id": 1 + i % 3},
                **{"segmentation": [box, *([[1, 1, 2, 2]] if i % 9 == 0 else [])]},
                **{"area": 180, "bbox": [x, y, 14, 15], "iscrowd": 0, "note": i},
            }
        )
    categories = [
        {"id": i, "name": f"c{i}", "instance_count": 30 * i, "image_count": 5} for i in (1, 2, 3)
    ]
    data = {"info": {}, "images": images, "annotations": annotations, "categories": categories}
    path.write_text(json.dumps(data, indent=2))
    return path


def plain_file(path: Path) -> Path:
    """The same without what is withheld of images, whose section stays as it stands."""
    data = json.loads(strange_file(path).read_text())
    for image in data["images"]:
        image.pop("ward", None)
    path.write_text(json.dumps(data, indent=1))
    return path


def make(file: Path, out: Path, **options: Any) -> Benchmark:
    options = {"tier": "hard", "workers": 1, "chunk_size": 7, **options}
    return making.make("custom", annotations=file, out=out, **options)


def make_parts(file: Path, folder: Path, count: int = COUNT, **options: Any) -> list[Path]:
    numbers = range(1, count + 1)
    return [
        make(file, folder / f"p{n}", part=(n, count), **{"workers": 1, **options}).path
        for n in numbers
    ]


@pytest.mark.parametrize("written", [strange_file, plain_file])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"tier": "events-10"},
        {"tier": "human-lvis-crowd"},
        {"keep_ids": True, "masks": "polygon"},
        {"overrides": {"class_confusion.scope": "swap"}},
        {"keep_fields": ["note", "instance_count"]},
        {"repair": True},
    ],
    ids=str,
)
def test_parts_are_the_whole(
    written: Callable[[Path], Path], options: dict[str, Any], tmp_path: Path
) -> None:
    file = written(tmp_path / "file.json")
    whole = make(file, tmp_path / "whole", **options)
    paths = make_parts(file, tmp_path / "parts", **options)
    joined = load(str(tmp_path / "parts" / "p*"))
    for name in SAME:
        assert (joined.path / name).read_bytes() == (whole.path / name).read_bytes(), name
    assert joined.annotations.read_bytes() == whole.annotations.read_bytes()
    assert joined.clean().annotations == whole.clean().annotations
    assert joined.manifest().equals(whole.manifest())
    summary = {name: value for name, value in whole.summary.items() if name != "leakage"}
    assert joined.summary == summary
    assert joined.verify() == []
    assert load(paths[::-1]).path == joined.path


def test_a_part_has_whole_units_and_says_which_it_is(tmp_path: Path) -> None:
    file = strange_file(tmp_path / "file.json")
    patients = []
    for path in make_parts(file, tmp_path):
        part = load(path)
        assert part.verify() == []
        patients.append({image["patient_id"] for image in part.noisy().section("images")})
        assert set(part.noisy().image_ids.tolist()) <= set(part.noisy().images)
        assert "--part" in rebuild_command(part)
    assert sorted(number for each in patients for number in each) == [0, 1, 2, 3, 4]


def test_card_over_parts(tmp_path: Path) -> None:
    file = strange_file(tmp_path / "file.json")
    options: dict[str, Any] = {"licence": "cc-by-4.0"}
    whole = make(file, tmp_path / "whole", **options)
    make_parts(file, tmp_path / "parts", **options)
    write_card(whole, tmp_path / "a")
    write_card(load(tmp_path / "parts" / "p*"), tmp_path / "b")
    table = "card/annotations.parquet"
    assert (tmp_path / "a" / table).read_bytes() == (tmp_path / "b" / table).read_bytes()
    leaks = "card/leakage.json"
    assert (tmp_path / "a" / leaks).read_bytes() == (tmp_path / "b" / leaks).read_bytes()


def test_sealed_parts(tmp_path: Path) -> None:
    file = strange_file(tmp_path / "file.json")
    with pytest.raises(UsageError, match="seal"):
        make(file, tmp_path / "p", part="1/3", sealed=True, seed=None)
    whole = make(file, tmp_path / "whole", sealed=True, seed=None)
    seal = whole.path / layout.SEAL
    make_parts(file, tmp_path / "parts", seal=seal, seed=None)
    joined = load(tmp_path / "parts" / "p*")
    assert joined.annotations.read_bytes() == whole.annotations.read_bytes()
    assert not (joined.path / layout.SEAL).exists()
    other = make(file, tmp_path / "other", sealed=True, seed=None).path / layout.SEAL
    make(file, tmp_path / "parts" / "p2", part="2/3", seal=other, seed=None, overwrite=True)
    with pytest.raises(InputError, match=r"p2: private/seal.json is another"):
        load(tmp_path / "parts" / "p*")


def test_a_killed_part_is_made_again(tmp_path: Path) -> None:
    file = strange_file(tmp_path / "file.json")
    paths = make_parts(file, tmp_path / "parts")
    before = (paths[1] / layout.CHECKSUMS).read_bytes(), load(paths).path
    shutil.rmtree(paths[1])
    code = (
        "import signal, os, benchmark_n.generation.noise as noise, benchmark_n\n"
        "def killed(*_, **__):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "noise.write_audited = killed\n"
        f"source = benchmark_n.SourceOptions(annotations={str(file)!r}, part='2/3')\n"
        "execution = benchmark_n.Execution(workers=1)\n"
        f"benchmark_n.make('custom', 'hard', out={str(paths[1])!r}, seed=1, source=source, "
        "execution=execution)\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    with pytest.raises(InputError, match="part 2 of 3 is missing, 2 are there"):
        load(tmp_path / "parts" / "p*")
    make(file, paths[1], part="2/3")
    assert ((paths[1] / layout.CHECKSUMS).read_bytes(), load(paths).path) == before


def test_what_are_no_parts_of_one_benchmark_is_one_line(tmp_path: Path) -> None:
    file = strange_file(tmp_path / "file.json")
    one, two, three = make_parts(file, tmp_path / "parts")
    with pytest.raises(InputError, match="part 2 of 3 is missing, 2 are there"):
        load([one, three])
    with pytest.raises(InputError, match=r"p2: part 2/3 is .*p2 too, expected each once"):
        load([one, two, two, three])
    whole = make(file, tmp_path / "whole").path
    with pytest.raises(InputError, match=r"whole: not a part of a benchmark: part.json is missing"):
        load([one, whole])
    with pytest.raises(InputError, match=r"none\*: no directory there"):
        load(tmp_path / "none*")
    seed = make(file, tmp_path / "seed", part="2/3", seed=2).path
    with pytest.raises(InputError, match=r"seed: seed is 2, but 1 in .*p1"):
        load([one, seed, three])
    recipe = make(file, tmp_path / "easy", part="2/3", tier="easy").path
    with pytest.raises(InputError, match=r"easy: name is 'easy', but 'hard' in"):
        load([one, recipe, three])
    count = make(file, tmp_path / "count", part="2/2").path
    with pytest.raises(InputError, match=r"part 2/2, but .* is part 1/3"):
        load([one, count, three])
    other = make(
        plain_file(_folder(tmp_path / "other") / "file.json"), tmp_path / "o", part="2/3"
    ).path
    with pytest.raises(InputError, match=r"source.sha256 is"):
        load([one, other, three])
    with (two / "annotations" / "file.json").open("a") as written:
        written.write(" ")
    with pytest.raises(InputError, match=r"p2: annotations/file.json is not what SHA256SUMS says"):
        load([one, two, three])


def test_parts_have_directories_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = strange_file(tmp_path / "file.json")
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        made = making.make("custom", "hard", annotations=file, part=(number, 2), workers=1)
        assert made.path.name == f"file-n-hard-seed1-part{number}of2"
    assert load("benchmarks/file-n-hard-seed1-part*").path.name == "file-n-hard-seed1"


@pytest.mark.parametrize("part", ["3", "0/3", "4/3", "a/b", (1, 0), "1/2/3", "-1/3"])
def test_no_part(part: Any) -> None:
    with pytest.raises(UsageError, match=r"`part` is '.*', expected"):
        part_text(part)


def test_more_parts_than_units(tmp_path: Path) -> None:
    file = strange_file(tmp_path / "file.json")
    with pytest.raises(InputError, match="5 patients by patient_id, expected 6 or more"):
        make(file, tmp_path / "p", part="1/6")


def test_weak_annotations_have_no_parts() -> None:
    with pytest.raises(UsageError, match="`part` is for recipes of noise"):
        making.make("scenes", weak="box", part="1/2")


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
