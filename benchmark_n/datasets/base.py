"""What a dataset is to `make`: a name, its splits, and a way to a COCO file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark_n.cache import cache_folder
from benchmark_n.datasets.terms import UNKNOWN, Terms
from benchmark_n.errors import InputError, UsageError, did_you_mean
from benchmark_n.masks.boundary import DEFAULT_DILATION_RATIO
from benchmark_n.registry import Registry

if TYPE_CHECKING:
    from benchmark_n.datasets.frames import Converter

DATASETS = Registry(
    "dataset",
    "benchmark_n.datasets",
    {
        "coco": "benchmark_n.datasets.coco:COCO",
        "lvis": "benchmark_n.datasets.lvis:LVIS",
        "cityscapes": "benchmark_n.datasets.cityscapes:CITYSCAPES",
        "viper": "benchmark_n.datasets.viper:VIPER",
        "camus": "benchmark_n.datasets.camus:CAMUS",
        "phantom": "benchmark_n.datasets.phantom:PHANTOM",
        "scenes": "benchmark_n.datasets.scenes:SCENES",
        "imagefolder": "benchmark_n.datasets.imagefolder:IMAGEFOLDER",
        "custom": "benchmark_n.datasets.custom:CUSTOM",
    },
)

Progress = Callable[[int, int], None]


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


@dataclass(frozen=True)
class Archive:
    """A published archive of annotations.

    Parameters
    ----------
    checksum
        ``"md5:…"`` or ``"sha256:…"``; None where none is published.
    members
        Files to unpack, by their paths in the archive and then under the root.
    """

    url: str
    members: tuple[str, ...]
    checksum: str | None = None


@dataclass(frozen=True)
class Dataset:
    """A dataset, how to open it, and what a user has to know of it.

    Parameters
    ----------
    title
        The name of its benchmark, such as ``COCO-N``.
    splits
        Names of the splits, the default first.
    open
        Finds or makes the annotations of a request.
    locate
        The file or folder under a root that holds a split's labels; an `InputError` where it is
        absent.
    embedded
        Drawn by this package: kept in the cache unless a root is named.
    converter
        For a dataset that ships no COCO file.
    tiers
        Tier to the recipe that it means for this dataset, where that is another.
    size
        Images and instances of the splits, in words.
    licence, redistribution, homepage, steps
        Terms, what of a benchmark may be passed on, and how to get the data.
    archives
        Split to the archive of its annotations, where anybody may download it.
    terms
        The same terms in a form that data cards and publishing act on.
    known_files
        SHA-256 of annotation files of the dataset to what they are. A file that the user names
        counts as the dataset's own only if it is one of these.
    """

    name: str
    title: str
    splits: tuple[str, ...]
    open: Callable[[Request], Source]
    locate: Callable[[Path, str], Path]
    embedded: bool = False
    converter: Converter | None = None
    tiers: Mapping[str, str] = field(default_factory=dict)
    size: str = ""
    licence: str = ""
    redistribution: str = ""
    homepage: str = ""
    steps: tuple[str, ...] = ()
    archives: Mapping[str, Archive] = field(default_factory=dict)
    terms: Terms = UNKNOWN
    known_files: Mapping[str, str] = field(default_factory=dict)

    @property
    def dilation_ratio(self) -> float:
        """Of the boundary, as the dataset's own evaluation has it."""
        return self.converter.dilation_ratio if self.converter else DEFAULT_DILATION_RATIO

    def tier_recipe(self, tier: str | None) -> str | None:
        """The recipe that a tier means for this dataset."""
        return None if tier is None else self.tiers.get(tier, tier)


def open_source(
    dataset: Dataset,
    *,
    root: Path | None = None,
    split: str | None = None,
    annotations: Path | None = None,
    images: Path | None = None,
    data_seed: int = 0,
    num_images: int | None = None,
    stride: int = 1,
    skip_bad: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Source:
    """The clean annotations of a dataset, or of a file that the user names."""
    if (stride != 1 or skip_bad) and (dataset.converter is None or annotations is not None):
        raise UsageError("--stride and --skip-bad are for datasets that are converted from frames")
    if annotations is not None:
        return Source(annotations, images, dilation_ratio=dataset.dilation_ratio)
    request = Request(
        root or default_root(dataset),
        check_split(dataset, split),
        data_seed,
        num_images,
        stride,
        skip_bad,
        workers,
        progress,
    )
    source = dataset.open(request)
    return replace(
        source,
        images=source.images if images is None else images,
        options=_chosen(dataset, request),
    )


def _chosen(dataset: Dataset, request: Request) -> dict[str, Any]:
    """The split, and how the request departs from the whole of it."""
    chosen: dict[str, Any] = {"split": request.split}
    if dataset.embedded:
        chosen["data_seed"] = request.data_seed
    if request.num_images is not None:
        chosen["num_images"] = request.num_images
    if request.stride != 1:
        chosen["stride"] = request.stride
    if request.skip_bad:
        chosen["skip_bad"] = True
    return chosen


def check_split(dataset: Dataset, split: str | None) -> str:
    """The split, or the default one for None; an unknown one is an `InputError`."""
    chosen = dataset.splits[0] if split is None else split
    if chosen not in dataset.splits:
        raise InputError(
            f"{dataset.name} has no split '{chosen}': {did_you_mean(chosen, dataset.splits)}"
        )
    return chosen


def default_root(dataset: Dataset) -> Path:
    """``$BENCHMARK_N_DATA/<dataset>``, else ``data/<dataset>``; the cache for embedded ones."""
    if dataset.embedded:
        return cache_folder() / dataset.name
    return Path(os.environ.get("BENCHMARK_N_DATA", "data")) / dataset.name


def find_file(root: Path, names: list[str], dataset: str, advice: str) -> Path:
    """The first of `names` that exists under `root`; none is one line that says how to get it."""
    for name in names:
        if (root / name).is_file():
            return root / name
    raise InputError(
        f"{dataset}: no {names[0]} under {root}: {advice}, or name a file by "
        "--annotations or a folder by --root"
    )


def find_folder(root: Path, names: list[str], dataset: str, what: str) -> Path:
    """The first of `names` that is a folder under `root`; none is one line that says what to do."""
    for name in names:
        if (root / name).is_dir():
            return root / name
    raise InputError(
        f"{dataset}: no folder {names[0]} under {root}, expected {what} "
        f"(benchmark-n fetch {dataset} says how to get it; --root names another place)"
    )
