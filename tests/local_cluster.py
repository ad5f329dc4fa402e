"""A dask scheduler and workers as processes of their own, each in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from distributed import Client

ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 60.0


@contextmanager
def dask_cluster(folder: Path, workers: int = 2) -> Iterator[str]:
    """The address of a scheduler whose `workers` have different working directories.

    Raises
    ------
    TimeoutError
        The scheduler has not come up within a minute.
    """
    contact = folder / "scheduler.json"
    with ExitStack() as stack:
        scheduler = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        stack.enter_context(
            _running(folder / "scheduler", "scheduler", *scheduler, "--scheduler-file", contact)
        )
        address = _address(contact)
        for number in range(workers):
            options = ["--nthreads", "1", "--no-dashboard", "--no-nanny"]
            stack.enter_context(_running(folder / f"worker-{number}", "worker", address, *options))
        if workers:
            with Client(address, timeout=_PATIENCE) as client:
                client.wait_for_workers(workers, timeout=_PATIENCE)
        yield address


def _address(contact: Path) -> str:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            return str(json.loads(contact.read_text())["address"])
        except (OSError, ValueError):  # not there, or half-written
            time.sleep(0.1)
    raise TimeoutError(f"no dask scheduler within {_PATIENCE:.0f} s")


@contextmanager
def _running(folder: Path, role: str, *arguments: str | Path) -> Iterator[None]:
    folder.mkdir()
    own = {"PYTHONPATH": str(ROOT), "DASK_TEMPORARY_DIRECTORY": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", role, *map(str, arguments)],
            cwd=folder,
            stdout=log,
            stderr=log,
            env={**os.environ, **own},
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait()
