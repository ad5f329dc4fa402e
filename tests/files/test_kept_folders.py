"""Folders of a cache: made once, made again when damaged, and never in the place of others'."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark_n.errors import InputError
from benchmark_n.files.kept_folders import SEAL, make_sealed
from tests.files.test_atomic import names
from tests.files.test_collisions import RUNS, state, together

MADE_OF = {"version": 1, "counts": {"train": 3}, "list": (1, 2)}


def fill(folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "marker").write_text("marker")
    (folder / "deep" / "data").write_bytes(bytes(range(256)) * 40)


def make(folder: Path) -> None:
    make_sealed(folder, MADE_OF, fill, "marker")


def never(folder: Path) -> None:
    pytest.fail("made again")


def test_it_is_made_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    make(tmp_path / "deep" / "kept")
    before = state(tmp_path)
    make_sealed(tmp_path / "deep" / "kept", MADE_OF, never, "marker")
    assert state(tmp_path) == before
    assert names(tmp_path / "deep") == ["kept"]
    assert not caplog.records


def _flip(folder: Path) -> None:
    path = folder / "deep" / "data"
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    path.write_bytes(data)


def _folder_for_a_file(folder: Path) -> None:
    (folder / "deep" / "data").unlink()
    (folder / "deep" / "data").mkdir()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a bit": _flip,
    "cut": lambda folder: (folder / "deep" / "data").write_bytes(b"\0"),
    "empty": lambda folder: (folder / "deep" / "data").write_bytes(b""),
    "missing": lambda folder: (folder / "deep" / "data").unlink(),
    "no seal": lambda folder: (folder / SEAL).unlink(),
    "cut seal": lambda folder: (folder / SEAL).write_bytes((folder / SEAL).read_bytes()[:40]),
    "empty seal": lambda folder: (folder / SEAL).write_bytes(b""),
    "another's seal": lambda folder: (folder / SEAL).write_text('{"made_of":{},"files":{}}'),
    "a folder for a file": _folder_for_a_file,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_one_is_made_again_with_one_warning(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    make(tmp_path / "kept")
    whole = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    DAMAGES[damage](tmp_path / "kept")
    make(tmp_path / "kept")
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert caplog.records[0].getMessage().endswith("it is made again")
    after = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert after == whole
    make_sealed(tmp_path / "kept", MADE_OF, never, "marker")


def test_what_was_made_of_something_else_is_made_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make(tmp_path / "kept")
    make_sealed(tmp_path / "kept", {**MADE_OF, "version": 2}, fill, "marker")
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path / 'kept'}: made of something else: it is made again"
    ]


@pytest.mark.parametrize("mine", ["file", "folder", "empty"])
def test_what_is_not_of_the_cache_stays(tmp_path: Path, mine: str) -> None:
    target = tmp_path / "kept"
    if mine == "file":
        target.write_text("mine")
    else:
        target.mkdir()
    if mine == "folder":
        (target / "notes").write_text("mine")
    before = state(tmp_path)
    with pytest.raises(InputError, match="kept: exists and holds no marker: not overwritten"):
        make(target)
    assert state(tmp_path) == before


def test_many_processes_make_it_once(tmp_path: Path) -> None:
    def work(number: int, turn: int) -> None:
        def noted(folder: Path) -> None:
            with (tmp_path / f"log{turn}").open("a") as file:
                file.write("made\n")
            fill(folder)

        target = tmp_path / str(turn) / "kept"
        make_sealed(target, MADE_OF, noted, "marker")
        make_sealed(target, MADE_OF, never, "marker")

    for turn, said in enumerate(together(work, 10)):
        assert said == [""] * RUNS
        assert (tmp_path / f"log{turn}").read_text() == "made\n"
        assert names(tmp_path / str(turn)) == ["kept"]


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write there"):
        make(tmp_path / "file" / "kept")
