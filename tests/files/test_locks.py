"""Locks end with their processes, and nothing of them is left lying."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from benchmark_n.files import locks
from benchmark_n.files.locks import file_lock, name_lock, shared_folder
from tests.files.test_atomic import names
from tests.files.test_collisions import together


@contextmanager
def another_process(work: Callable[[Callable[[], None]], None]) -> Iterator[None]:
    """A process that does `work` up to the call that it is given, and is killed in the end."""
    ready, begun = os.pipe()
    child = os.fork()
    if not child:

        def here() -> None:
            os.write(begun, b"x")
            signal.pause()

        try:
            work(here)
        finally:
            os._exit(1)
    os.read(ready, 1)
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def counted(path: Path, times: int) -> None:
    """Add to a number in a file, as only one may at a time."""
    for _ in range(times):
        path.write_text(str(int(path.read_text()) + 1))


def test_holders_of_a_name_come_one_after_the_other(tmp_path: Path) -> None:
    number = tmp_path / "number"
    number.write_text("0")

    def work(own: int, turn: int) -> None:
        for _ in range(30):
            with name_lock(tmp_path / "target") as held:
                assert held
                counted(number, 1)

    assert list(together(work, 1)) == [[""] * 6]
    assert number.read_text() == "180"
    assert names(tmp_path) == ["number"]


def test_holders_of_a_file_come_one_after_the_other(tmp_path: Path) -> None:
    (tmp_path / "review.json").write_text("{}")
    number = tmp_path / "number"
    number.write_text("0")

    def work(own: int, turn: int) -> None:
        for _ in range(30):
            with file_lock(tmp_path / "review.json"):
                counted(number, 1)

    assert list(together(work, 1)) == [[""] * 6]
    assert number.read_text() == "180"
    assert names(tmp_path) == ["number", "review.json"]


@pytest.mark.parametrize("lock", [name_lock, file_lock])
def test_the_lock_of_a_killed_process_is_free(
    lock: Callable[[Path], AbstractContextManager[object]], tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_text("x")

    def work(here: Callable[[], None]) -> None:
        with lock(path):
            here()

    with another_process(work):
        pass
    with lock(path):
        pass
    assert names(tmp_path) == ["file"]


def test_a_folder_is_removed_by_the_last_who_holds_it(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "shards"

    def work(here: Callable[[], None]) -> None:
        with shared_folder(folder):
            here()

    with shared_folder(folder) as remove:
        (folder / "shard").write_text("x")
        with another_process(work):
            remove()
            assert (folder / "shard").read_text() == "x"
            with shared_folder(folder) as other:  # the same process may hold it twice
                other()
            assert (folder / "shard").is_file()
        assert len([name for name in names(folder) if name.startswith(".in-use-")]) == 2
        remove()  # what the killed process left in it does not count
        assert names(tmp_path / "cache") == []


def test_a_folder_that_nobody_removed_keeps_no_mark(tmp_path: Path) -> None:
    with shared_folder(tmp_path / "shards"):
        (tmp_path / "shards" / "shard").write_text("x")
    assert names(tmp_path) == ["shards"]
    assert names(tmp_path / "shards") == ["shard"]


def test_without_locks_nothing_of_others_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*arguments: object, **options: object) -> bool:
        raise OSError("no locks here")

    monkeypatch.setattr(locks, "lock_descriptor", unknown)
    with name_lock(tmp_path / "target") as held:
        assert not held
    with shared_folder(tmp_path / "shards") as remove:
        (tmp_path / "shards" / "shard").write_text("x")
        remove()
    assert names(tmp_path) == ["shards"]
    assert names(tmp_path / "shards") == ["shard"]
