"""Locks on files and directories, which end with their process however that ends.

They are advisory `flock` locks: each opening of a file has its own, so threads of one process
exclude one another as processes do. On a file system without locks nothing is locked.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from pathlib import Path

Opener = Callable[[Path], int]


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
def shared_folder(path: Path) -> Iterator[Callable[[], None]]:
    """Hold a folder, made if there is none, that other processes may hold too.

    Yields a function that removes it, if nobody else holds it.

    Raises
    ------
    OSError
        It cannot be made.
    """
    handle = open_locked(path, _open_folder, shared=True)

    def remove() -> None:
        if try_exclusive(handle):
            shutil.rmtree(path, ignore_errors=True)

    try:
        yield remove
    finally:
        os.close(handle)


def open_locked(path: Path, opener: Opener, *, shared: bool = False) -> int:
    """Descriptor of what `opener` opens at `path`, locked once it is still what lies there.

    Waits for whoever holds it.
    """
    while True:
        handle = opener(path)
        with suppress(OSError):  # a file system without locks
            flock(handle, LOCK_SH if shared else LOCK_EX)
        if _lies_at(handle, path):
            return handle
        os.close(handle)  # taken away before it was locked


def try_exclusive(handle: int) -> bool:
    """Whether no other process holds what is open under `handle`; if so, none can from now on."""
    try:
        flock(handle, LOCK_EX | LOCK_NB)
    except OSError:
        return False
    return True


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


def _open_or_create(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)


def _open_folder(path: Path) -> int:
    while True:
        path.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # removed since
            return os.open(path, os.O_RDONLY)


def _lies_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False
