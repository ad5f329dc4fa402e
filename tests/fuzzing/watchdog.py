"""Run a function on many inputs in processes that may hang, crash or run out of memory.

Each input has ten seconds of processor time and two gigabytes of address space beyond what the
process took for its libraries. A process that does not answer is killed and replaced.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from types import FrameType
from typing import Any

LONGEST = 10.0  # s of processor time
MEMORY = 2 << 30  # bytes
# On a busy machine ten seconds of processor time may take longer.
_PATIENCE = 600.0
_TICKS = os.sysconf("SC_CLK_TCK")

Examine = Callable[[Any], tuple[str, str]]


class Hang(BaseException):
    """An input took too long; nothing may catch it but the watchdog."""


@dataclass(frozen=True)
class Outcome:
    """What became of an input: ``accepted``, ``refused`` or ``finding``, with its text."""

    item: Any
    kind: str
    text: str
    seconds: float


@dataclass
class _Worker:
    process: Any
    connection: Connection
    item: Any = None
    since: float = 0.0
    used: float = 0.0


def run_all(
    start: Callable[[], Examine], items: Iterable[Any], processes: int = 1
) -> Iterator[Outcome]:
    """Yield an outcome for each item, in the order in which they are done.

    Parameters
    ----------
    start
        Called once in each process (spawned, so a module's function or a `functools.partial` of
        one); what it returns examines an item. Its memory is not counted.
    """
    context = multiprocessing.get_context("spawn")
    rest = iter(items)
    idle = [_start(context, start) for _ in range(processes)]
    busy: list[_Worker] = []
    try:
        while True:
            while idle and (item := next(rest, _END)) is not _END:
                worker = idle.pop()
                worker.item, worker.since = item, time.monotonic()
                worker.used = _processor_time(worker)
                worker.connection.send(item)
                busy.append(worker)
            if not busy:
                return
            wait([worker.connection for worker in busy], timeout=1.0)
            for worker in list(busy):
                outcome = _answer(worker)
                if outcome is None:
                    continue
                busy.remove(worker)
                alive = worker.process.is_alive() and not outcome.text.startswith(_DEAD)
                idle.append(worker if alive else _restart(worker, context, start))
                yield outcome
    finally:
        for worker in (*idle, *busy):
            worker.process.kill()


_END = object()
_READY = "ready"
_DEAD = ("process died", "hang")


def _start(context: Any, start: Callable[[], Examine]) -> _Worker:
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, start), daemon=True)
    process.start()
    theirs.close()
    worker = _Worker(process, ours)
    if not ours.poll(_PATIENCE) or ours.recv() != _READY:
        raise RuntimeError("the process that examines inputs does not start")
    return worker


def _restart(worker: _Worker, context: Any, start: Callable[[], Examine]) -> _Worker:
    worker.process.kill()
    return _start(context, start)


def _answer(worker: _Worker) -> Outcome | None:
    """The worker's answer; None while it may go on."""
    seconds = time.monotonic() - worker.since
    try:
        if worker.connection.poll():
            kind, text, seconds = worker.connection.recv()
            return Outcome(worker.item, kind, text, seconds)
    except (EOFError, OSError):
        worker.process.join(5)
        text = f"process died: exit code {worker.process.exitcode}"
        return Outcome(worker.item, "finding", text, seconds)
    # What the process cannot be told of, deep in a library, is seen from here.
    if _processor_time(worker) - worker.used > LONGEST + 1:
        return Outcome(worker.item, "finding", f"hang: more than {LONGEST:.0f} s", seconds)
    if seconds > _PATIENCE:
        return Outcome(worker.item, "finding", f"hang: no answer in {_PATIENCE:.0f} s", seconds)
    return None


def _processor_time(worker: _Worker) -> float:
    """Seconds that the worker's process has used; none where it is not there."""
    try:
        with open(f"/proc/{worker.process.pid}/stat", encoding="ascii") as file:
            user, system = file.read().rpartition(")")[2].split()[11:13]
    except OSError:
        return 0.0
    return (int(user) + int(system)) / _TICKS


def _serve(connection: Connection, start: Callable[[], Examine]) -> None:
    """The loop of a process: item in, outcome out."""
    examine = start()
    signal.signal(signal.SIGPROF, _stop)
    connection.send(_READY)
    while True:
        try:
            item = connection.recv()
        except EOFError:
            return
        began = time.process_time()
        limit_memory(MEMORY)  # what earlier inputs left in caches is not this one's
        try:
            signal.setitimer(signal.ITIMER_PROF, LONGEST)
            kind, text = examine(item)
            signal.setitimer(signal.ITIMER_PROF, 0)
        except Hang:
            kind, text = "finding", f"hang: more than {LONGEST:.0f} s"
        connection.send((kind, text, time.process_time() - began))


def _stop(number: int, frame: FrameType | None) -> None:
    raise Hang


def limit_memory(more: int) -> None:
    """Allow this process `more` bytes of address space beyond what it has."""
    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[0])
    limit = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
