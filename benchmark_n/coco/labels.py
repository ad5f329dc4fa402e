"""Names of categories as people read them: each once, though a file may use one twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from benchmark_n.coco.file import Category

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def category_labels(categories: Mapping[int, Category]) -> dict[int, str]:
    """Category id to a name that no other category has, in the order given.

    Categories of one name are told apart by their ids; without a name the id stands for it.
    Control characters become spaces.

    >>> category_labels({1: Category(1, "cat"), 2: Category(2, "cat"), 3: Category(3, "")})
    {1: 'cat (1)', 2: 'cat (2)', 3: '3'}
    """
    labels = {i: _CONTROL.sub(" ", c.name).strip() or str(i) for i, c in categories.items()}
    while True:
        counts = Counter(labels.values())
        if len(counts) == len(labels):
            return labels
        # A name may look like another's with its id: what is still alike gets one more.
        labels = {i: n if counts[n] == 1 else f"{n} ({i})" for i, n in labels.items()}


def namesakes(categories: Mapping[int, Category]) -> dict[int, tuple[int, ...]]:
    """Category id to the ids of all of its name, for those whose name is another's too.

    >>> namesakes({1: Category(1, "cat"), 2: Category(2, "cat"), 3: Category(3, "dog")})
    {1: (1, 2), 2: (1, 2)}
    """
    groups: dict[str, list[int]] = {}
    for i, category in categories.items():
        if name := category.name.strip():
            groups.setdefault(name, []).append(i)
    shared = [tuple(group) for group in groups.values() if len(group) > 1]
    return {i: group for group in shared for i in group}
