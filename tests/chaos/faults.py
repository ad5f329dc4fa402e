"""Faults done to commands, and what has to hold after each of them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.chaos.commands import Command, Digests
from tests.chaos.processes import (
    Ended,
    at_work,
    finish,
    launch,
    no_more_memory,
    run_command,
    workers_of,
)

_TRIES = 400


@dataclass
class Trial:
    """A fault and what was wrong after it; nothing is the good case.

    Parameters
    ----------
    command, fault
        Names.
    hit
        Whether the fault came while the command was at work.
    code
        Exit code of the command (negative: the signal).
    state
        Of the output after the fault: ``nothing``, ``unfinished`` or ``complete``.
    """

    command: str
    fault: str
    hit: bool = True
    code: int = 0
    state: str = "nothing"
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Reference:
    """What a command writes when nobody disturbs it, and how long that takes in s."""

    command: Command
    digests: Digests
    seconds: float


def undisturbed(command: Command, folder: Path) -> Reference:
    """Run the command in a folder of its own."""
    place = fresh(command, folder)
    ended = run_command(command.arguments(place), place / "log")
    if ended.code or not command.looks_finished(place):
        raise RuntimeError(f"{command.name}: {ended.error}")
    return Reference(command, command.digests(place), ended.seconds)


def fresh(command: Command, folder: Path) -> Path:
    """An empty folder with what the command works on, and an empty cache."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command.prepare(folder)
    return folder


def killed(reference: Reference, folder: Path, rng: Random, whom: str) -> Trial:
    """SIGKILL to the ``parent`` or to a ``worker`` at a random moment; then the command again."""
    command = reference.command
    place = fresh(command, folder)
    child, since = launch(command.arguments(place), place / "log")
    time.sleep(rng.uniform(0, reference.seconds))
    victim: int | None = child
    if whom == "worker":
        victim = _some_worker(child, rng)
    if victim is not None:
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
    ended = finish(child, since, place / "log")
    trial = Trial(command.name, f"kill -9 of the {whom}", code=ended.code)
    trial.hit = victim is not None and ended.code != 0
    if whom == "worker" and trial.hit:
        trial.faults += one_line(ended, 1)
    check(trial, reference, place)
    return trial


def starved(reference: Reference, folder: Path, rng: Random) -> Trial:
    """From a random moment on a worker gets no more memory: one line and exit code 1.

    Not before it is at work: an interpreter that cannot start says so in its own way. What the
    libraries in the worker say then, in its last moments, is not counted.
    """
    command = reference.command
    place = fresh(command, folder)
    child, since = launch(command.arguments(place), place / "log")
    time.sleep(rng.uniform(0, reference.seconds))
    victim = _some_worker(child, rng, at_work)
    if victim is not None:
        no_more_memory(victim)
    ended = finish(child, since, place / "log")
    trial = Trial(command.name, "worker out of memory", hit=ended.code != 0, code=ended.code)
    # Its own line may stand behind what a dying worker was saying.
    said = re.findall(r"benchmark-n: error: .*", ended.error)
    if trial.hit and (ended.code != 1 or len(said) != 1 or "internal error" in said[0]):
        told = " / ".join(said) or ended.error[-600:]
        trial.faults.append(f"exit code {ended.code}, expected 1 and one line: {told:.600}")
    check(trial, reference, place)
    return trial


def _some_worker(
    parent: int, rng: Random, choose: Callable[[int], bool] = lambda process: True
) -> int | None:
    """A worker process, waited for; None where the command ends without one."""
    for _ in range(_TRIES):
        found = [process for process in workers_of(parent) if choose(process)]
        if found:
            return rng.choice(found)
        if not Path(f"/proc/{parent}/task/{parent}/children").exists():
            return None
        if os.waitid(os.P_PID, parent, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return None
        time.sleep(0.005)
    return None


def interrupted(reference: Reference, folder: Path, rng: Random) -> Trial:
    """Ctrl-C: SIGINT to the command and its workers, as a terminal sends it."""
    command = reference.command
    place = fresh(command, folder)
    child, since = launch(command.arguments(place), place / "log")
    time.sleep(max(0.01, rng.uniform(0, reference.seconds)))
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGINT)
    ended = finish(child, since, place / "log")
    trial = Trial(command.name, "Ctrl-C", hit=ended.code != 0, code=ended.code)
    if trial.hit:
        trial.faults += one_line(ended, 130)
    check(trial, reference, place)
    return trial


def short_of_disk(reference: Reference, folder: Path, before: object, name: str) -> Trial:
    """A disk that is full or may not be written to: one line and exit code 1; then with room."""
    command = reference.command
    place = fresh(command, folder)
    ended = run_command(command.arguments(place), place.parent / "log", before)  # type: ignore[arg-type]
    trial = Trial(command.name, name, hit=ended.code != 0, code=ended.code)
    if trial.hit:
        trial.faults += one_line(ended, 1)
    check(trial, reference, place)
    return trial


def one_line(ended: Ended, code: int) -> Iterator[str]:
    """The command ended with this code and said why in one line."""
    if ended.code != code:
        yield f"exit code {ended.code}, expected {code}: {ended.error[-300:]}"
    if len(ended.lines) != 1:
        yield f"{len(ended.lines)} lines, expected one: {' / '.join(ended.lines)[:900]}"
    if "Traceback" in ended.error or "internal error" in ended.error:
        yield f"a traceback: {ended.error[-600:]}"


def check(trial: Trial, reference: Reference, place: Path) -> None:
    """No result that only looks like one; the next run ends well, the same, and tidies up."""
    command = reference.command
    found = command.digests(place)
    if command.looks_finished(place):
        trial.state = "complete"
        if not _same(found, reference.digests):
            trial.faults.append(f"looks finished and is not: {_difference(found, reference)}")
    elif found:
        trial.state = "unfinished"
    if trial.state != "complete" or command.again:
        again = command.again if (place / command.output / "run.json").exists() else ()
        ended = run_command([*command.arguments(place), *again], place / "log")
        if ended.code:
            trial.faults.append(f"the next run fails: {ended.error[-300:]}")
        elif not _same(command.digests(place), reference.digests):
            trial.faults.append(
                f"the next run differs: {_difference(command.digests(place), reference)}"
            )
    elif trial.state == "complete":
        return
    hidden = ("partial", "replaced", ".lock")
    left = [p.name for p in place.rglob(".*") if any(word in p.name for word in hidden)]
    if left:
        trial.faults.append(f"left behind: {', '.join(left)}")


def _same(found: Digests, expected: Digests) -> bool:
    return dict(found) == dict(expected)


def _difference(found: Digests, reference: Reference) -> str:
    names = sorted(found.keys() | reference.digests.keys())
    return ", ".join(n for n in names if found.get(n) != reference.digests.get(n))
