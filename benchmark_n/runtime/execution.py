"""How a long run is carried out: by how many processes, where, and who is told how far it is."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark_n.errors import UsageError
from benchmark_n.runtime.options import check_known
from benchmark_n.runtime.parallel import BACKENDS
from benchmark_n.runtime.progress import Progress


@dataclass(frozen=True)
class Execution:
    """How a run is carried out; no result depends on it.

    Parameters
    ----------
    workers
        Processes; by default as many as there are cores that one may use.
    backend
        ``"loky"`` for this machine, ``"dask"`` for a cluster (extra ``cluster``).
    scheduler
        Address of a dask scheduler; by default a local cluster is started.
    chunk_size
        Annotations that a worker takes at a time.
    progress
        Called with (done, total).

    Raises
    ------
    UsageError
        `workers` or `chunk_size` below 1, or an unknown backend.

    Examples
    --------
    >>> Execution(workers=2)
    Execution(workers=2, backend='loky', scheduler=None, chunk_size=500, progress=None)
    """

    workers: int | None = None
    backend: str = "loky"
    scheduler: str | None = None
    chunk_size: int = 500
    progress: Progress | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise UsageError(f"workers must be 1 or more, but got {self.workers}")
        check_known("backend", self.backend, BACKENDS)
        if self.chunk_size < 1:
            raise UsageError(f"chunk_size must be 1 or more, but got {self.chunk_size}")
