"""Which of a detector's categories is which of the annotation file's: by their names.

Names are compared without case, and with a space for ``_`` and ``-``; ``configs/categories`` lists
what else COCO's categories are called. A file of the user's own goes before both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.files.json_yaml import parse_yaml, read_yaml

# What detectors have in places without a category.
_PLACEHOLDERS = frozenset({"", "n/a", "background", "bg"})


@dataclass(frozen=True)
class CategoryMap:
    """For each of K categories of a file, the places of those of a detector that mean it.

    Parameters
    ----------
    columns
        K tuples of indices into the detector's C categories; empty where it knows none.
    """

    columns: tuple[tuple[int, ...], ...]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether the detector can name each category, bool (K,)."""
        return np.array([bool(one) for one in self.columns], bool)

    def lacks(self, names: Sequence[str]) -> list[str]:
        """Those of the K names that the detector does not know."""
        return [name for name, known in zip(names, self.known, strict=True) if not known]

    def spread(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Values (N, C) of the detector's categories as float32 (N, K): the largest, else 0."""
        spread = np.zeros((len(values), len(self.columns)), np.float32)
        for place, columns in enumerate(self.columns):
            if columns:
                spread[:, place] = values[:, columns].max(axis=1)
        return spread

    def labels(self, kinds: NDArray[np.int64]) -> NDArray[np.int64]:
        """The file's category of each of the detector's, int64; -1 where it has none.

        Of several that share one of the detector's, it is the first.
        """
        count = int(kinds.max(initial=-1)) + 1
        table = np.full(max(count, 1 + max(map(max, filter(None, self.columns)), default=0)), -1)
        for place in reversed(range(len(self.columns))):
            table[list(self.columns[place])] = place
        return np.asarray(table[kinds], np.int64)

    def shared(self) -> list[tuple[int, int]]:
        """Pairs of the file's categories that are one to the detector."""
        sets = [set(one) for one in self.columns]
        pairs = ((i, j) for i in range(len(sets)) for j in range(i))
        return [(j, i) for i, j in pairs if sets[i] & sets[j]]


def coco_names() -> tuple[str, ...]:
    """Names of COCO's 80 categories, in the order of its detectors' outputs."""
    return tuple(_coco())


def map_categories(
    names: Sequence[str],
    detector: Sequence[str],
    chosen: Mapping[str, Sequence[str]] | None = None,
) -> CategoryMap:
    """Find each of the file's categories among the detector's.

    Parameters
    ----------
    names, detector
        Names of the file's K and the detector's C categories.
    chosen
        Some of `names` to those of `detector` that mean them, nothing for none; see
        `check_category_map`. Names that this detector lacks are passed over: others may have them.

    Examples
    --------
    >>> map_categories(["Sofa", "lamp"], ["chair", "couch"]).columns
    ((1,), ())
    >>> map_categories(["seat"], ["chair", "couch"], {"seat": ["chair", "couch"]}).columns
    ((0, 1),)
    """
    chosen = chosen or {}
    places: dict[str, list[int]] = {}
    for place, name in enumerate(detector):
        if _plain(name).strip("_ ") not in _PLACEHOLDERS:
            places.setdefault(_canonical(name), []).append(place)
    taken = [
        [i for i, one in enumerate(detector) if one in chosen[name]]
        if name in chosen
        else places.get(_canonical(name), [])
        for name in names
    ]
    return CategoryMap(tuple(map(tuple, taken)))


def check_category_map(
    chosen: Mapping[str, Sequence[str]], names: Sequence[str], detectors: Sequence[str]
) -> None:
    """Refuse a choice that is not of these names.

    Parameters
    ----------
    names, detectors
        Names of the file's categories, and of those of all detectors.

    Raises
    ------
    InputError
        A name that neither the file nor a detector has.
    """
    for name, meant in chosen.items():
        if name not in names:
            raise InputError(f"category map: no category '{name}': {did_you_mean(name, names)}")
        strange = next((one for one in meant if one not in detectors), None)
        if strange is not None:
            raise InputError(
                f"category map: '{name}': no detector has a category '{strange}': "
                f"{did_you_mean(strange, dict.fromkeys(detectors))}"
            )


def read_category_map(path: Path) -> dict[str, list[str]]:
    """A YAML or JSON file of names of categories to a detector's: one, a list, or null for none.

    Raises
    ------
    InputError
        The file cannot be read or holds something else.
    """
    data = read_yaml(path, "category map")
    if not isinstance(data, dict):
        raise InputError(
            f"{path}: no category map: expected names of categories with what they are"
        )
    told = {}
    for name, meant in data.items():
        several = [] if meant is None else [meant] if isinstance(meant, str) else meant
        if not isinstance(several, list) or not all(isinstance(one, str) for one in several):
            raise InputError(
                f"{path}: category '{name}' is {meant!r:.40}, expected a name, a list or null"
            )
        told[str(name)] = several
    return told


def _plain(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").replace("-", " ").split())


def _canonical(name: str) -> str:
    plain = _plain(name)
    return _synonyms().get(plain, plain)


@cache
def _coco() -> dict[str, list[str]]:
    text = files("benchmark_n.configs.categories").joinpath("coco.yaml").read_text("utf-8")
    names: dict[str, list[str]] = parse_yaml(text)
    return names


@cache
def _synonyms() -> dict[str, str]:
    return {_plain(other): name for name, others in _coco().items() for other in others}
