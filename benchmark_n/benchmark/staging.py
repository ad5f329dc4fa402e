"""Write a directory, or a file, so that it either appears whole or not at all.

What is being written lies in a hidden directory beside the target, which its process holds a lock
on. The lock ends with the process, however that ends; so the next run for the same target can tell
what a killed one left behind from what another process is writing, and takes it away.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from benchmark_n.benchmark.layout import RECIPE
from benchmark_n.errors import InputError

_log = logging.getLogger(__name__)


@contextmanager
def staged(target: Path, *, overwrite: bool = False, marker: str = RECIPE) -> Iterator[Path]:
    """Yield a new directory beside `target` that takes its name when the block ends well.

    Parameters
    ----------
    overwrite
        Replace an existing `target`, which must hold a file named `marker`: nothing else of the
        user's is ever removed.

    Raises
    ------
    InputError
        The target exists, is something else, or cannot be written.
    """
    target = Path(os.path.abspath(target))
    _recover(target)
    _check_target(target, overwrite, marker)
    new_parent = not target.parent.exists()
    try:
        stage, lock = _open_stage(target)
    except OSError as error:
        raise InputError(f"{target.parent}: cannot write there: {error.strerror}") from None
    try:
        yield stage
        _replace(stage, target)
    except OSError as error:
        raise InputError(f"{target}: writing failed: {error.strerror or error}") from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        os.close(lock)
        if new_parent and not target.exists():
            with suppress(OSError):  # somebody else may have put something there meanwhile
                target.parent.rmdir()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, and the folder it lies in, so that it has all of `data` or is not there.

    Raises
    ------
    InputError
        It cannot be written.
    """
    part = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None


def _check_target(target: Path, overwrite: bool, marker: str) -> None:
    if not target.exists():
        return
    if not overwrite:
        raise InputError(f"{target.name}: the output exists already: choose another or --overwrite")
    if not (target / marker).is_file():
        raise InputError(f"{target.name}: exists and holds no {marker}: not overwritten")


def _open_stage(target: Path) -> tuple[Path, int]:
    """The directory, and the descriptor whose lock says that its process is alive."""
    stage = target.with_name(f".{target.name}.partial-{os.getpid()}")
    while True:
        stage.mkdir(parents=True)
        lock = os.open(stage, os.O_RDONLY)
        with suppress(OSError):  # a file system without locks: nobody takes it away then
            flock(lock, LOCK_EX)
        if stage.is_dir():
            return stage, lock
        os.close(lock)  # taken away before it was locked


def _replace(stage: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}.replaced-{os.getpid()}")
    if target.exists():
        target.rename(old)
    stage.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _recover(target: Path) -> None:
    """Put right what processes left behind that were killed while they wrote `target`."""
    name = "".join(f"[{sign}]" if sign in "*?[" else sign for sign in target.name)
    with suppress(OSError):  # another run may be doing the same
        stages = list(target.parent.glob(f".{name}.partial-*"))
        gone = [stage for stage in stages if _is_abandoned(stage)]
        for stage in gone:
            shutil.rmtree(stage, ignore_errors=True)
            _log.info("%s: removed: a run that was killed left it behind", stage)
        if len(gone) < len(stages):
            return
        for old in target.parent.glob(f".{name}.replaced-*"):
            if target.exists():
                shutil.rmtree(old, ignore_errors=True)
            else:  # killed after it was set aside, before the new one took its place
                old.rename(target)


def _is_abandoned(stage: Path) -> bool:
    """Whether the process that wrote there is gone: its lock is free."""
    handle = os.open(stage, os.O_RDONLY)
    try:
        flock(handle, LOCK_EX | LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
