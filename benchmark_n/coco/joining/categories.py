"""Which category of one file is which of another: by name, by id where a name is absent."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from benchmark_n.coco.file import CocoFile
from benchmark_n.errors import InputError

_MOST_NAMES = 5


@dataclass
class CategoryJoin:
    """Id in the second file to id in the first, and what it went by.

    ``faults`` has a line for each category of the second file that has no partner.
    """

    ids: dict[int, int] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)
    by: set[str] = field(default_factory=set)

    def open_in(self, coco: CocoFile) -> list[int]:
        """Ids of the second file of which nothing is known yet."""
        return [i for i in coco.categories if i not in self.ids and i not in self.faults]


def join_categories(first: CocoFile, second: CocoFile, *, by_id: bool = False) -> CategoryJoin:
    """Find the categories of `second` in `first`.

    By name; names that no category has exactly are compared again without regard to case and
    spaces. Of several categories of one name, and where a name is absent, the ids decide.

    Parameters
    ----------
    by_id
        By id alone, whatever the names.

    Raises
    ------
    InputError
        A category that annotations of `second` are of is not in `first`, or could be several
        there.
    """
    join = CategoryJoin()
    if not by_id:
        _join_equal(first, second, join, _exact)
        _join_equal(first, second, join, _loose)
    _join_ids(first, second, join, by_id=by_id)
    used = set(second.category_ids.tolist())
    fault = next((text for identity, text in join.faults.items() if identity in used), None)
    if fault is not None:
        raise InputError(f"{second.path.name}: {fault}; `match='all-ids'` goes by ids alone")
    return join


def _exact(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _loose(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _join_equal(
    first: CocoFile, second: CocoFile, join: CategoryJoin, key: Callable[[str], str]
) -> None:
    """Join what is open and of equal key: one to one, or by ids within several of one name."""
    taken = set(join.ids.values())
    here = _groups(first, (i for i in first.categories if i not in taken), key)
    for name, ids in _groups(second, join.open_in(second), key).items():
        known = here.get(name, [])
        if len(ids) == len(known) == 1:
            join.ids[ids[0]] = known[0]
            join.by.add("name")
        elif known and set(ids) <= set(known):
            join.ids |= {identity: identity for identity in ids}
            join.by |= {"name", "id"}
        elif known:
            shown = second.categories[ids[0]].name
            text = (
                f"category {shown!r:.80} has the ids {_listed(ids)}, and {_listed(known)} in "
                f"{first.path.name}: expected one category of a name, or equal ids"
            )
            join.faults |= dict.fromkeys(ids, text)


def _groups(coco: CocoFile, ids: Iterable[int], key: Callable[[str], str]) -> dict[str, list[int]]:
    """The ids of each name, in the file's order; those without a name left out."""
    groups: dict[str, list[int]] = {}
    for identity in ids:
        name = key(coco.categories[identity].name)
        if name:
            groups.setdefault(name, []).append(identity)
    return groups


def _join_ids(first: CocoFile, second: CocoFile, join: CategoryJoin, *, by_id: bool) -> None:
    """Join by id what has no name on either side; the rest is a fault each."""
    taken = set(join.ids.values())
    for identity in join.open_in(second):
        category, there = second.categories[identity], first.categories.get(identity)
        nameless = there is not None and not (category.name and there.name)
        if there is not None and identity not in taken and (by_id or nameless):
            join.ids[identity] = identity
            join.by.add("id")
            continue
        shown = f"category id {identity}"
        if category.name:
            shown = f"category {category.name!r:.80} (id {identity})"
        join.faults[identity] = (
            f"{shown} is not in {first.path.name}: expected two files about the same images and "
            "categories"
        )


def _listed(ids: list[int]) -> str:
    shown = ", ".join(map(str, ids[:_MOST_NAMES]))
    return f"{shown}, …" if len(ids) > _MOST_NAMES else shown
