"""Mix into the suspects what tells how many errors are left, and how good the reviewers are.

An audit sample is drawn from the annotations that are not listed, stratified by score; planted
items are annotations with an error of a recipe, or with one as their suggestion. Reviewers are not
told which is which (`benchmark_n.review.private`).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.errors import UsageError
from benchmark_n.evaluators.sampling import allocate, score_strata
from benchmark_n.noise.recipe import load_recipe
from benchmark_n.review.choice import make_item, rows_of
from benchmark_n.review.items import Item
from benchmark_n.review.planting import plant
from benchmark_n.review.private import Planted, Private, hidden
from benchmark_n.runtime.options import check_whole
from benchmark_n.runtime.random_streams import hashes

RECIPE = "human-lvis-crowd"
# How many annotations behind the list are a stratum of their own.
NEXT = 200


@dataclass(frozen=True)
class SampleOptions:
    """What is mixed in with the suspects; by default nothing.

    Parameters
    ----------
    audit_sample
        Number of annotations that are not listed.
    plant
        Number of known errors; as many decoys come with them: right annotations with a wrong
        suggestion.
    recipe
        Of these errors, a noise recipe's name or file.
    seed
        Of all that is drawn; by default a secret one, since whoever has the file and the seed can
        tell which items are planted.

    Examples
    --------
    >>> SampleOptions(audit_sample=100, plant=20).asked
    True
    """

    audit_sample: int = 0
    plant: int = 0
    recipe: str = RECIPE
    seed: int | None = None

    def __post_init__(self) -> None:
        check_whole("`audit_sample`", self.audit_sample, least=0)
        check_whole("`plant`", self.plant, least=0)
        if self.recipe != RECIPE and not self.plant:
            raise UsageError("`recipe` is of planted errors: say how many with `plant`")

    @property
    def asked(self) -> bool:
        """Whether anything is mixed in."""
        return bool(self.audit_sample or self.plant)


def mix(
    coco: CocoFile, scores: Mapping[str, Any], listed: Sequence[Item], options: SampleOptions
) -> tuple[tuple[Item, ...], Private]:
    """All items in an order that is drawn, each without what would tell it apart.

    Parameters
    ----------
    scores
        Detector to its scores table.
    listed
        The suspects.

    Raises
    ------
    InputError
        Fewer errors come of the recipe than are to be planted.
    """
    seed = secrets.randbits(63) if options.seed is None else options.seed
    ids, ranks = _others(coco, scores, {item.annotation_id for item in listed})
    strata = np.array(score_strata(-ranks, ids, NEXT), np.int64)
    sizes = np.bincount(strata, minlength=1).tolist() if len(ids) else []
    sampled = _draw(ids, strata, allocate(sizes, options.audit_sample), seed)
    items = [*listed, *_sampled_items(coco, scores, sampled)]
    planted: list[Planted] = []
    planted_items: list[Item] = []
    if options.plant:
        free = [i for i in _unflagged(ids, scores) if i not in sampled]
        recipe = load_recipe(options.recipe)
        planted, planted_items = plant(
            coco,
            free,
            recipe,
            options.plant,
            seed,
            proposals=any(item.proposal for item in listed),
        )
    shuffled = _shuffled([*items, *planted_items], seed)
    numbers = _proposal_ids(shuffled, coco)
    renumbered = [_numbered(item, numbers) for item in shuffled]
    private = Private(
        seed,
        {numbers.get(i.annotation_id, i.annotation_id): i.flags for i in shuffled},
        sampled,
        tuple(sizes),
        tuple(_numbered(one, numbers) for one in planted),
        options.recipe if options.plant else "",
    )
    return tuple(hidden(item) for item in renumbered), private


def _others(
    coco: CocoFile, scores: Mapping[str, Any], listed: set[int]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Ids of the scored annotations that are not listed, and their best ranks, 0 the most suspect.

    Scores of several detectors are of different scales; their ranks are not. Crowds are left out.
    """
    crowds = set(coco.annotation_ids[coco.crowd].tolist())
    best: dict[int, float] = {}
    for table in scores.values():
        named = table.filter(pc.is_valid(table["annotation_id"]))
        most = named.group_by("annotation_id").aggregate([("score", "max")])
        values = most["score_max"].to_numpy()
        # Equal scores have the rank of the first of them: the order of the file counts for nothing.
        ranks = np.searchsorted(np.sort(-values), -values)
        for identity, rank in zip(most["annotation_id"].to_pylist(), ranks.tolist(), strict=True):
            if identity not in listed and identity not in crowds:
                best[identity] = min(best.get(identity, np.inf), rank)
    ids = sorted(best)
    return np.array(ids, np.int64), np.array([best[i] for i in ids], np.float64)


def _draw(
    ids: NDArray[np.int64], strata: NDArray[np.int64], taken: Sequence[int], seed: int
) -> dict[int, int]:
    """Annotation to stratum of the sample, drawn without replacement within each."""
    drawn: dict[int, int] = {}
    order = np.argsort(hashes(seed, "review.audit", ids), kind="stable")
    for stratum, count in enumerate(taken):
        chosen = order[strata[order] == stratum][:count]
        drawn |= dict.fromkeys(ids[chosen].tolist(), stratum)
    return drawn


def _sampled_items(
    coco: CocoFile, scores: Mapping[str, Any], sampled: Mapping[int, int]
) -> list[Item]:
    """The sampled annotations, with what the detectors suggest for them as for suspects."""
    place = {identity: i for i, identity in enumerate(coco.annotation_ids.tolist())}
    rows: dict[int, list[tuple[str, dict[str, Any]]]] = {i: [] for i in sampled}
    for detector, row in rows_of(scores, list(sampled)):
        rows[row["annotation_id"]].append((detector, row))
    ranked = {i: sorted(of, key=lambda entry: -entry[1]["score"]) for i, of in rows.items()}
    return [make_item(i, of, place[i], coco) for i, of in ranked.items()]


def _unflagged(ids: NDArray[np.int64], scores: Mapping[str, Any]) -> list[int]:
    """Those that no detector flags: the most probably right."""
    flagged = {row["annotation_id"] for _, row in rows_of(scores, ids.tolist(), only_flagged=True)}
    return [identity for identity in ids.tolist() if identity not in flagged]


def _shuffled(items: Sequence[Item], seed: int) -> list[Item]:
    keys = hashes(seed, "review.order", np.array([i.annotation_id for i in items], np.int64))
    return [items[i] for i in np.argsort(keys, kind="stable").tolist()]


def _proposal_ids(items: Sequence[Item], coco: CocoFile) -> dict[int, int]:
    """New ids of the proposals, in the order that was drawn: theirs would tell who made them."""
    free = max(coco.annotation_ids.tolist(), default=0) + 1
    proposals = [item.annotation_id for item in items if item.proposal]
    return {identity: free + place for place, identity in enumerate(proposals)}


def _numbered(one: Any, numbers: Mapping[int, int]) -> Any:
    identity = numbers.get(one.annotation_id, one.annotation_id)
    return msgspec.structs.replace(one, annotation_id=identity)
