"""What a dataset is to `make`: a name, its splits, and a way to a COCO file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark_n.datasets.request import Request, Source
from benchmark_n.datasets.terms import UNKNOWN, Terms
from benchmark_n.masks.boundary import DEFAULT_DILATION_RATIO
from benchmark_n.runtime.registry import Registry

if TYPE_CHECKING:
    from benchmark_n.datasets.converter import Converter

DATASETS = Registry(
    "dataset",
    "benchmark_n.datasets",
    {
        "coco": "benchmark_n.datasets.coco:COCO",
        "lvis": "benchmark_n.datasets.lvis:LVIS",
        "cityscapes": "benchmark_n.datasets.cityscapes.adapter:CITYSCAPES",
        "viper": "benchmark_n.datasets.viper:VIPER",
        "camus": "benchmark_n.datasets.camus.adapter:CAMUS",
        "phantom": "benchmark_n.datasets.phantom.adapter:PHANTOM",
        "scenes": "benchmark_n.datasets.scenes.adapter:SCENES",
        "imagefolder": "benchmark_n.datasets.imagefolder.adapter:IMAGEFOLDER",
        "custom": "benchmark_n.datasets.custom:CUSTOM",
    },
)


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
