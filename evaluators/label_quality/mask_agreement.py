"""How far noisy labels are from the clean ones, out of the manifest alone.

Labels have no scores, so there is no average precision. A noisy label is right if its own clean
label has the same category and a mask IoU of at least the threshold; which clean label is its own
is known, so nothing has to be matched.

References
----------
.. [1] Kirillov, He, Girshick, Rother, Dollár: Panoptic Segmentation, CVPR 2019 (equation 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.coco import Category
from benchmark_n.coco.annotation_masks import SIZES
from benchmark_n.coco.labels import category_labels
from benchmark_n.evaluators.label_quality.label_pairs import RIGHT, of_masks, read_labels

THRESHOLDS = (RIGHT, 0.75)


@dataclass(frozen=True)
class MaskAgreement:
    """Agreement of noisy with clean labels, without crowds.

    Parameters
    ----------
    mean_iou, mean_boundary_iou, mean_dice
        Over the clean labels that are in the noisy file; Dice, ``2 IoU / (1 + IoU)``, is the F1 of
        a mask's pixels.
    dice_all_labels
        Mean Dice in which deleted and spurious labels have 0: leaving out labels gains nothing.
    clean, noisy
        Numbers of labels; ``deleted`` and ``spurious`` tell the difference.
    other_category
        Noisy labels under another category.
    at
        For each threshold: ``threshold``, ``true_positives``, ``precision``, ``recall``, ``f1``
        over all labels; ``panoptic_quality``, the mean over categories of the sum of the IoUs of
        true positives over (true positives + half of the false ones of both kinds).
    by_size, by_category
        Size, and category name, to ``clean``, ``noisy``, ``mean_iou``, ``mean_boundary_iou`` and
        ``f1`` at the first threshold, of the labels of that size or category (noisy labels count
        under their own category; spurious ones have no size).
    """

    mean_iou: float | None
    mean_boundary_iou: float | None
    mean_dice: float | None
    dice_all_labels: float | None
    clean: int
    noisy: int
    deleted: int
    spurious: int
    other_category: int
    at: Sequence[Mapping[str, float | int | None]]
    by_size: Mapping[str, Mapping[str, float | int | None]]
    by_category: Mapping[str, Mapping[str, float | int | None]]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def mask_agreement(manifest: Any, categories: Mapping[int, Category]) -> MaskAgreement:
    """Agreement out of a manifest table; `categories` by id, for their names.

    Annotations without a mask are left out.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> found = mask_agreement(benchmark.manifest(), benchmark.noisy().categories)
    >>> round(found.mean_iou, 2), found.other_category
    (0.72, 12)
    """
    labels = read_labels(of_masks(manifest.filter(pc.invert(manifest["crowd"]))))
    iou, edge, clean, noisy = labels.iou, labels.boundary_iou, labels.clean, labels.noisy
    deleted, spurious, same, sizes = labels.deleted, labels.spurious, labels.same, labels.sizes
    group = partial(_group, iou, edge, labels.right)
    dice, names = labels.dice, category_labels(categories)
    return MaskAgreement(
        _mean(iou),
        _mean(edge),
        _mean(dice),
        float(np.nansum(dice) / len(labels)) if len(labels) else None,
        int((~spurious).sum()),
        int((~deleted).sum()),
        int(deleted.sum()),
        int(spurious.sum()),
        int((~same & ~deleted & ~spurious).sum()),
        [_at(threshold, iou, same, clean, noisy) for threshold in THRESHOLDS],
        {size: group(sizes == size, (sizes == size) & ~deleted) for size in SIZES},
        {
            names[identity]: group(clean == identity, noisy == identity)
            for identity in categories
            if identity in clean or identity in noisy
        },
    )


def _group(
    iou: NDArray[np.float64],
    edge: NDArray[np.float64],
    right: NDArray[np.bool_],
    clean_ids: NDArray[np.bool_],
    noisy_ids: NDArray[np.bool_],
) -> dict[str, float | int | None]:
    """Agreement of some clean (`clean_ids`) with some noisy labels (`noisy_ids`)."""
    total = int(clean_ids.sum()) + int(noisy_ids.sum())
    return {
        "clean": int(clean_ids.sum()),
        "noisy": int(noisy_ids.sum()),
        "mean_iou": _mean(iou[clean_ids]),
        "mean_boundary_iou": _mean(edge[clean_ids]),
        "f1": 2 * int((right & clean_ids & noisy_ids).sum()) / total if total else None,
    }


def _at(
    threshold: float,
    iou: NDArray[np.float64],
    same: NDArray[np.bool_],
    clean: NDArray[np.int64],
    noisy: NDArray[np.int64],
) -> dict[str, float | int | None]:
    right = same & (iou >= threshold)
    found, total, given = int(right.sum()), int((clean >= 0).sum()), int((noisy >= 0).sum())
    qualities = [
        2 * iou[right & (clean == c)].sum() / ((clean == c).sum() + (noisy == c).sum())
        for c in np.union1d(clean, noisy)
        if c >= 0
    ]
    return {
        "threshold": threshold,
        "true_positives": found,
        "precision": found / given if given else None,
        "recall": found / total if total else None,
        "f1": 2 * found / (total + given) if total + given else None,
        "panoptic_quality": float(np.mean(qualities)) if qualities else None,
    }


def _mean(values: NDArray[np.float64]) -> float | None:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else None
