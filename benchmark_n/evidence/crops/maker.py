"""Sources of evidence that need the image files."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from benchmark_n.coco.pixels import CROPS_VERSION, files_digest
from benchmark_n.coco.units import Units, image_units
from benchmark_n.evidence.backbones.base import Backbone, make_backbone
from benchmark_n.evidence.collect import MakerInput
from benchmark_n.evidence.crops.evidence import crop_evidence
from benchmark_n.evidence.crops.many_rows import MANY, MANY_NAME
from benchmark_n.evidence.evidence import Evidence

_ON_DEMAND = ("dropout_probs",)


class CropMaker:
    """Evidence ``crops``: see `benchmark_n.evidence.crops.evidence`."""

    def __init__(self, given: MakerInput) -> None:
        self._given, self._options = given, given.options
        self._wanted = sorted(set(_ON_DEMAND) & given.wanted)

    @cached_property
    def _backbone(self) -> Backbone:
        return make_backbone(self._options.backbone, self._options.device)

    @cached_property
    def _units(self) -> Units:
        given = self._given
        return image_units(given.coco, given.base.image_ids, self._options.group_by)

    def inputs(self) -> dict[str, Any]:
        """Images, backbone, folds, units and seed."""
        # What was kept of few annotations before heads of many had a way of their own still holds.
        many = {"heads": MANY_NAME} if len(self._given.base) >= MANY else {}
        return {
            **many,
            "images": files_digest(self._given.paths.values()),
            "crops": CROPS_VERSION,
            "backbone": [self._backbone.name, self._backbone.version],
            "folds": self._options.folds,
            "units": self._units.digest,
            "seed": self._options.seed,
            "wanted": self._wanted,
        }

    def make(self) -> Evidence:
        """Cut, describe, cross-validate."""
        return crop_evidence(
            self._given.base,
            self._given.coco,
            self._given.paths,
            self._backbone,
            folds=self._options.folds,
            units=self._units,
            seed=self._options.seed,
            wanted=self._wanted,
            workers=self._given.execution.workers,
            progress=self._given.execution.progress,
        )
