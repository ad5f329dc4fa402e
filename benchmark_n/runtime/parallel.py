"""Ordered parallel work, through joblib and nothing else."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, TypeVar

from benchmark_n.errors import InputError, UsageError
from benchmark_n.runtime.options import check_known

Item = TypeVar("Item")
Result = TypeVar("Result")

BACKENDS = ("loky", "dask")
_ITEMS_IN_FLIGHT = 2
_WORKERS_PATIENCE = 60  # seconds until the first dask worker has to be there


def available_cores() -> int:
    """Cores that this process may use: by its affinity, and by the quota of its container."""
    from joblib import cpu_count

    cores: int = cpu_count()
    return cores


def ordered_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int | None = None,
    backend: str = "loky",
    scheduler: str | None = None,
) -> Iterator[Result]:
    """Yield ``function(item)`` for each item, in order, computed by several processes.

    At most a few items a worker are in flight, so memory does not grow with the input.

    Parameters
    ----------
    workers
        Processes; by default `available_cores()`. One means this process.
    backend, scheduler
        ``"loky"`` for this machine; ``"dask"`` for a cluster whose scheduler listens at
        `scheduler`, or for a local one where no address is given (extra ``cluster``).
    """
    count = available_cores() if workers is None else workers
    if count < 1:
        raise UsageError(f"workers must be 1 or more, but got {count}")
    check_known("backend", backend, BACKENDS)
    if scheduler is not None and backend != "dask":
        raise UsageError("a scheduler address needs the dask backend")
    if backend == "loky" and count == 1:
        return map(function, items)
    return _pool_map(function, items, count, backend, scheduler)


def _single_threaded(function: Callable[[Item], Result], folder: Path | None, item: Item) -> Result:
    """One thread a worker: OpenCV would otherwise start one a core in every process.

    The worker goes to `folder` first: it may be one that was started when this process was in
    another one, where relative paths mean other files.
    """
    import cv2

    cv2.setNumThreads(1)
    if folder is not None:
        os.chdir(folder)
    return function(item)


def _pool_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    count: int,
    backend: str,
    scheduler: str | None,
) -> Iterator[Result]:
    from joblib import Parallel, delayed, parallel_config
    from joblib.externals.loky.process_executor import BrokenProcessPool, TerminatedWorkerError

    # Workers of a cluster may be on machines without such a folder.
    folder = Path.cwd() if backend == "loky" else None
    calls = (delayed(_single_threaded)(function, folder, item) for item in items)
    loky = {"inner_max_num_threads": 1, "n_jobs": count}
    dask = {"wait_for_workers_timeout": _WORKERS_PATIENCE, "n_jobs": -1}
    client = _dask_client(count, scheduler) if backend == "dask" else nullcontext()
    with client, parallel_config(backend, **(loky if backend == "loky" else dask)):
        pool = Parallel(return_as="generator", pre_dispatch=_ITEMS_IN_FLIGHT * count, batch_size=1)
        try:
            with _uninterrupted():
                results = pool(calls)
            try:
                for result in results:  # noqa: UP028 -- it would close them before `_close`
                    yield result
            finally:
                _close(results)
        except TimeoutError:
            raise InputError(
                f"no dask worker at {scheduler or 'the local cluster'} within "
                f"{_WORKERS_PATIENCE} s: start some for this scheduler"
            ) from None
        except TerminatedWorkerError:
            raise InputError(
                "a worker process was killed (often for want of memory): "
                "try again with fewer workers"
            ) from None
        except BrokenProcessPool as error:
            reason = str(error.__cause__ or error).strip(' \n"').splitlines()[-1]
            raise InputError(
                f"a worker process could not take up its work ({reason:.160}; often for want of "
                "memory: try again with fewer workers)"
            ) from None


def _close(results: Iterator[Result]) -> None:
    """End what is still at work, of which joblib would warn: nobody wants it any more."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        results.close()  # type: ignore[attr-defined]


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Processes that are started meanwhile never see Ctrl-C: this one ends them, in silence.

    A terminal sends it to all of them, and each would print a traceback of its own. They inherit
    what is blocked here; an interruption of this process comes through when the block ends.
    """
    # Python 3.11 lifts the block when it starts this; else the first worker would make it do so.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _dask_client(count: int, scheduler: str | None) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "the dask backend needs dask: run pip install '.[cluster]' in the clone"
        ) from None
    try:
        if scheduler is None:
            client = Client(n_workers=count, threads_per_worker=1, dashboard_address=None)
        else:
            client = Client(scheduler, timeout=_WORKERS_PATIENCE)
    except (OSError, ValueError) as error:
        raise InputError(f"no dask scheduler at {scheduler}: {error}") from None
    with client:
        yield client
