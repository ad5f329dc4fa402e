"""Groups of like categories: the file's supercategories, or what the features say."""

from __future__ import annotations

from benchmark_n.evidence import Evidence


def category_groups(evidence: Evidence) -> tuple[str, ...]:
    """K names; where the file has no supercategories, an empty one each.

    A single supercategory of all groups nothing and counts as none.
    """
    groups = evidence.supercategories
    if len(set(groups)) < 2:
        return ("",) * len(evidence.category_ids)
    return groups
