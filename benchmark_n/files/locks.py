"""Locks on files and directories, which end with their process however that ends.

They are filelock's native locks on descriptors (`flock` on Linux): each opening of a file has its
own, so threads of one process exclude one another as processes do, and no lock file has to stay
where users would see it. On a file system without locks nothing is locked.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import lock_descriptor

Opener = Callable[[Path], int]
_IN_USE = ".in-use-"
_POLL = 0.005  # s between two looks at whether a lock is free


@contextmanager
def name_lock(target: Path) -> Iterator[bool]:
    """Hold the name of a file or directory, which need not exist; its folder must.

    The lock is a hidden file beside it that goes when the lock does. Yields whether the name is
    held: not so on a file system without locks.

    Raises
    ------
    OSError
        The folder cannot be written to.
    """
    path = target.with_name(f".{target.name}.benchmark-n.lock")
    handle = open_locked(path, _open_or_create)
    try:
        yield try_exclusive(handle)
    finally:
        with suppress(OSError):
            path.unlink()  # before it is free: who waits for it sees that it is another file
        os.close(handle)


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold a file that is there and stays, such as one that all who change its folder know.

    Raises
    ------
    OSError
        It cannot be read.
    """
    with path.open("rb") as file:
        _wait(file.fileno())
        yield


@contextmanager
def shared_folder(path: Path) -> Iterator[Callable[[], None]]:
    """Hold a folder, made if there is none, that other processes may hold too.

    Each of them has a hidden file in it that it holds the lock on. Yields a function that removes
    the folder, if nobody else holds it.

    Raises
    ------
    OSError
        It cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with name_lock(path):
        path.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=_IN_USE, dir=path)
        _wait(handle)

    def remove() -> None:
        with name_lock(path) as held:
            others = (other for other in path.glob(f"{_IN_USE}*") if str(other) != name)
            if held and not any(map(_in_use, others)):
                shutil.rmtree(path, ignore_errors=True)

    try:
        yield remove
    finally:
        with suppress(OSError):
            os.unlink(name)
        os.close(handle)


def open_locked(path: Path, opener: Opener) -> int:
    """Descriptor of what `opener` opens at `path`, locked once it is still what lies there.

    Waits for whoever holds it.
    """
    while True:
        handle = opener(path)
        _wait(handle)
        if _lies_at(handle, path):
            return handle
        os.close(handle)  # taken away before it was locked


def try_exclusive(handle: int) -> bool:
    """Whether no other process holds what is open under `handle`; if so, none can from now on."""
    try:
        return lock_descriptor(handle, blocking=False)
    except OSError:  # a file system without locks
        return False


@contextmanager
def taken(path: Path) -> Iterator[bool]:
    """Hold a file or directory if nobody does: its process is gone. Yields whether it is held."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:  # gone by now, or not to be looked at
        yield False
        return
    try:
        yield try_exclusive(handle) and _lies_at(handle, path)
    finally:
        os.close(handle)


def _wait(handle: int) -> None:
    with suppress(OSError):  # a file system without locks
        lock_descriptor(handle, poll_interval=_POLL)


def _open_or_create(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)


def _in_use(path: Path) -> bool:
    with taken(path) as free:
        return not free and path.exists()


def _lies_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False
