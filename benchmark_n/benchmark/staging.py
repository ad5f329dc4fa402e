"""Write a directory so that it either appears whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark_n.benchmark.layout import RECIPE
from benchmark_n.errors import InputError


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
    _check_target(target, overwrite, marker)
    stage = target.with_name(f".{target.name}.partial-{os.getpid()}")
    new_parent = not target.parent.exists()
    try:
        stage.mkdir(parents=True)
    except OSError as error:
        raise InputError(f"{target.parent}: cannot write there: {error.strerror}") from None
    try:
        yield stage
        _replace(stage, target)
    except OSError as error:
        raise InputError(f"{target}: writing failed: {error.strerror or error}") from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        if new_parent and not target.exists():
            with suppress(OSError):  # somebody else may have put something there meanwhile
                target.parent.rmdir()


def _check_target(target: Path, overwrite: bool, marker: str) -> None:
    if not target.exists():
        return
    if not overwrite:
        raise InputError(f"{target.name}: the output exists already: choose another or --overwrite")
    if not (target / marker).is_file():
        raise InputError(f"{target.name}: exists and holds no {marker}: not overwritten")


def _replace(stage: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}.replaced-{os.getpid()}")
    if target.exists():
        target.rename(old)
    stage.rename(target)
    shutil.rmtree(old, ignore_errors=True)
