"""A frozen release: which benchmarks there are, of which sources, and what their bytes are.

The file says it for every benchmark and seed; `benchmark_n.experiments.verify_release` makes them
and compares.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from benchmark_n.errors import InputError, UsageError, did_you_mean
from benchmark_n.files.json_yaml import read_yaml
from benchmark_n.files.recipe_files import is_recipe_path

NOT_VERIFIED: Literal["not yet verified"] = "not yet verified"
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
# A digest, or the word for one that nobody has measured yet.
Digest = Annotated[str, msgspec.Meta(pattern=f"^([0-9a-f]{{64}}|{NOT_VERIFIED})$")]
Words = Annotated[str, msgspec.Meta(min_length=1)]
PACKAGE = "benchmark_n.configs.release"


class Output(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """SHA-256 of what `make` writes: the noisy annotation file, and the rows of the manifest.

    Neither depends on the words of a recipe, on versions of libraries, or on whether the
    validation labels are at hand.
    """

    annotations: Sha256
    rows: Sha256


class Split(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Clean annotations that a benchmark needs.

    Parameters
    ----------
    name
        The dataset's word for the split; of a sample, what it is.
    file
        Of a sample, its annotation file under the folder of the data; else the dataset's layout
        says where it is.
    sha256
        Of the COCO file, of a converted dataset that which the conversion writes.
    """

    name: Words
    file: str | None = None
    sha256: Digest = NOT_VERIFIED


class Entry(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A benchmark of the release.

    Parameters
    ----------
    name
        Of the benchmark, such as ``coco-n-hard``.
    benchmark
        The family's name, such as ``COCO-N``.
    dataset, tier
        As `benchmark_n.make` takes them.
    recipe, version
        What the tier means for the dataset, and in which version.
    units
        What is independent in it.
    noisy, clean
        The split that is noised, and the one whose clean labels models are judged on.
    num_images
        Of an embedded dataset's split, where it is not the whole.
    images
        Of a sample, its folder of images under the folder of the data, where these are drawn upon.
    segmenter, device
        Who draws weak annotations, and where.
    outputs
        Seed to the digests; one seed or more.
    """

    name: Words
    benchmark: Words
    dataset: Words
    tier: Words
    recipe: Words
    version: int
    units: Words
    noisy: Split
    clean: Split | None = None
    num_images: int | None = None
    images: str | None = None
    segmenter: str | None = None
    device: str | None = None
    outputs: Annotated[dict[int, Output | Literal["not yet verified"]], msgspec.Meta(min_length=1)]


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A release.

    Parameters
    ----------
    release
        Its number, such as ``1.0``.
    frozen
        Day from which no digest changes any more; None before.
    notes
        What has to be known of all of it.
    """

    release: Words
    frozen: str | None
    notes: list[str]
    benchmarks: list[Entry]

    def chosen(self, only: Sequence[str] = ()) -> list[Entry]:
        """The benchmarks called so, alone or by their family; all where nothing is named.

        Raises
        ------
        UsageError
            A name that is none of them.

        Examples
        --------
        >>> [entry.name for entry in read_release("1.0").chosen(["scenes-n-hard"])]
        ['scenes-n-hard']
        """
        families = {entry.benchmark.casefold() for entry in self.benchmarks}
        names = {entry.name.casefold() for entry in self.benchmarks}
        asked = {name.casefold() for name in only}
        for name in sorted(asked - families - names):
            hint = did_you_mean(name, sorted(families) + sorted(names))
            raise UsageError(f"`only` is '{name}', no benchmark of release {self.release}: {hint}")
        return [
            entry
            for entry in self.benchmarks
            if not asked or asked & {entry.name.casefold(), entry.benchmark.casefold()}
        ]


def release_names() -> list[str]:
    """Numbers of the releases that come with this package."""
    paths = (Path(each.name) for each in files(PACKAGE).iterdir())
    return sorted(path.stem for path in paths if path.suffix == ".yaml")


def release_path(name: str | Path) -> Path:
    """The file of the release called `name`, or the file that it names.

    Raises
    ------
    InputError
        There is no such release.
    """
    if is_recipe_path(name):
        return Path(name)
    known = release_names()
    if name not in known:
        raise InputError(f"unknown release '{name}': {did_you_mean(str(name), known)}")
    return Path(str(files(PACKAGE).joinpath(f"{name}.yaml")))


def read_release(name: str | Path) -> Release:
    """A release by its number, or out of a YAML file.

    Raises
    ------
    InputError
        There is none, or it is not of that form.
    """
    path = release_path(name)
    document = read_yaml(path, "release")
    try:
        release = msgspec.convert(document, Release)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: no release: {error}") from None
    seen: set[str] = set()
    for entry in release.benchmarks:
        if entry.name in seen:
            raise InputError(f"{path}: benchmark '{entry.name}' occurs twice, expected each once")
        seen.add(entry.name)
    return release
