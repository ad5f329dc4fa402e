"""Runs that meet at one name: nothing that is not ours is removed, and of two results one is whole.

All runs are processes of their own, let go together many times over.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmark_n.errors import InputError
from benchmark_n.files import atomic, renaming
from benchmark_n.files.atomic import staged, write_whole
from benchmark_n.files.renaming import rename_new
from tests.files.test_atomic import names

RUNS, ROUNDS, FILES = 6, 40, 12
FORK = multiprocessing.get_context("fork")


def together(work: Callable[[int, int], None], rounds: int) -> Iterator[list[str]]:
    """What each of `RUNS` processes says, the error or nothing, in each of the `rounds`.

    All of them start a round at once, when the one before has been looked at.
    """
    gate, answers = FORK.Barrier(RUNS + 1), FORK.Queue()

    def run(number: int) -> None:
        for turn in range(rounds):
            gate.wait()
            try:
                work(number, turn)
                answers.put("")
            except InputError as error:
                answers.put(str(error))
            except BaseException as error:
                answers.put(f"internal: {error!r}")

    processes = [FORK.Process(target=run, args=(number,), daemon=True) for number in range(RUNS)]
    for process in processes:
        process.start()
    for _ in range(rounds):
        gate.wait(timeout=60)
        yield [answers.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()


def write(target: Path, number: int, *, overwrite: bool) -> None:
    with staged(target, overwrite=overwrite, marker="0") as stage:
        for name in range(FILES):
            (stage / str(name)).write_text(str(number))


def winner(target: Path) -> str:
    """Whose files all of these are."""
    assert names(target) == sorted(str(name) for name in range(FILES))
    (text,) = {path.read_text() for path in target.iterdir()}
    return text


def test_of_many_runs_exactly_one_wins(tmp_path: Path) -> None:
    def work(number: int, turn: int) -> None:
        write(tmp_path / str(turn) / "out", number, overwrite=False)

    for turn, said in enumerate(together(work, ROUNDS)):
        target = tmp_path / str(turn) / "out"
        assert sorted(said)[0] == ""
        assert Counter(bool(text) for text in said) == {True: RUNS - 1, False: 1}
        assert all("exists already" in text for text in said if text), said
        assert winner(target) in map(str, range(RUNS))
        assert names(target.parent) == ["out"]


def test_of_many_overwriting_runs_all_end_well_and_one_result_stays(tmp_path: Path) -> None:
    target = tmp_path / "out"
    write(target, 99, overwrite=False)
    for said in together(lambda number, turn: write(target, number, overwrite=True), ROUNDS):
        assert said == [""] * RUNS
        assert winner(target) in map(str, range(RUNS))
        assert names(tmp_path) == ["out"]


def test_what_is_there_is_looked_at_under_its_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it an overwriting run may find the name between another's two renames."""
    target, held = tmp_path / "out", list[bool]()
    write(target, 1, overwrite=False)
    check = atomic._check_target

    def watched(*arguments: Any) -> None:
        held.append((tmp_path / ".out.benchmark-n.lock").exists())
        check(*arguments)

    monkeypatch.setattr(atomic, "_check_target", watched)
    write(target, 2, overwrite=True)
    assert held == [True, True]


