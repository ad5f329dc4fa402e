"""One decision out of those of several reviewers: the majority's, or an adjudicator's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmark_n.coco import CocoFile, Image
from benchmark_n.masks import SegmentationError, mask_iou, rle_to_crop, segmentation_to_rle
from benchmark_n.review.items import Item
from benchmark_n.review.votes import Vote

# Two people never draw one mask: from this IoU on theirs are of one opinion.
SAME_MASK = 0.8


@dataclass(frozen=True)
class Settled:
    """What the reviewers decided together.

    Parameters
    ----------
    decided
        Item to the votes that won, the first of which is carried out.
    disputed
        Items without a majority: the next round.
    """

    decided: dict[int, list[Vote]]
    disputed: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.decided)


def settle(
    votes: Mapping[int, Sequence[Vote]],
    items: Mapping[int, Item],
    coco: CocoFile,
    adjudicator: str | None = None,
) -> Settled:
    """Decide each item that has votes.

    More than half of an item's votes have to agree; what one person alone decides is decided. The
    adjudicator's vote decides alone, whatever the others say.

    Parameters
    ----------
    votes
        Item to its votes, one a reviewer.
    coco
        The file under review, whose images masks are of.
    """
    decided: dict[int, list[Vote]] = {}
    disputed: list[int] = []
    for identity, cast in votes.items():
        final = [vote for vote in cast if vote.who == adjudicator]
        image = coco.images.get(items[identity].image_id)
        agreed = final or _majority(cast, image)
        if agreed:
            decided[identity] = agreed
        else:
            disputed.append(identity)
    return Settled(decided, tuple(disputed))


def _majority(votes: Sequence[Vote], image: Image | None) -> list[Vote] | None:
    """The votes of the opinion that more than half have."""
    groups: list[list[Vote]] = []
    for vote in votes:
        for group in groups:
            if _agree(group[0], vote, image):
                group.append(vote)
                break
        else:
            groups.append([vote])
    return next((group for group in groups if 2 * len(group) > len(votes)), None)


def _agree(one: Vote, other: Vote, image: Image | None) -> bool:
    """Whether two votes are of one outcome, masks that were drawn by hand of one object."""
    if one.outcome != other.outcome:
        return False
    drawn = (one.segmentation, other.segmentation)
    if None in drawn or image is None:
        return True
    try:
        masks = [rle_to_crop(segmentation_to_rle(d, image.height, image.width)) for d in drawn]
    except SegmentationError:
        return False
    return mask_iou(*masks) >= SAME_MASK
