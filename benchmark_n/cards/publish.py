"""Publish a benchmark with its card as a dataset of the Hugging Face Hub.

What goes is exactly what the card lists, and the card lists only what the source's terms allow.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from benchmark_n.benchmark import Benchmark
from benchmark_n.cards.card import CROISSANT, README
from benchmark_n.cards.check import check_card
from benchmark_n.cards.pictures import CONFUSION, HISTOGRAMS, SAMPLE
from benchmark_n.coco import read_coco
from benchmark_n.errors import InputError, UsageError
from benchmark_n.runtime.optional_imports import import_extra

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
TOKEN = "HF_TOKEN"
_HUBS_OWN = ".gitattributes"


@dataclass(frozen=True)
class Plan:
    """What would be uploaded: path in the repository to the file on this machine."""

    repository: str
    files: Mapping[str, Path]

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(path.stat().st_size for path in self.files.values())


def plan_upload(benchmark: Benchmark, repository: str | None = None) -> Plan:
    """What publishing `benchmark` under the name ``USER/NAME`` would upload.

    Parameters
    ----------
    repository
        By default the owner of the token, and the name of the benchmark's directory.

    Raises
    ------
    UsageError
        The repository's name is not of that form.
    InputError
        There is no card, or one that does not agree with the benchmark; or its annotations tell
        where the images lie on some machine; or no repository is named and the Hub does not say
        whose the token is.
    """
    if repository is not None and not _REPOSITORY.fullmatch(repository):
        raise UsageError(f"repository is '{repository}', expected USER/NAME")
    faults = check_card(benchmark)
    if faults:
        raise InputError(f"{benchmark.path.name}: {faults[0]}: write the card again")
    listed = json.loads((benchmark.path / CROISSANT).read_bytes())["distribution"]
    pictures = [HISTOGRAMS, CONFUSION, *_sample(benchmark)]
    paths = [README, CROISSANT, *pictures, *(e["contentUrl"] for e in listed)]
    _refuse_places(benchmark, paths)
    if repository is None:
        repository = f"{token_owner()}/{benchmark.path.resolve().name}"
    return Plan(repository, {path: benchmark.path / path for path in paths})


def _sample(benchmark: Benchmark) -> list[str]:
    """The picture of clean and noisy outlines, where the card shows it.

    An earlier card, under a licence that was told then, may have left one behind.
    """
    text = (benchmark.path / README).read_text(encoding="utf-8")
    return [SAMPLE] if f"]({SAMPLE})" in text else []


def _refuse_places(benchmark: Benchmark, names: Collection[str]) -> None:
    """Refuse annotation files, of those that are `names`, that say where images lie."""
    for path in (benchmark.annotations, benchmark.clean_val):
        if path is None or path.relative_to(benchmark.path).as_posix() not in names:
            continue
        for image in read_coco(path).images.values():
            name = image.file_name or ""
            if PurePosixPath(name).is_absolute() or PureWindowsPath(name).is_absolute():
                raise InputError(
                    f"{path.name}: image {image.id}: file_name '{name:.80}' is a place on "
                    "somebody's machine and would be published, expected a path inside a folder"
                )


def publish(plan: Plan, *, private: bool = False, quiet: bool = False) -> str:
    """Upload what `plan` says, in one commit, and return the address of the dataset.

    The token is read from the environment variable `TOKEN` alone and goes nowhere else.

    Parameters
    ----------
    private
        Make the dataset private.
    quiet
        The Hub's client draws no bars, in the rest of the process either.

    Raises
    ------
    InputError
        No token, the extra ``hub`` is missing, or the Hub refuses; or a dataset of this name is
        public where `private` is asked for, or holds files that are not of this benchmark.
    """
    with _hub(plan.repository) as (hub, api):
        if quiet:
            hub.utils.disable_progress_bars()
        added = [
            hub.CommitOperationAdd(path_in_repo=path, path_or_fileobj=file.resolve())
            for path, file in plan.files.items()
        ]
        api.create_repo(plan.repository, repo_type="dataset", private=private, exist_ok=True)
        _check_place(api.repo_info(plan.repository, repo_type="dataset"), plan, private)
        api.create_commit(
            plan.repository,
            added,
            commit_message=f"Benchmark-N: {len(added)} files",
            repo_type="dataset",
        )
    return f"https://huggingface.co/datasets/{plan.repository}"


def _check_place(there: Any, plan: Plan, private: bool) -> None:
    """That the dataset there is as private as asked for, and holds nothing beside the plan's."""
    if private and not there.private:
        raise InputError(
            f"{plan.repository}: the Hub has a public dataset of this name, expected a private "
            "one, or none: take another name"
        )
    found = {file.rfilename for file in there.siblings or ()} - {*plan.files, _HUBS_OWN}
    if found:
        raise InputError(
            f"{plan.repository}: the dataset on the Hub holds {min(found)}, which is not of this "
            "benchmark, expected none beside its files: remove it there, or take another name"
        )


def token_owner() -> str:
    """The user of the Hub whose token is in the environment.

    Raises
    ------
    InputError
        No token, the extra ``hub`` is missing, or the Hub refuses.
    """
    with _hub("the owner of the token") as (_, api):
        return str(api.whoami()["name"])


@contextmanager
def _hub(asked: str) -> Iterator[tuple[Any, Any]]:
    """The Hub's library and client; whatever they raise is one line on `asked`, without the token.

    Raises
    ------
    InputError
        No token, the extra ``hub`` is missing, or the Hub refuses.
    """
    hub = import_extra("huggingface_hub", "hub", "publishing")
    token = os.environ.get(TOKEN)
    if not token:
        raise InputError(f"publishing needs a token of the Hub in the environment: set {TOKEN}")
    try:
        yield hub, hub.HfApi(token=token)
    except InputError:
        raise
    except Exception as error:  # what is raised differs between versions of the client
        fault = " ".join(str(error).split()).replace(token, "…")
        raise InputError(f"{asked}: the Hub refused: {fault:.300}") from None