def _file(path: Path) -> None:
    path.write_text("mine")


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "mine").write_text("mine")


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def _link(path: Path) -> None:
    _folder(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


MINE: dict[str, Callable[[Path], None]] = {
    "file": _file,
    "empty folder": Path.mkdir,
    "folder": _folder,
    "dangling link": _dangling,
    "link": _link,
}


def state(folder: Path) -> dict[str, Any]:
    """Everything in a folder: kind, inode and content of each path."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        content = path.read_bytes() if path.is_file() else None
        link = path.readlink() if path.is_symlink() else None
        found[str(path)] = (path.lstat().st_mode, path.lstat().st_ino, content, link)
    return found


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("call", [True, False], ids=["renameat2", "no renameat2"])
@pytest.mark.parametrize("mine", MINE)
def test_what_appears_meanwhile_stays(
    tmp_path: Path, mine: str, call: bool, overwrite: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not call:
        monkeypatch.setattr(renaming, "_system_call", lambda: None)
    target = tmp_path / "out"
    with (  # noqa: PT012
        pytest.raises(InputError, match="it appeared while this ran") as error,
        staged(target, overwrite=overwrite, marker="file") as stage,
    ):
        (stage / "file").write_text("ours")
        MINE[mine](target)
        before = {k: v for k, v in state(tmp_path).items() if "partial" not in k}
    assert state(tmp_path) == before
    assert "\n" not in str(error.value)


def _no_call(*arguments: Any) -> int:
    import ctypes

    ctypes.set_errno(errno.EINVAL)  # as a file system answers that does not know it
    return -1


@pytest.mark.parametrize("call", ["system's", "unknown"])
@pytest.mark.parametrize("mine", MINE)
def test_a_new_name_never_takes_the_place_of_anything(
    tmp_path: Path, mine: str, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if call == "unknown":
        monkeypatch.setattr(renaming, "_system_call", lambda: _no_call)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    MINE[mine](tmp_path / "target")
    before = state(tmp_path)
    for source in ("folder", "file"):
        with pytest.raises(FileExistsError):
            rename_new(tmp_path / source, tmp_path / "target")
    assert state(tmp_path) == before
    rename_new(tmp_path / "folder", tmp_path / "free")
    assert (tmp_path / "free").is_dir()


def test_a_link_to_a_result_stays_and_its_result_is_replaced(tmp_path: Path) -> None:
    write(tmp_path / "disk" / "real", 1, overwrite=False)
    (tmp_path / "out").symlink_to(tmp_path / "disk" / "real")
    with pytest.raises(InputError, match="exists already"):
        write(tmp_path / "out", 2, overwrite=False)
    write(tmp_path / "out", 3, overwrite=True)
    assert (tmp_path / "out").readlink() == tmp_path / "disk" / "real"
    assert winner(tmp_path / "disk" / "real") == "3"
    assert names(tmp_path / "disk") == ["real"]


def test_an_earlier_result_set_aside_is_not_lost_to_a_run_that_was_there_already(
    tmp_path: Path,
) -> None:
    target = tmp_path / "out"
    with (  # noqa: PT012
        pytest.raises(InputError, match="exists already"),
        staged(target, marker="0") as stage,
    ):
        (stage / "0").write_text("new")
        write(tmp_path / "old", 7, overwrite=False)
        (tmp_path / "old").rename(tmp_path / ".out.replaced-1")  # killed between two renames
    assert winner(target) == "7"


def test_a_file_that_many_processes_write_is_always_one_of_theirs(tmp_path: Path) -> None:
    path = tmp_path / "file"
    size = 1 << 18

    def work(number: int, turn: int) -> None:
        for _ in range(60):
            write_whole(path, bytes([number]) * size)
            data = path.read_bytes()
            if len(data) != size or len(set(data)) != 1:
                raise InputError(f"{len(data)} bytes of {set(data)}")

    for said in together(work, 3):
        assert said == [""] * RUNS
        assert names(tmp_path) == ["file"]


def test_the_part_of_a_killed_writer_is_taken_away_and_that_of_a_living_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*arguments: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if not child:
        monkeypatch.setattr(Path, "replace", die)
        write_whole(tmp_path / "file", b"half")
    os.waitpid(child, 0)
    assert names(tmp_path) == [f".file.partial-{child}"]
    (tmp_path / ".file.partial-notes").write_text("mine")
    child = os.fork()
    if not child:
        monkeypatch.setattr(Path, "replace", lambda *arguments: signal.pause())
        write_whole(tmp_path / "file", b"slow")
    while not (tmp_path / f".file.partial-{child}").exists():
        pass
    while (tmp_path / f".file.partial-{child}").stat().st_size != 4:
        pass
    write_whole(tmp_path / "file", b"whole")
    left = names(tmp_path)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert left == [f".file.partial-{child}", ".file.partial-notes", "file"]
    assert (tmp_path / "file").read_bytes() == b"whole"
