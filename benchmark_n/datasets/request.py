"""What the user asks of a dataset, and what is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark_n.masks.boundary import DEFAULT_DILATION_RATIO
from benchmark_n.runtime.progress import Progress

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Request:
    """What the user asked for.

    Parameters
    ----------
    root
        The dataset's folder; it may not exist.
    data_seed, num_images
        For datasets that are drawn here: which pictures, and how many of the split.
    stride, skip_bad
        For datasets that are converted: take every n-th frame (or patient), and leave out what
        cannot be read instead of stopping.
    workers, progress
        Processes of a conversion, and what is called with (done, total).
    """

    root: Path
    split: str
    data_seed: int = 0
    num_images: int | None = None
    stride: int = 1
    skip_bad: bool = False
    workers: int | None = None
    progress: Progress | None = None


@dataclass(frozen=True)
class Source:
    """Clean annotations that were found: a COCO file and what belongs to it.

    Parameters
    ----------
    clean_val, val_images
        Annotation file of the validation split and the folder of its images, if there are such.
    dilation_ratio
        Of the boundary, as the dataset's own evaluation has it.
    skipped
        Bad frames or patients that a conversion left out: ``name``, ``split`` and ``fault``.
    options
        Which part of the dataset this is, in `open_source`'s words, where that is not the default:
        who has the dataset opens the same again by them.
    """

    annotations: Path
    images: Path | None = None
    clean_val: Path | None = None
    dilation_ratio: float = DEFAULT_DILATION_RATIO
    skipped: tuple[Mapping[str, str], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    val_images: Path | None = None
