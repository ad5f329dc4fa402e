"""Two annotation files, row by row."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark_n.coco.file import CocoFile
from benchmark_n.coco.joining.annotations import NOBODY, ids_agree, join_annotations
from benchmark_n.coco.joining.files import join_files

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pair:
    """A row to be: indices into the clean and the noisy file; one of them may be None."""

    clean: int | None
    noisy: int | None


@dataclass(frozen=True)
class MatchedPairs:
    """Rows to be of two files.

    Parameters
    ----------
    noisy
        The noisy file in the clean one's image and category ids.
    pairs
        Clean ones come first in their own order, then what only the noisy file has.
    record
        What the matching went by, in plain values.
    """

    noisy: CocoFile
    pairs: Sequence[Pair]
    record: dict[str, Any]


def match_pairs(
    clean: CocoFile, noisy: CocoFile, match: str = "auto", least_iou: float = 0.5
) -> MatchedPairs:
    """Match two files: images and categories as `join_files`, annotations as `join_annotations`.

    Raises
    ------
    InputError
        Files about different images or categories, or a segmentation that is no mask.
    """
    joined = join_files(clean, noisy, match)
    annotations = join_annotations(clean, joined.coco, match, least_iou)
    partners = annotations.partners
    record = annotations.record
    shared, agreeing = record["shared_ids"], record.get("agreeing_ids", 0)
    if match == "auto" and not ids_agree(record) and 2 * agreeing >= shared:
        _log.warning(
            "%s: %.0f %% of the shared annotation ids agree in image and mask, expected 90 %%: "
            "matched by IoU; `match='id'` goes by ids",
            *(noisy.path.name, 100 * agreeing / shared),
        )
    alone = np.setdiff1d(np.arange(len(noisy)), partners[partners != NOBODY])
    pairs = [Pair(i, None if j == NOBODY else j) for i, j in enumerate(partners.tolist())]
    pairs += [Pair(None, j) for j in alone.tolist()]
    return MatchedPairs(joined.coco, pairs, {**joined.record, **record})
