"""Slices of a volume share a score: the mean over ten of them, evenly spread.

References
----------
.. [1] Chen, Zhou, Yuille: Quality Sentinel, 2024, Section 3: a 3-D mask's score.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.errors import InputError
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.evidence import Ints

SLICES = 10
Score = Callable[[Ints], NDArray[np.float32]]


def score_volumes(evidence: Evidence, coco: CocoFile, score: Score) -> NDArray[np.float32]:
    """Scores float32 (N,) of all annotations.

    The annotations of a category in images that share a ``volume_id`` get the mean score of those
    in `SLICES` of the slices; every other annotation its own.

    Parameters
    ----------
    score
        Scores (n,) of the annotations at places (n,).

    Raises
    ------
    InputError
        An image record with a ``volume_id``, but no whole number as ``slice_index``.
    """
    groups = _groups(evidence, coco)
    wanted = np.unique(np.concatenate([shown for _, shown in groups]))
    values = dict(zip(wanted.tolist(), score(wanted).tolist(), strict=True))
    made = np.zeros(len(evidence), np.float32)
    for members, shown in groups:
        made[members] = np.mean([values[i] for i in shown.tolist()])
    return made


def spread(count: int, wanted: int) -> list[int]:
    """`wanted` places, evenly spread over `count` ones, the first and the last among them.

    >>> spread(30, 4), spread(3, 10)
    ([0, 10, 19, 29], [0, 1, 2])
    """
    if count <= wanted:
        return list(range(count))
    return [round(i * (count - 1) / (wanted - 1)) for i in range(wanted)]


def _groups(evidence: Evidence, coco: CocoFile) -> list[tuple[Ints, Ints]]:
    """(annotations that share a score, those of them that are looked at)."""
    slices = _slices(coco)
    members: dict[Any, list[int]] = {}
    for place, image_id in enumerate(evidence.image_ids.tolist()):
        volume = slices.get(image_id)
        key = (place,) if volume is None else (volume[0], int(evidence.labels[place]))
        members.setdefault(key, []).append(place)
    groups = []
    for places in members.values():
        of = {i: slices.get(int(evidence.image_ids[i]), ("", 0))[1] for i in places}
        found = sorted(set(of.values()))
        chosen = {found[i] for i in spread(len(found), SLICES)}
        shown = [i for i in places if of[i] in chosen]
        groups.append((np.array(places, np.int64), np.array(shown, np.int64)))
    return groups


def _slices(coco: CocoFile) -> dict[int, tuple[str, int]]:
    """Image id to volume and slice, for the images that have both."""
    found = {}
    for record in coco.section("images"):
        volume, place = record.get("volume_id"), record.get("slice_index")
        if volume is None:
            continue
        if not isinstance(place, int) or isinstance(place, bool):
            raise InputError(
                f"{coco.path.name}: image {record['id']} of volume {volume} has slice_index "
                f"{place!r}, expected a whole number"
            )
        found[record["id"]] = (str(volume), place)
    return found
