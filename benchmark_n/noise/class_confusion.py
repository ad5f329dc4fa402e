"""Class confusion: an instance under the name of another category."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from benchmark_n.coco import Category
from benchmark_n.coco.labels import namesakes
from benchmark_n.noise.base import Kind, Noise, NotApplied
from benchmark_n.noise.confusion_matrix import normalised

Scope = Literal["auto", "supercategory", "all", "next", "pairs", "swap", "matrix"]
SCOPES = ("auto", "supercategory", "all", "next", "pairs", "swap", "matrix")


@dataclass(frozen=True)
class Candidates:
    """The categories that each category may be confused with.

    Parameters
    ----------
    groups
        Category id to the ids of its group, ascending. Members share their group, so that memory
        is linear in the number of categories.
    include_same
        Whether a category is a candidate for itself.
    namesakes
        Category id to the ids of all of its name, where there are others: nobody who confuses a
        category picks one that is called the same.
    """

    groups: Mapping[int, tuple[int, ...]]
    include_same: bool = False
    namesakes: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    def pick(self, category_id: int, absent: Sequence[int], uniform: float) -> int:
        """The candidate that `uniform`, a number in [0, 1), picks.

        Parameters
        ----------
        absent
            Categories verified to be absent from the image (LVIS ``neg_category_ids``): a label of
            theirs would give itself away, so they are never picked.

        Raises
        ------
        NotApplied
            No candidate is left.
        """
        group = self.groups[category_id]
        alike = self.namesakes.get(category_id, (category_id,))
        if self.include_same:
            alike = tuple(other for other in alike if other != category_id)
        barred = _places(group, [*alike, *absent])
        left = len(group) - len(barred)
        if not left:
            raise NotApplied("no_other_category")
        place = int(uniform * left)
        for taken in barred:  # the place among those left, counted among all
            place += taken <= place
        return group[place]


def _following(
    ids: Sequence[int], alike: Mapping[int, tuple[int, ...]]
) -> dict[int, tuple[int, ...]]:
    """Each category to the next one, cyclically, that has another name; itself if none has."""
    follows: dict[int, int | None] = {}
    names = [alike.get(i, (i,)) for i in ids]
    # Backwards, twice round: what follows a namesake follows this one too.
    for place in reversed(range(2 * len(ids))):
        here, there = place % len(ids), (place + 1) % len(ids)
        same = names[here] == names[there]
        follows[ids[here]] = follows.get(ids[there]) if same else ids[there]
    return {i: (i if follow is None else follow,) for i, follow in follows.items()}


def _places(group: tuple[int, ...], members: Iterable[int]) -> list[int]:
    """Where in the ascending `group` those `members` stand that it has, ascending."""
    found = {(bisect_left(group, member), member) for member in members}
    return sorted(at for at, member in found if at < len(group) and group[at] == member)


@dataclass(frozen=True)
class ClassConfusion(Noise):
    """Another category, uniformly among the candidates of the scope, or by a matrix.

    Parameters
    ----------
    scope
        ``"supercategory"``: the others of the same supercategory. ``"all"``: all others.
        ``"next"``: the one of the next higher id, cyclically. ``"pairs"``: two by two, by
        ascending id, inside the supercategory where there are any; the last of an odd number has
        no partner. ``"swap"``: two annotations of an image exchange their categories, and
        `probability` is an image's. ``"matrix"``: by the weights of `matrix`.
        ``"auto"``: supercategory where the dataset has any, else all.
        Categories of one name are never confused with one another.
    include_same
        Draw the same category too, as the released code does; nothing changes then.
    matrix
        Category name to given name to weight, or the name of a CSV or JSON file of it, beside the
        recipe. Rows are made to add to 1; the diagonal counts: with a `probability` of 1 the
        matrix tells the rate. A category without a row is never confused.

    References
    ----------
    .. [1] Kimhi et al.: Noisy Annotations in Semantic Segmentation, 2025, Section 2.2.

    Examples
    --------
    >>> file = {1: Category(1, "cat", "pet"), 2: Category(2, "dog", "pet"), 3: Category(3, "bus")}
    >>> ClassConfusion(0.1).resolved(file).scope
    'supercategory'
    >>> within = ClassConfusion(0.1, scope="supercategory").candidates(file)
    >>> within.pick(1, absent=(), uniform=0.9)  # a cat can be called a dog alone
    2
    >>> [ClassConfusion(0.1, scope="all").candidates(file).pick(1, (), u) for u in (0.1, 0.9)]
    [2, 3]
    """

    name: ClassVar[str] = "class_confusion"
    kind: ClassVar[Kind] = "category"

    scope: Scope = "auto"
    include_same: bool = False
    matrix: Mapping[str, Mapping[str, float]] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(self.scope in SCOPES, "scope", f"one of {', '.join(SCOPES)}")
        self.require(isinstance(self.include_same, bool), "include_same", "true or false")
        wanted = "rows for scope matrix, and none for others"
        self.require((self.matrix is not None) == (self.scope == "matrix"), "matrix", wanted)
        if self.matrix is not None:
            object.__setattr__(self, "matrix", normalised(self.matrix))

    def resolved(self, categories: Mapping[int, Category]) -> ClassConfusion:
        """The same noise with ``"auto"`` replaced by the scope that these categories allow."""
        if self.scope != "auto":
            return self
        return replace(self, scope="supercategory" if _grouped(categories) else "all")

    def candidates(self, categories: Mapping[int, Category]) -> Candidates:
        """Whom each category may be confused with; the file's order does not matter."""
        ids = sorted(categories)
        alike = namesakes(categories)
        if self.scope == "next":
            return Candidates(_following(ids, alike), self.include_same, alike)
        apart = self.scope == "supercategory" or (self.scope == "pairs" and _grouped(categories))
        members: dict[object, list[int]] = {}
        for i in ids:
            # Without a supercategory of its own a category has no neighbours, rather than all.
            group = (categories[i].supercategory or i) if apart else None
            members.setdefault(group, []).append(i)
        groups = [tuple(group) for group in members.values()]
        if self.scope == "pairs":
            groups = [group[at : at + 2] for group in groups for at in range(0, len(group), 2)]
        own = {i: group for group in groups for i in group}
        return Candidates(own, self.include_same, alike)


def _grouped(categories: Mapping[int, Category]) -> bool:
    return any(category.supercategory for category in categories.values())
