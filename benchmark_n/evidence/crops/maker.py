"""Sources of evidence that need the image files."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from benchmark_n.coco import CocoFile
from benchmark_n.coco.pixels import CROPS_VERSION, files_digest, image_files
from benchmark_n.evidence.backbones.base import Backbone, make_backbone
from benchmark_n.evidence.collect import Request
from benchmark_n.evidence.crops.evidence import crop_evidence
from benchmark_n.evidence.evidence import Evidence
from benchmark_n.runtime.progress import Progress

_ON_DEMAND = ("dropout_probs", "repeated_probs")


class CropMaker:
    """Evidence ``crops``: see `benchmark_n.evidence.crops.evidence`."""

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
