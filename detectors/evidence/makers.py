"""Sources of evidence that need the image files."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from benchmark_n.coco import CocoFile
from benchmark_n.detectors.evidence import scratch
from benchmark_n.detectors.evidence.backbones import Backbone, make_backbone
from benchmark_n.detectors.evidence.crops import crop_evidence
from benchmark_n.detectors.evidence.cutting import Cutter, cut_crops
from benchmark_n.detectors.evidence.evidence import Evidence
from benchmark_n.detectors.evidence.gather import Progress, Request
from benchmark_n.detectors.evidence.pixels import CROPS_VERSION, files_digest, image_files

_ON_DEMAND = ("dropout_probs", "repeated_probs")


class CropMaker:
    """Evidence ``crops``: see `benchmark_n.detectors.evidence.crops`."""

    def __init__(
        self, base: Evidence, coco: CocoFile, argument: str, request: Request, wanted: set[str]
    ) -> None:
        self._base, self._coco, self._request = base, coco, request
        self._wanted = sorted(set(_ON_DEMAND) & wanted)

    @cached_property
    def _paths(self) -> dict[int, Path]:
        return image_files(self._request.images, self._coco.images, self._base.image_ids)

    @cached_property
    def _backbone(self) -> Backbone:
        return make_backbone(self._request.backbone, self._request.device)

    def inputs(self) -> dict[str, Any]:
        """Images, backbone, folds and seed."""
        return {
            "images": files_digest(self._paths.values()),
            "crops": CROPS_VERSION,
            "backbone": [self._backbone.name, self._backbone.version],
            "folds": self._request.folds,
            "group_by": self._request.group_by,
            "seed": self._request.seed,
            "wanted": self._wanted,
        }

    def make(self, progress: Progress | None) -> Evidence:
        """Cut, describe, cross-validate."""
        return crop_evidence(
            self._base,
            self._coco,
            self._paths,
            self._backbone,
            folds=self._request.folds,
            group_by=self._request.group_by,
            seed=self._request.seed,
            wanted=self._wanted,
            workers=self._request.workers,
            progress=progress,
        )


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
