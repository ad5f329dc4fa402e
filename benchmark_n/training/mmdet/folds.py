"""Folds over the images of a file, for predictions by models that did not see them."""

from __future__ import annotations

import numpy as np

from benchmark_n.coco import CocoFile
from benchmark_n.errors import UsageError
from benchmark_n.evidence.annotations import image_groups


def fold_images(coco: CocoFile, count: int, seed: int = 0) -> dict[int, int]:
    """Image id to its fold, 0 to `count` - 1; folds differ in size by at most one group.

    A group is a patient or sequence where the image records name one, else an image.

    Raises
    ------
    UsageError
        Fewer than two folds, or fewer groups than folds.
    """
    ids = np.fromiter(coco.images, np.int64, len(coco.images))
    groups, _ = image_groups(coco, ids, None)
    groups_in_all = int(groups.max()) + 1 if len(groups) else 0
    if not 2 <= count <= groups_in_all:
        raise UsageError(
            f"{count} folds for {groups_in_all} groups of images in {coco.path.name}: expected "
            "from 2 folds to as many as there are groups"
        )
    rank = np.random.default_rng([seed, count]).permutation(groups_in_all)
    return dict(zip(ids.tolist(), (rank[groups] % count).tolist(), strict=True))
