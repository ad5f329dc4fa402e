"""Commands as processes of their own, which are killed, interrupted or kept short of something.

A command is a fork of this process, which has imported all that it needs: nothing is waited for
but the command itself, and a kill hits it at work. Every fork leads a process group, so that its
workers end with it.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmark_n.cli import run

_LONGEST = 300.0  # s, after which something hangs
_TIDYING = 5.0  # s


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code (negative: the signal), stderr, and the time in s."""

    code: int
    error: str
    seconds: float

    @property
    def lines(self) -> list[str]:
        """What was said on stderr, without the warnings of libraries that are not ours."""
        lines = (line.strip() for line in self.error.splitlines())
        return [line for line in lines if line.startswith("benchmark-n:") or "Traceback" in line]


def launch(
    arguments: Sequence[str], log: Path, before: Callable[[], None] | None = None
) -> tuple[int, float]:
    """Start a command; `before` is called in its process. Returns the process id and the time."""
    sys.stdout.flush()
    sys.stderr.flush()
    ready, begun = os.pipe()
    child = os.fork()
    if child:
        os.close(begun)
        os.read(ready, 1)
        os.close(ready)
        return child, time.monotonic()
    code = 99
    try:
        os.setsid()
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if before is not None:
            before()
        os.write(begun, b"x")
        code = run([*arguments])
    finally:
        sys.stdout.flush()
        os._exit(code)


def finish(child: int, since: float, log: Path) -> Ended:
    """Wait for a process, and end whatever it left running."""
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            break
        if time.monotonic() - since > _LONGEST:
            os.killpg(child, signal.SIGKILL)
        time.sleep(0.002)
    seconds = time.monotonic() - since
    ended = Ended(os.waitstatus_to_exitcode(status), log.read_text(errors="replace"), seconds)
    _end_group(child)
    return ended


def _end_group(group: int) -> None:
    """Kill the workers that are left; what tracks their semaphores may first tidy up after them."""
    deadline = time.monotonic() + _TIDYING
    while members := _members(group):
        for process in members:
            if "resource_tracker" not in _read(f"/proc/{process}/cmdline"):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        if time.monotonic() > deadline:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
            return
        time.sleep(0.01)


def _members(group: int) -> list[int]:
    """The living processes of a group; the dead have no command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(ProcessLookupError):
            if os.getpgid(int(path.name)) == group and _read(f"{path}/cmdline"):
                found.append(int(path.name))
    return found


def run_command(
    arguments: Sequence[str], log: Path, before: Callable[[], None] | None = None
) -> Ended:
    """Start a command and wait for its end."""
    return finish(*launch(arguments, log, before), log)


def workers_of(parent: int) -> list[int]:
    """The worker processes below a process, started by joblib."""
    found = []
    for child in _children(parent):
        words = _read(f"/proc/{child}/cmdline")
        if "loky" in words and "resource_tracker" not in words:
            found.append(child)
        found += workers_of(child)
    return found


def at_work(process: int) -> bool:
    """Whether a worker has loaded what it works with, and has settled."""
    libraries = _read(f"/proc/{process}/maps")
    before = _read(f"/proc/{process}/statm").split()[:1]
    time.sleep(0.05)
    settled = _read(f"/proc/{process}/statm").split()[:1] == before
    return settled and "pycocotools" in libraries and "cv2" in libraries


def _children(parent: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{parent}/task").glob("*"):
        found += [int(child) for child in _read(f"{task}/children").split()]
    return found


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def small_disk(size: int) -> Callable[[], None]:
    """No file of the process may grow beyond `size` bytes, as on a disk with a quota."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def no_more_memory(process: int) -> None:
    """Another process keeps the address space that it has; what it asks for from now on fails."""
    with suppress(ProcessLookupError, IndexError):
        pages = int(_read(f"/proc/{process}/statm").split()[0])
        size = pages * resource.getpagesize()
        resource.prlimit(process, resource.RLIMIT_AS, (size, size))


def wrong_clock(shift: float) -> Callable[[], None]:
    """The process's clock is `shift` s ahead."""

    def change() -> None:
        right = time.time
        time.time = lambda: right() + shift

    return change
