"""What the user asks of a dataset, and what is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark_n.coco.parts import part_text
from benchmark_n.coco.reading import ReadOptions
from benchmark_n.errors import UsageError
from benchmark_n.masks.boundary import DEFAULT_DILATION_RATIO
from benchmark_n.runtime.options import check_regex, check_whole
from benchmark_n.runtime.progress import Progress


@dataclass(frozen=True)
class SourceOptions:
    """Which clean annotations the user wants.

    Parameters
    ----------
    root, split
        The dataset's folder and split; by default ``$BENCHMARK_N_DATA/<dataset>``, else
        ``data/<dataset>`` (for embedded datasets the cache), and the training split.
    annotations, images
        A COCO-format file in the dataset's place, and a folder of images.
    data_seed, num_images
        For embedded datasets: which pictures, and how many of the split.
    stride, skip_bad
        For datasets that are converted from label maps: take every n-th frame or patient, and
        leave out (and list in the summary) those that cannot be read. With a weak recipe,
        annotations of images that cannot be read are missed, and these are listed.
    repair, strict, crowds_as_instances
        How the annotation file is read: see `ReadOptions`.
    group_regex
        For folders of images: what the names of files of one patient or scene have in common, as a
        regular expression whose first group (else its match) names the unit. The image records
        then have a ``case_id``, by which folds, bootstraps and tests go.
    verified
        A file with the ids of annotations that somebody beyond the annotator confirmed (category
        and mask): one a line, or a JSON list. The manifest says so of each, and noise strikes
        these alone, so that all that is right beside them is known to be.
    noise_unverified
        Noise strikes the others too.
    part
        Make the benchmark of this part of the images alone, such as ``(3, 100)`` or ``"3/100"``:
        `benchmark_n.load` takes all parts for the benchmark that the whole file would be.

    Raises
    ------
    UsageError
        A stride below 1, a number that is not whole, a regular expression that is none, a root,
        split or number of images beside a file, or `noise_unverified` without `verified`. How many
        images there may be is for the dataset to say.

    Examples
    --------
    >>> options = SourceOptions(annotations="instances_val2014.json", images="val2014")
    >>> options.stride, options.skip_bad
    (1, False)
    """

    root: Path | str | None = None
    split: str | None = None
    annotations: Path | str | None = None
    images: Path | str | None = None
    data_seed: int = 0
    num_images: int | None = None
    stride: int = 1
    skip_bad: bool = False
    repair: bool = False
    strict: bool = False
    crowds_as_instances: bool = False
    group_regex: str | None = None
    verified: Path | str | None = None
    noise_unverified: bool = False
    part: str | tuple[int, int] | None = None

    def __post_init__(self) -> None:
        check_whole("data_seed", self.data_seed)
        _ = self.reading  # refuses contradictions
        if self.num_images is not None:
            check_whole("num_images", self.num_images)
        check_whole("stride", self.stride, least=1)
        if self.group_regex is not None:
            check_regex("group_regex", self.group_regex)
        if self.part is not None:
            object.__setattr__(self, "part", part_text(self.part))
        if self.noise_unverified and self.verified is None:
            raise UsageError("`noise_unverified` is beside `verified`: noise strikes all without")
        of_dataset = {"root": self.root, "split": self.split, "num_images": self.num_images}
        stray = next((name for name, value in of_dataset.items() if value is not None), None)
        if self.named and stray is not None:
            raise UsageError(f"`{stray}` is for a dataset's own files, not with `annotations`")

    @property
    def reading(self) -> ReadOptions:
        """How the annotation file is read."""
        return ReadOptions(self.repair, self.strict, self.crowds_as_instances)

    @property
    def named(self) -> bool:
        """Whether the user named a file; else it is found by the dataset's layout."""
        return self.annotations is not None


@dataclass(frozen=True)
class Request:
    """What a dataset is asked for: `SourceOptions` and `Execution`, with nothing left open.

    Parameters
    ----------
    root
        The dataset's folder; it may not exist.
    data_seed, num_images
        For datasets that are drawn here: which pictures, and how many of the split.
    stride, skip_bad
        For datasets that are converted: take every n-th frame (or patient), and leave out what
        cannot be read instead of stopping.
    group_regex
        Names the unit of a file in a folder of images; None where each is its own.
    workers, progress
        Processes of a conversion, and what is called with (done, total).
    """

    root: Path
    split: str
    data_seed: int = 0
    num_images: int | None = None
    stride: int = 1
    skip_bad: bool = False
    group_regex: str | None = None
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
    sha256
        Of the annotation file, once `settle_owner` knows whose it is.
    options
        Which part of the dataset this is, in `open_source`'s words, where that is not the default:
        who has the dataset opens the same again by them.
    reading
        How the annotation file is read.
    """

    annotations: Path
    images: Path | None = None
    clean_val: Path | None = None
    dilation_ratio: float = DEFAULT_DILATION_RATIO
    skipped: tuple[Mapping[str, str], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    val_images: Path | None = None
    sha256: str = ""
    reading: ReadOptions = ReadOptions()
