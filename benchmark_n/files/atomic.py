"""Write a directory, or a file, so that it either appears whole or not at all.

What is being written lies beside the target under a hidden name, which its process holds a lock
on. The lock ends with the process, however that ends; so the next run for the same target can tell
what a killed one left behind from what another process is writing, and takes it away. The target's
own name is locked while a result takes it: of two runs one is first, and the other sees its result.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmark_n.errors import InputError
from benchmark_n.files.locks import name_lock, open_locked, taken
from benchmark_n.files.renaming import rename_new

_log = logging.getLogger(__name__)
# A directory to the files in it, by their paths there, that no earlier result has.
Strangers = Callable[[Path], Collection[str]]


def files_beside(*names: str) -> Strangers:
    """What finds all files of a directory but those of these names."""

    def strangers(folder: Path) -> list[str]:
        return [name for name in files_below(folder) if name not in names]

    return strangers


def files_below(folder: Path) -> list[str]:
    """All files and links below a directory, by their paths in it."""
    paths = sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return [path.relative_to(folder).as_posix() for path in paths]


@dataclass(frozen=True)
class _Earlier:
    """What an earlier result is known by."""

    marker: str | None
    strangers: Strangers

    def fault(self, path: Path) -> str | None:
        """Why `path` is no earlier result; None where it is one."""
        if self.marker is None or path.is_symlink() or not (path / self.marker).is_file():
            return f"holds no {self.marker}"
        other = next(iter(self.strangers(path)), None)
        return None if other is None else f"holds {other}, which no earlier result wrote"


@contextmanager
def staged(
    target: Path,
    *,
    marker: str | None = None,
    strangers: Strangers = lambda _: (),
    overwrite: bool = False,
) -> Iterator[Path]:
    """Yield a new directory beside `target` that takes its name when the block ends well.

    Where `target` is a link, the directory that it leads to is meant, and the link stays.

    Parameters
    ----------
    marker, strangers, overwrite
        Replace an existing `target`, which must hold a file named `marker` and none of
        `strangers`: nothing else of the user's is ever removed, be it there at first or appear
        while the block runs. Without a marker nothing is replaced.

    Raises
    ------
    InputError
        The target exists or appears meanwhile, is something else, or cannot be written.
    """
    target = Path(os.path.realpath(target))
    earlier = _Earlier(marker, strangers)
    _look(target, overwrite, earlier)
    new_parent = not target.parent.exists()
    try:
        stage, lock = _open_stage(target)
    except OSError as error:
        raise InputError(f"{target.parent}: cannot write there: {error.strerror}") from None
    try:
        yield stage
        with name_lock(target) as held:
            _recover(target, earlier, held)
            _check_target(target, overwrite, earlier, " (it appeared while this ran)")
            _publish(stage, target, earlier)
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
    part = _own_name(path, "partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path)
        with os.fdopen(open_locked(part, _create_file), "wb") as file:
            file.write(data)
            file.flush()
            part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None


def _own_name(target: Path, what: str) -> Path:
    """A hidden name beside `target` that no other process or thread of this machine uses."""
    return target.with_name(f".{target.name}.{what}-{threading.get_native_id()}")


def _create_file(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)


def _create_folder(path: Path) -> int:
    while True:
        path.mkdir(parents=True)
        with suppress(FileNotFoundError):  # another run took it for one that is left over
            return os.open(path, os.O_RDONLY)


def _open_stage(target: Path) -> tuple[Path, int]:
    """The directory, and the descriptor whose lock says that its process is alive."""
    stage = _own_name(target, "partial")
    return stage, open_locked(stage, _create_folder)


def _look(target: Path, overwrite: bool, earlier: _Earlier) -> None:
    """Put right what was left behind and refuse what may not be replaced, between others' turns."""
    try:
        with name_lock(target) as held:
            _recover(target, earlier, held)
            _check_target(target, overwrite, earlier)
    except OSError:  # no such folder, or one not to write in
        _check_target(target, overwrite, earlier)


def _check_target(target: Path, overwrite: bool, earlier: _Earlier, when: str = "") -> None:
    if not os.path.lexists(target):
        return
    if not overwrite:
        raise InputError(
            f"{target.name}: the output exists already{when}: choose another or `overwrite=True`"
        )
    if (fault := earlier.fault(target)) is not None:
        raise InputError(f"{target.name}: exists and {fault}: not overwritten{when}")


def _publish(stage: Path, target: Path, earlier: _Earlier) -> None:
    """Give the stage the target's name, which is locked, in place of an earlier result alone."""
    old = _own_name(target, "replaced")
    if os.path.lexists(target):
        target.rename(old)
        if earlier.fault(old) is not None:  # put there since it was looked at
            rename_new(old, target)
            _check_target(target, True, earlier)
    rename_new(stage, target)
    if os.path.lexists(old):
        _discard(old, stage)


def _discard(old: Path, trash: Path) -> None:
    """Remove an earlier result, under a name that no later run takes for one to put back."""
    with suppress(OSError):
        old.rename(trash)
    shutil.rmtree(trash, ignore_errors=True)


def _recover(target: Path, earlier: _Earlier, held: bool) -> None:
    """Put right what processes left behind that were killed while they wrote `target`."""
    _remove_abandoned(target)
    for old in _beside(target, "replaced") if held else ():
        if not os.path.lexists(target):  # killed before the new result took its place
            rename_new(old, target)
        elif earlier.fault(target) is None:
            _discard(old, _own_name(target, "partial"))


def _remove_abandoned(target: Path) -> None:
    """Take away the parts of directories and files whose processes are gone."""
    for part in _beside(target, "partial"):
        with taken(part) as free:
            if not free:
                continue
            if part.is_dir():
                shutil.rmtree(part, ignore_errors=True)
            else:
                part.unlink(missing_ok=True)
        _log.info("%s: removed: a run that was killed left it behind", part)


def _beside(target: Path, what: str) -> list[Path]:
    """What lies beside `target` under its hidden names."""
    name = "".join(f"[{sign}]" if sign in "*?[" else sign for sign in target.name)
    found = target.parent.glob(f".{name}.{what}-*")
    return [path for path in found if path.name.rpartition("-")[2].isdigit()]
