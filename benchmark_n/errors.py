"""The errors that reach a user, each a single line.

Everything below the command line raises one of these; the command line prints the message and
turns the class into an exit code (1 for bad input, 2 for bad usage).
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from pathlib import Path

_MOST_NAMES = 12
_DISPLAY_LIBRARIES = ("libGL", "libgthread", "libglib")


class BenchmarkNError(Exception):
    """Base of all errors that are the user's to mend; the message is one line."""

    exit_code = 1


class InputError(BenchmarkNError):
    """A file, a record or a value is not what it has to be."""


class UsageError(BenchmarkNError):
    """The request contradicts itself or names something that does not exist."""

    exit_code = 2


def annotation_fault(path: Path | str, annotation_id: object, fault: str) -> InputError:
    """An `InputError` that names the file, the annotation id and the fault."""
    return InputError(f"{Path(path).name}: annotation {annotation_id}: {fault}")


def told_inside(fault: str, folder: Path) -> str:
    """A fault with the paths inside an absolute `folder` as seen from there: fit to be published.

    >>> told_inside("/home/anna/scans/a/1.png: cannot be read", Path("/home/anna/scans"))
    'a/1.png: cannot be read'
    """
    if not folder.is_absolute() or folder == folder.parent:
        return fault
    return fault.replace(f"{folder}{os.sep}", "").replace(str(folder), ".")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A clause that offers the nearest known name, or lists what there is.

    >>> did_you_mean("hrad", ["easy", "mid", "hard"])
    "did you mean 'hard'? (known: easy, mid, hard)"
    """
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean '{close[0]}'? " if close else ""
    shown = [*names[:_MOST_NAMES], "…"] if len(names) > _MOST_NAMES else names
    return f"{hint}(known: {', '.join(shown)})"


def import_fault(error: ImportError) -> str:
    """One line that says what to install after a failed import."""
    text = str(error)
    if any(library in text for library in _DISPLAY_LIBRARIES):
        return (
            f"OpenCV cannot start ({text}): install the system packages libgl1 and libglib2.0-0, "
            "or replace opencv-python by opencv-python-headless"
        )
    return f"a package is missing or broken ({text}): run pip install -U benchmark-n"
