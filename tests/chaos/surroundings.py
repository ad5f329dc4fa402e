"""Faults of what surrounds a command: small, full and read-only disks, a wrong clock."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.faults import Reference, Trial, check, fresh, one_line
from tests.chaos.processes import run_command, wrong_clock

_YEAR = 365 * 86_400.0


def on_disk(reference: Reference, disk: Path, name: str, mode: str = "") -> Trial:
    """The command on another disk, which is mended before the command runs again."""
    command = reference.command
    place = fresh(command, disk / "place")
    filler = disk / "filler"
    if mode:
        _mount(disk, f"remount,{mode}")
    else:
        _fill(filler)
    ended = run_command(command.arguments(place), disk.parent / "log")
    _mount(disk, "remount,rw,size=200m")
    filler.unlink(missing_ok=True)
    trial = Trial(command.name, name, hit=ended.code != 0, code=ended.code)
    if trial.hit:
        trial.faults += one_line(ended, 1)
    check(trial, reference, place)
    return trial


def _fill(path: Path) -> None:
    """Take all but a few kilobytes of the disk."""
    stat = os.statvfs(path.parent)
    with path.open("wb") as file:
        file.write(bytes(max(0, stat.f_bavail * stat.f_frsize - 24_000)))


def _mount(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-o", options, str(disk)], check=True)


@contextmanager
def tmpfs(folder: Path, options: str) -> Iterator[Path | None]:
    """A small disk in memory; None where one may not mount."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # workers may still end


def clock(reference: Reference, place: Path) -> Trial:
    """Three years ahead: the same bytes."""
    command = reference.command
    fresh(command, place)
    ended = run_command(command.arguments(place), place / "log", wrong_clock(3 * _YEAR))
    trial = Trial(command.name, "clock three years ahead", code=ended.code, state="complete")
    if command.digests(place) != reference.digests:
        trial.faults.append("the output depends on the clock")
    return trial
