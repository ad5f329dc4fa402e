"""Proposed missing instances against those that were deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_errors import alignment
from benchmark_n.evaluators.label_errors.measures import Measured, ScoredItems
from benchmark_n.masks import Rle, SegmentationError, segmentation_to_rle

MATCH_IOU = 0.5


def match_proposals(proposals: Any, deleted: Mapping[int, Mapping[int, Rle]]) -> NDArray[np.int64]:
    """Id of the deleted instance that each proposal found, int64 (P,); -1 for none.

    In each image the proposals take turns by falling score; each takes the free instance of
    highest mask IoU, if that is at least 0.5. Categories are not compared.

    Parameters
    ----------
    proposals
        Rows of kind ``missing`` of a scores table.
    deleted
        Image id to annotation id to clean mask, of the deleted instances.

    Raises
    ------
    InputError
        A proposal without a segmentation, or with one of another size than its image's masks.
    """
    matched = np.full(len(proposals), -1, np.int64)
    image_ids = proposals["image_id"].to_pylist()
    segmentations = proposals["suggested_segmentation"].to_pylist()
    free = {image_id: dict(masks) for image_id, masks in deleted.items()}
    for row in np.argsort(-proposals["score"].to_numpy(), kind="stable").tolist():
        left = free.get(image_ids[row], {})
        if not left:
            continue
        mask = _proposal_mask(segmentations[row], image_ids[row], next(iter(left.values())))
        ious = coco_mask.iou([mask], list(left.values()), [0] * len(left))[0]
        best = int(np.argmax(ious))
        if ious[best] >= MATCH_IOU:
            matched[row] = list(left)[best]
            del left[matched[row]]
    return matched


def _proposal_mask(text: str | None, image_id: int, other: Rle) -> Rle:
    if text is None:
        raise InputError(f"scores: a missing instance of image {image_id} has no segmentation")
    try:
        return segmentation_to_rle(msgspec.json.decode(text), *other["size"])
    except (msgspec.DecodeError, SegmentationError) as error:
        raise InputError(f"scores: a missing instance of image {image_id}: {error}") from None


def deleted_rows(manifest: Any) -> Any:
    """The rows of instances that the noisy file lacks.

    Examples
    --------
    >>> from benchmark_n import RecipeOptions, SourceOptions, make
    >>> all_of_them = RecipeOptions("hard", overrides={"deletion.probability": 1})
    >>> source = SourceOptions(num_images=3)
    >>> benchmark = make("scenes", recipe=all_of_them, source=source, out="deleted")
    >>> deleted_rows(benchmark.manifest()).num_rows, len(benchmark.noisy())
    (26, 0)
    """
    return manifest.filter(pc.and_(manifest["deleted"], pc.invert(manifest["crowd"])))


def missing_detection(
    proposals: Any, matched: NDArray[np.int64], manifest: Any, gone: Any, group_by: str
) -> ScoredItems:
    """The proposals as scored items; deleted instances that none found count as unranked."""
    lost = ~np.isin(gone["annotation_id"].to_numpy(), matched)
    groups, num_groups = alignment.proposal_groups(proposals, manifest, group_by)
    of_lost = alignment.group_codes(manifest, gone, group_by)[0][lost]
    return ScoredItems(
        proposals["score"].to_numpy(),
        matched >= 0,
        np.asarray(proposals["flagged"].to_numpy(), bool),
        groups,
        num_groups,
        np.bincount(of_lost, minlength=num_groups),
    )


def recall_by(
    gone: Any, matched: NDArray[np.int64], parts: Mapping[str, Mapping[str, NDArray[np.bool_]]]
) -> dict[str, dict[str, Measured]]:
    """How many instances each part has lost, and the share of them that was found."""
    hit = np.isin(gone["annotation_id"].to_numpy(), matched)
    return {
        name: {
            value: {"errors": int(kept.sum()), "recall": float(hit[kept].mean())}
            for value, kept in values.items()
        }
        for name, values in parts.items()
    }
