"""Evidence ``losses``: a small network trained on the labels as given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from benchmark_n.coco.pixels import files_digest
from benchmark_n.evidence.collect import MakerInput
from benchmark_n.evidence.crops.cutting import Cutter, cut_crops
from benchmark_n.evidence.evidence import Evidence
from benchmark_n.evidence.losses import small_network as scratch


class LossMaker:
    """Evidence ``losses``: a small network trained from scratch on all given labels."""

    def __init__(self, given: MakerInput) -> None:
        self._given = given

    def inputs(self) -> dict[str, Any]:
        """Images and seed."""
        return {
            "images": files_digest(self._given.paths.values()),
            "version": scratch.VERSION,
            "seed": self._given.options.seed,
        }

    def make(self) -> Evidence:
        """Cut, train, note the losses."""
        base, options, execution = self._given.base, self._given.options, self._given.execution
        count = len(base)
        crops = np.zeros((count, scratch.SIZE, scratch.SIZE, 3), np.uint8)
        masks = np.zeros(crops.shape[:3], np.uint8)
        cutter = Cutter(scratch.SIZE, None)
        paths = self._given.paths
        for cut in cut_crops(base, self._given.coco, paths, cutter, execution.workers):
            crops[cut.indices], masks[cut.indices] = cut.crops, cut.masks
        losses = scratch.train_losses(
            crops,
            masks,
            base.labels,
            len(base.category_ids),
            seed=options.seed,
            device=options.device,
            progress=execution.progress,
        )
        return replace(
            base,
            class_losses=losses.class_losses,
            mask_losses=losses.mask_losses,
            margins=losses.margins,
            pixel_support=losses.pixel_support,
            provenance={
                "evidence": "losses",
                "backbone": "scratch:small",
                "backbone_version": str(scratch.VERSION),
                "epochs": scratch.EPOCHS,
                "seed": options.seed,
                "trained_on": "noisy-in-sample",
                "notes": [],
            },
        )
