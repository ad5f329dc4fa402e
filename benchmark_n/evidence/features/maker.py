"""Evidence ``features``: what a frozen network says of several views of each annotation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from benchmark_n.coco.pixels import CROPS_VERSION, read_rgb
from benchmark_n.coco.units import Units, image_units
from benchmark_n.evidence.backbones.base import Backbone, best_backbone, make_backbone
from benchmark_n.evidence.collect import MakerInput
from benchmark_n.evidence.evidence import Evidence
from benchmark_n.evidence.features.principal import COMPONENTS, principal_components
from benchmark_n.evidence.features.views import VERSION, describe
from benchmark_n.evidence.folds import plan_folds
from benchmark_n.evidence.image_tasks import ImageTask, each_on_a_thread, image_tasks
from benchmark_n.evidence.row_store import RowBlock, Rows, half, image_blocks, stored_rows
from benchmark_n.masks import Rle, rles_to_crops

_IMAGES_A_BLOCK = 16


@dataclass(frozen=True)
class _Task:
    """An image, and the masks of its annotations."""

    of: ImageTask
    masks: tuple[Rle, ...]


class FeatureMaker:
    """Evidence ``features``, or ``features:BACKBONE``.

    The blocks of each annotation are kept in half precision, whatever its category: files that
    differ in categories alone share them. Evidence is their principal components.
    """

    def __init__(self, given: MakerInput) -> None:
        self._given, self._options, self._base = given, given.options, given.base

    @cached_property
    def _backbone(self) -> Backbone:
        name = self._given.argument or self._options.backbone
        return make_backbone(best_backbone() if name == "auto" else name, self._options.device)

    @cached_property
    def _units(self) -> Units:
        given = self._given
        return image_units(given.coco, self._base.image_ids, self._options.group_by)

    @cached_property
    def _blocks(self) -> list[RowBlock[list[_Task]]]:
        base = self._base
        tasks = [
            _Task(task, tuple(base.masks[i] for i in task.places.tolist()))
            for task in image_tasks(base, self._given.coco, self._given.paths)
        ]
        return image_blocks(
            tasks,
            _IMAGES_A_BLOCK,
            lambda task: task.of.path,
            lambda task: [task.of.places.tolist(), [_text(mask) for mask in task.masks]],
            lambda task: len(task.masks),
        )

    def inputs(self) -> dict[str, Any]:
        """Images and masks, backbone, folds, units and seed."""
        return {
            "images": [block.key for block in self._blocks],
            "made_of": self._made_of(),
            "components": COMPONENTS,
            "folds": self._options.folds,
            "units": self._units.digest,
            "seed": self._options.seed,
        }

    def _made_of(self) -> dict[str, Any]:
        told = [self._backbone.name, self._backbone.version]
        return {"backbone": told, "crops": CROPS_VERSION, "version": VERSION}

    def make(self) -> Evidence:
        """Describe the annotations, and plan the folds of what learns from them."""
        base, options = self._base, self._options
        plan, notes = plan_folds(
            base.labels, self._units, base.category_names, options.folds, options.seed
        )
        rows = dict(
            stored_rows(
                options.folder / "features",
                self._made_of(),
                self._blocks,
                partial(_rows, self._backbone, options.device),
                self._given.execution.progress,
            )
        )
        places = rows.pop("places")
        made = principal_components(rows)
        ordered = np.zeros_like(made)
        ordered[places] = made
        provenance = {
            "evidence": "features",
            "backbone": self._backbone.name,
            "backbone_version": self._backbone.version,
            "blocks": {name: block.shape[1] for name, block in rows.items()},
            "num_folds": options.folds,
            "grouped_by": self._units.field,
            "units": len(self._units),
            "seed": options.seed,
            "trained_on": "noisy-oof",
            "notes": notes,
        }
        return replace(base, features=half(ordered), folds=plan, provenance=provenance)


def _rows(backbone: Backbone, device: str, tasks: list[_Task]) -> Rows:
    """The blocks of some images' annotations."""
    parts = each_on_a_thread(partial(_of_image, backbone), tasks, device)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _of_image(backbone: Backbone, task: _Task) -> Rows:
    pixels = read_rgb(task.of.path, task.of.image)
    blocks = describe(backbone, pixels, task.of.boxes, list(rles_to_crops(task.masks)))
    return {"places": task.of.places, **{name: half(block) for name, block in blocks.items()}}


def _text(mask: Rle) -> list[Any]:
    return [*mask["size"], mask["counts"].decode()]
