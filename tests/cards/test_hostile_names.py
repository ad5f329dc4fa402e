"""Names of files are whatever somebody called them: text in a card, one word in its command."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from benchmark_n import Benchmark
from benchmark_n.benchmark import layout
from benchmark_n.cards.card import CROISSANT, README, write_card
from benchmark_n.cards.check import check_card
from benchmark_n.cards.facts import rebuild_command
from benchmark_n.cards.page import cell_code, code
from benchmark_n.cards.publish import plan_upload
from benchmark_n.cli import run
from benchmark_n.errors import InputError
from benchmark_n.files.provenance import file_digest
from tests import making, samples

HOSTILE = ("a b.json", "$(touch pwned).json", "`touch pwned`.json", "a'; touch pwned; '.json", "-x")
signs = st.characters(exclude_characters="/\0", exclude_categories=["Cs", "Cc"])


def with_recipe(benchmark: Benchmark, **changes: Any) -> Benchmark:
    """The benchmark as if it had been made by another recipe."""
    path = benchmark.path / layout.RECIPE
    old = file_digest(path)
    recipe = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**recipe, **changes}))
    sums = benchmark.path / layout.CHECKSUMS
    sums.write_text(sums.read_text().replace(old, file_digest(path)))
    return Benchmark(benchmark.path)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, _own_cache: None) -> Benchmark:
    folder = tmp_path_factory.mktemp("plain")
    path = samples.write(folder, samples.document())
    return making.make(tier="clean", annotations=path, out=folder / "b", workers=1)


@given(name=st.text(signs, min_size=1, max_size=20) | st.sampled_from(HOSTILE))
def test_a_shell_takes_the_commands_words_as_they_are(plain: Benchmark, name: str) -> None:
    benchmark = Benchmark(plain.path)
    recipe = {**plain.recipe, "source": {**plain.recipe["source"], "file": name}}
    object.__setattr__(benchmark, "recipe", recipe)
    command = rebuild_command(benchmark).removeprefix("benchmark-n ")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["sh", "-c", f"printf '%s\\0' {command}"], cwd=folder, capture_output=True, check=True
        )
        assert list(Path(folder).iterdir()) == []
    words = done.stdout.decode().split("\0")
    assert words[words.index("--annotations") + 1] == name


@pytest.mark.parametrize("name", HOSTILE)
def test_the_cards_command_makes_the_same_bytes(name: str, tmp_path: Path) -> None:
    path = samples.write(tmp_path, samples.document(), name)
    first = making.make(tier="hard", annotations=path, out=tmp_path / "b", workers=1)
    write_card(first)
    assert check_card(first) == []
    text = (first.path / README).read_text(encoding="utf-8")
    (command,) = re.findall(r"^benchmark-n make .*$", text, re.M)
    told = json.dumps(command, ensure_ascii=False)[1:-1]
    assert told in (first.path / CROISSANT).read_text(encoding="utf-8")
    place = tmp_path / "elsewhere"
    place.mkdir()
    shutil.copy(path, place / name)
    shutil.copy(first.path / layout.RECIPE, place)
    script, python = place / "script", shlex.quote(sys.executable)
    script.write_text(f'benchmark-n() {{ {python} -m benchmark_n "$@"; }}\n{command} --workers 1\n')
    subprocess.run(["bash", "script"], cwd=place, check=True, capture_output=True)
    sums = [(p / layout.CHECKSUMS).read_bytes() for p in (first.path, place / "rebuilt")]
    assert sums[0] == sums[1]
    assert not [p for p in tmp_path.rglob("pwned*") if p.name == "pwned"]


@given(st.text(signs | st.just("`"), min_size=1, max_size=12).filter(lambda t: t == t.strip()))
def test_code_stays_code(text: str) -> None:
    """By the rule of CommonMark: the fence is a run of backticks that the text does not have."""
    made = code(text)
    fence = re.match("`+", made)
    assert fence is not None
    assert made.endswith(fence[0])
    inside = made[len(fence[0]) : -len(fence[0])]
    assert fence[0] not in re.findall("`+", inside)
    assert inside.strip() == text
    assert not re.search(r"(?<!\\)\|", cell_code(text))


def test_recipes_texts_are_text(plain: Benchmark, tmp_path: Path) -> None:
    copy = Benchmark(Path(shutil.copytree(plain.path, tmp_path / "b")))
    evil = "x\n# Other\n<script>1</script>"
    # A name with a slash is refused: files are called by it.
    name = evil.replace("/", "")
    write_card(with_recipe(copy, name=name, description=evil, departures=[evil]))
    body = (copy.path / README).read_text().split("---\n", 2)[2]
    assert "\n# Other" not in body
    assert not re.search(r"(?<!\\)<script", body)


BAD = ["{}", "[]", "", "nonsense", '{"benchmark-n": 1}', '{"python": "3"}', "null", "\xff"]


@pytest.mark.parametrize("text", [*BAD, None])
def test_a_bad_environment_is_one_line(
    plain: Benchmark, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    path = Path(shutil.copytree(plain.path, tmp_path / "b"))
    write_card(Benchmark(path))
    if text is None:
        (path / layout.ENVIRONMENT).unlink()
    else:
        (path / layout.ENVIRONMENT).write_text(text, "latin-1")
    for arguments in (["card", str(path)], ["card", str(path), "--out", str(tmp_path / "c")]):
        assert run(arguments) == 1
        told = capsys.readouterr().err
        assert told.count("\n") == 1
        assert "environment.json: " in told
        assert "internal error" not in told
        assert "writing failed" not in told
    with pytest.raises(SystemExit):
        run(["card", str(path), "--check"])
    assert run(["publish", str(path), "--repo", "a/b", "--dry-run"]) == 1
    assert "internal error" not in capsys.readouterr().err
    assert run(["eval", str(path), "--masks", "noisy", "--out", str(tmp_path / "r")]) == 0


@pytest.mark.parametrize("name", ["/home/anna/a.png", "C:\\scans\\a.png"])
def test_places_of_images_are_not_published(tmp_path: Path, name: str) -> None:
    data = samples.document()
    data["images"][0]["file_name"] = name
    path = samples.write(tmp_path, data)
    shared = making.make(
        tier="clean", annotations=path, out=tmp_path / "a", licence="mit", workers=1
    )
    write_card(shared)
    with pytest.raises(InputError, match=r"image 1: file_name '.*' is a place on somebody's"):
        plan_upload(shared, "a/b")
    kept = making.make(tier="clean", annotations=path, out=tmp_path / "b", workers=1)
    write_card(kept)
    sent = plan_upload(kept, "a/b").files.values()
    assert not [p for p in sent if json.dumps(name)[1:-1].encode() in p.read_bytes()]


def test_no_published_file_tells_a_place(carded: Benchmark) -> None:
    places = [
        str(carded.path.parent).encode(),
        str(carded.images).encode(),
        str(Path.home()).encode(),
    ]
    for path in plan_upload(carded, "a/b").files.values():
        assert not [place for place in places if place in path.read_bytes()], path
