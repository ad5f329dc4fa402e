"""Scores tables out of arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmark_n.detectors.common.matching import mask_ious
from benchmark_n.evidence import Evidence
from benchmark_n.masks import Rle
from benchmark_n.tables.scores import scores_table

Flags = NDArray[np.bool_]
# A mask whose IoU with the given one is less is that of another object.
SAME_OBJECT = 0.5


def annotation_scores(
    evidence: Evidence,
    kind: str,
    scores: NDArray[Any],
    flagged: Flags,
    *,
    categories: NDArray[Any] | None = None,
    masks: Sequence[Rle | None] | None = None,
    further: Mapping[str, NDArray[Any]] | None = None,
) -> Any:
    """A scores table with a row for each annotation.

    Parameters
    ----------
    scores, flagged
        (N,) numbers, cut to 0 to 1, and bool (N,).
    categories
        Suggested category of each as an index, int (N,); where it is the given one, or -1, the
        row suggests none.
    masks
        Suggested mask of each, or None; one below `SAME_OBJECT` is not suggested. They have to be
        of the given category, or of the one that is suggested.
    further
        Columns (N,) of the detector's own; NaN becomes null.
    """
    columns: dict[str, Any] = {
        "image_id": evidence.image_ids,
        "annotation_id": evidence.annotation_ids,
        "kind": [kind] * len(evidence),
        "score": np.clip(np.asarray(scores, np.float64), 0, 1),
        "flagged": np.asarray(flagged, bool),
    }
    if categories is not None:
        none = (categories == evidence.labels) | (categories < 0)
        columns["suggested_category"] = pa.array(evidence.category_ids[categories], mask=none)
    if masks is not None:
        pairs = zip(evidence.masks, masks, strict=True)
        columns["suggested_segmentation"] = [_suggestion(given, mask) for given, mask in pairs]
    table = scores_table(columns)
    for name, values in (further or {}).items():
        table = table.append_column(name, pa.array(values, from_pandas=True))
    return table


def _suggestion(given: Rle, mask: Rle | None) -> str | None:
    if mask is None or mask_ious([given], [mask])[0, 0] < SAME_OBJECT:
        return None
    return rle_text(mask)


def proposal_scores(
    image_ids: NDArray[np.int64],
    scores: NDArray[Any],
    flagged: Flags,
    categories: NDArray[np.int64],
    masks: Sequence[Rle],
) -> Any:
    """A scores table of proposed missing instances; `categories` are ids."""
    return scores_table(
        {
            "image_id": image_ids,
            "kind": ["missing"] * len(image_ids),
            "score": np.clip(np.asarray(scores, np.float64), 0, 1),
            "flagged": np.asarray(flagged, bool),
            "suggested_category": categories,
            "suggested_segmentation": [rle_text(mask) for mask in masks],
        }
    )


def join_scores(tables: Sequence[Any]) -> Any:
    """Several scores tables as one."""
    return pa.concat_tables(list(tables))


def rle_text(rle: Rle) -> str:
    """An RLE as the JSON text that scores tables hold."""
    height, width = rle["size"]
    # A counts string has no quotes, but backslashes.
    counts = rle["counts"].decode().replace("\\", "\\\\")
    return f'{{"size":[{height},{width}],"counts":"{counts}"}}'
