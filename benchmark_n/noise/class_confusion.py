"""Class confusion: an instance under the name of another category."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from benchmark_n.coco import Category
from benchmark_n.noise.base import Kind, Noise, NotApplied

Scope = Literal["auto", "supercategory", "all", "next"]
SCOPES = ("auto", "supercategory", "all", "next")


@dataclass(frozen=True)
class ClassConfusion(Noise):
    """Another category, uniformly among the candidates of the scope; never the same one.

    Parameters
    ----------
    scope
        ``"supercategory"``: the others of the same supercategory. ``"all"``: all others.
        ``"next"``: the one that follows in the file's order, cyclically. ``"auto"``:
        supercategory where the dataset has any, else all.
    include_same
        Draw the same category too, as the released code does; nothing changes then.

    References
    ----------
    .. [1] Kimhi et al.: Noisy Annotations in Semantic Segmentation, 2025, Section 2.2.
    """

    name: ClassVar[str] = "class_confusion"
    kind: ClassVar[Kind] = "category"

    scope: Scope = "auto"
    include_same: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(self.scope in SCOPES, "scope", f"one of {', '.join(SCOPES)}")
        self.require(isinstance(self.include_same, bool), "include_same", "true or false")

    def resolved(self, categories: Mapping[int, Category]) -> ClassConfusion:
        """The same noise with ``"auto"`` replaced by the scope that these categories allow."""
        if self.scope != "auto":
            return self
        grouped = any(category.supercategory for category in categories.values())
        return replace(self, scope="supercategory" if grouped else "all")

    def candidates(self, categories: Mapping[int, Category]) -> dict[int, tuple[int, ...]]:
        """Category id to the ids it may be confused with, in the file's order."""
        ids = list(categories)
        if self.scope == "next":
            return {a: (b,) if b != a else () for a, b in zip(ids, ids[1:] + ids[:1], strict=True)}
        groups: dict[object, list[int]] = {}
        for category in categories.values():
            groups.setdefault(self._group(category), []).append(category.id)
        return {
            category.id: tuple(
                other
                for other in groups[self._group(category)]
                if other != category.id or self.include_same
            )
            for category in categories.values()
        }

    def _group(self, category: Category) -> object:
        if self.scope == "all":
            return None
        # Without a supercategory of its own a category has no neighbours, not all as neighbours.
        return category.supercategory or category.id


def confuse(candidates: tuple[int, ...], absent: tuple[int, ...], uniform: float) -> int:
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
    allowed = [c for c in candidates if c not in absent] if absent else candidates
    if not allowed:
        raise NotApplied("no_other_category")
    return allowed[int(uniform * len(allowed))]
