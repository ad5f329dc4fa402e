"""Folds over the images of a file, for predictions by models that did not see them."""

from __future__ import annotations

import logging

import numpy as np

from benchmark_n.coco import CocoFile
from benchmark_n.coco.units import image_units
from benchmark_n.errors import UsageError

_log = logging.getLogger(__name__)


def fold_images(coco: CocoFile, count: int, seed: int = 0) -> dict[int, int]:
    """Image id to its fold, 0 to `count` - 1; folds differ in size by at most one unit.

    Units are as `benchmark_n.coco.units` has them; which they are is logged.

    Raises
    ------
    UsageError
        Fewer than two folds, or fewer units than folds.
    """
    ids = np.fromiter(coco.images, np.int64, len(coco.images))
    units = image_units(coco, ids)
    if not 2 <= count <= len(units):
        raise UsageError(
            f"{count} folds for {units} in {coco.path.name}: expected from 2 folds to as many as "
            "there are units"
        )
    for line in units.warnings:
        _log.warning(line)
    _log.info("%d folds of %s", count, units)
    rank = np.random.default_rng([seed, count]).permutation(len(units))
    return dict(zip(ids.tolist(), (rank[units.codes] % count).tolist(), strict=True))
