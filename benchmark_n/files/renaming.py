"""Give a file or directory a name that nothing has yet."""

from __future__ import annotations

import ctypes
import errno
import os
from functools import cache
from pathlib import Path
from typing import Any

_HERE = -100  # AT_FDCWD: paths are as they are for any other call
_NOREPLACE = 1  # RENAME_NOREPLACE
# What a kernel or a file system says that does not know the call.
_UNKNOWN = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def rename_new(source: Path, target: Path) -> None:
    """Rename `source` to `target`, in one step, if there is nothing at all under that name.

    `os.rename` would put a directory in the place of an empty one, and a file in that of another.

    Raises
    ------
    FileExistsError
        There is something: a file, a directory or a link, be it empty or broken.
    OSError
        It cannot be renamed.
    """
    call = _system_call()
    if call is not None:
        if call(_HERE, os.fsencode(source), _HERE, os.fsencode(target), _NOREPLACE) == 0:
            return
        number = ctypes.get_errno()
        if number not in _UNKNOWN:
            raise OSError(number, os.strerror(number), str(target))
    _look_then_rename(source, target)


def _look_then_rename(source: Path, target: Path) -> None:
    """In two steps, where the system has no single one: what appears between them is not seen."""
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    source.rename(target)


@cache
def _system_call() -> Any:
    """``renameat2`` of the C library, or None where it has none."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is not None:
        call.argtypes = (
            *(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p),
            ctypes.c_uint,
        )
    return call
