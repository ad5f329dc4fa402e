"""Evidence ``losses``: a small network trained on the labels as given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from benchmark_n.coco import CocoFile
from benchmark_n.coco.pixels import files_digest, image_files
from benchmark_n.evidence.collect import Request
from benchmark_n.evidence.crops.cutting import Cutter, cut_crops
from benchmark_n.evidence.evidence import Evidence
from benchmark_n.evidence.losses import small_network as scratch
from benchmark_n.runtime.progress import Progress


class LossMaker:
    """Evidence ``losses``: a small network trained from scratch on all given labels."""

    def __init__(
        self, base: Evidence, coco: CocoFile, argument: str, request: Request, wanted: set[str]
    ) -> None:
        self._base, self._coco, self._request = base, coco, request
        self._paths = image_files(request.images, coco.images, base.image_ids)

    def inputs(self) -> dict[str, Any]:
        """Images and seed."""
        return {
            "images": files_digest(self._paths.values()),
            "version": scratch.VERSION,
            "seed": self._request.seed,
        }

    def make(self, progress: Progress | None) -> Evidence:
        """Cut, train, note the losses."""
        count = len(self._base)
        crops = np.zeros((count, scratch.SIZE, scratch.SIZE, 3), np.uint8)
        masks = np.zeros(crops.shape[:3], np.uint8)
        cutter = Cutter(scratch.SIZE, None)
        for cut in cut_crops(self._base, self._coco, self._paths, cutter, self._request.workers):
            crops[cut.indices], masks[cut.indices] = cut.crops, cut.masks
        losses = scratch.train_losses(
            crops,
            masks,
            self._base.labels,
            len(self._base.category_ids),
            seed=self._request.seed,
            device=self._request.device,
            progress=progress,
        )
        return replace(
            self._base,
            class_losses=losses.class_losses,
            mask_losses=losses.mask_losses,
            margins=losses.margins,
            provenance={
                "evidence": "losses",
                "backbone": "scratch:small",
                "backbone_version": str(scratch.VERSION),
                "epochs": scratch.EPOCHS,
                "seed": self._request.seed,
                "trained_on": "noisy-in-sample",
                "notes": [],
            },
        )
