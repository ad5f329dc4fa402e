"""Whose annotations are these: the dataset's own, or the user's?

A dataset's name, licence and citation go with its own files alone: those that are found by its
layout under a root, and of files that the user names those whose SHA-256 is known. Any other file
is the user's, whatever dataset's conventions it is treated by, and nobody may pass it on unless
the user says under which licence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark_n.datasets.base import DATASETS, Dataset
from benchmark_n.datasets.request import Source
from benchmark_n.datasets.terms import Terms, users_terms
from benchmark_n.errors import InputError
from benchmark_n.files.provenance import file_digest

CUSTOM = "custom"


def source_digest(path: Path) -> str:
    """SHA-256 of an annotation file; an `InputError` where it cannot be read."""
    try:
        return file_digest(path)
    except OSError as error:
        raise InputError(f"{path}: cannot read the annotation file: {error.strerror}") from None


def check_licence(dataset: Dataset, licence: str | None, *, named: bool) -> None:
    """Refuse a licence that `settle_owner` will, before anything is opened or converted.

    Raises
    ------
    InputError
        An unknown licence, or one for a dataset that has terms of its own.
    """
    if licence is not None:
        users_terms(licence, *governing(None if named else dataset, dataset))


def settle_owner(
    dataset: Dataset, source: Source, sha256: str, *, named: bool, licence: str | None
) -> tuple[Dataset, Source]:
    """The dataset that the annotations are of, and the source with what the recipe says of it.

    Parameters
    ----------
    dataset
        Whose conventions the user asked for.
    sha256
        Of the annotation file.
    named
        The user named the file; else it was found by the dataset's layout.
    licence
        That the user says the annotations have.

    Raises
    ------
    InputError
        An unknown licence, or one for annotations that have terms of their own.
    """
    own = not named or sha256 in dataset.known_files
    owner: Dataset = dataset if own else DATASETS.load(CUSTOM)
    if licence is not None:
        users_terms(licence, *governing(owner, dataset))
    stated = {
        "conventions": dataset.name if owner.name != dataset.name else None,
        "licence": licence,
    }
    options = {key: value for key, value in stated.items() if value is not None}
    return owner, replace(source, options={**options, **source.options}, sha256=sha256)


def recorded_owner(recipe: Mapping[str, Any]) -> Dataset | None:
    """The dataset that a benchmark's annotations are of; None where it is not known here.

    A recipe that names a dataset for a file that is not known to be of it is not believed.
    """
    name, source = recipe["dataset"], recipe["source"]
    if name not in DATASETS.names():
        return None
    dataset: Dataset = DATASETS.load(name)
    own = "split" in source or source["sha256"] in dataset.known_files
    return dataset if own else DATASETS.load(CUSTOM)


def recorded_terms(recipe: Mapping[str, Any], licence: str | None = None) -> Terms:
    """The terms of a benchmark's annotations: the dataset's, or those that the user told.

    Parameters
    ----------
    licence
        That the user tells now, where the recipe tells none.

    Raises
    ------
    InputError
        An unknown licence, another than the recipe's, or one for annotations that have terms of
        their own.
    """
    stated = recipe["source"].get("licence")
    if stated is not None and licence not in (None, stated):
        raise InputError(f"licence '{licence}': the benchmark's recipe says '{stated}'")
    owner = recorded_owner(recipe)
    chosen = stated if licence is None else licence
    if chosen is None:
        return owner.terms if owner is not None else Terms()
    name = recipe["source"].get("conventions", recipe["dataset"])
    asked = DATASETS.load(name) if name in DATASETS.names() else owner
    return users_terms(chosen, *governing(owner, asked))


def governing(owner: Dataset | None, asked: Dataset | None) -> tuple[str, Terms]:
    """Name and terms that a user's licence has to agree with: the owner's, else a guarded one's.

    Who asks for the conventions of a dataset that must not be passed on has most likely a file of
    it; no word of theirs makes that shareable.
    """
    if asked is not None and asked.terms.guarded:
        return asked.name, asked.terms
    return (owner.name, owner.terms) if owner is not None else ("", Terms())
