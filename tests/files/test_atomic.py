"""Directories that appear whole: what killed runs leave, and what living ones keep."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from benchmark_n.errors import InputError
from benchmark_n.files.atomic import files_beside, staged, write_whole


def write(target: Path, text: str) -> None:
    with staged(target, overwrite=True, marker="file") as stage:
        (stage / "file").write_text(text)


def killed_while_writing(target: Path) -> None:
    """A process that is killed inside `staged`."""
    child = os.fork()
    if not child:
        with staged(target, overwrite=True, marker="file") as stage:
            (stage / "file").write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_run_left_is_taken_away(tmp_path: Path) -> None:
    target = tmp_path / "a [b]*"  # no pattern
    killed_while_writing(target)
    assert [name.partition("-")[0] for name in names(tmp_path)] == [".a [b]*.partial"]
    write(target, "whole")
    assert names(tmp_path) == [target.name]
    assert (target / "file").read_text() == "whole"


def test_what_another_run_is_writing_stays(tmp_path: Path) -> None:
    target = tmp_path / "out"
    child = os.fork()
    if not child:
        with staged(target, marker="file") as stage:
            (stage / "file").write_text("slow")
            time.sleep(60)
    while not list(tmp_path.glob(".out.partial-*/file")):
        time.sleep(0.01)
    write(target, "fast")
    left = names(tmp_path)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert left == [f".out.partial-{child}", "out"]


def test_a_result_that_was_set_aside_comes_back(tmp_path: Path) -> None:
    target = tmp_path / "out"
    write(target, "old")
    target.rename(tmp_path / ".out.replaced-1")  # as if killed between the two renames
    with pytest.raises(InputError, match="exists already"), staged(target, marker="file"):
        pass
    assert (target / "file").read_text() == "old"


def test_what_no_earlier_result_wrote_is_not_removed(tmp_path: Path) -> None:
    target = tmp_path / "out"
    strangers = files_beside("file", "notes/a.txt")
    write(target, "old")
    for name in ("notes/a.txt", "notes/mine.txt"):
        (target / name).parent.mkdir(exist_ok=True)
        (target / name).write_text("x")
    with (
        pytest.raises(InputError, match=r"out: exists and holds notes/mine.txt, which no"),
        staged(target, overwrite=True, marker="file", strangers=strangers),
    ):
        pass
    assert (target / "file").read_text() == "old"
    (target / "notes" / "mine.txt").unlink()
    running = staged(target, overwrite=True, marker="file", strangers=strangers)
    (running.__enter__() / "file").write_text("new")
    (target / "late").symlink_to("nowhere")  # put there while it runs
    with pytest.raises(InputError, match="holds late, which no earlier result wrote"):
        running.__exit__(None, None, None)
    (target / "late").unlink()
    with staged(target, overwrite=True, marker="file", strangers=strangers) as stage:
        (stage / "file").write_text("new")
    assert names(target) == ["file"]


def test_other_names_are_left_alone(tmp_path: Path) -> None:
    for name in (".outer.partial-1", "out.partial-1", ".out.other"):
        (tmp_path / name).mkdir()
    write(tmp_path / "out", "x")
    assert names(tmp_path) == [".out.other", ".outer.partial-1", "out", "out.partial-1"]


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    write_whole(tmp_path / "deep" / "file", b"x")
    assert names(tmp_path / "deep") == ["file"]
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write_whole(tmp_path / "folder", b"x")
    assert names(tmp_path) == ["deep", "folder"]
