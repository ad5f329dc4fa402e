"""Where a training runs, where its files lie, and who is told how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmark_n.nets.devices import check_device
from benchmark_n.runtime.progress import Progress


@dataclass(frozen=True)
class RunOptions:
    """What a training needs beside its benchmark and its model.

    Parameters
    ----------
    work_dir
        By default ``work_dirs/<benchmark>-<model>-seed<seed>``.
    resume
        Go on from the last checkpoint in `work_dir`; a finished training is returned as it is.
    device
        ``cpu``, ``cuda``, or ``auto``: a GPU where there is one.
    images, val_images
        Folders of the images, where the benchmark does not know them.
    progress
        Called with (iterations done, iterations in all).

    Raises
    ------
    UsageError
        A device that is none of these.

    Examples
    --------
    >>> RunOptions(work_dir="work", device="cpu").resume
    False
    """

    work_dir: Path | str | None = None
    resume: bool = False
    device: str = "auto"
    images: Path | None = None
    val_images: Path | None = None
    progress: Progress | None = None

    def __post_init__(self) -> None:
        check_device(self.device)
