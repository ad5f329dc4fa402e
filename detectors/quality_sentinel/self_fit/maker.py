"""Evidence ``quality`` by a regressor that is fitted to the given masks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from benchmark_n.coco.instances import by_image
from benchmark_n.coco.units import Units, image_units
from benchmark_n.detectors.quality_sentinel.self_fit.detected import found_in
from benchmark_n.detectors.quality_sentinel.self_fit.regressor import predict_overlaps, strangers
from benchmark_n.detectors.quality_sentinel.self_fit.rows import VERSION, MaskTask, make_rows
from benchmark_n.errors import InputError
from benchmark_n.evidence.collect import MakerInput
from benchmark_n.evidence.detection_evidence import DetectionEvidence
from benchmark_n.evidence.domain import strangers_note
from benchmark_n.evidence.evidence import Evidence, Ints
from benchmark_n.evidence.folds import plan_folds
from benchmark_n.evidence.row_store import RowBlock, Rows, image_blocks, stored_rows
from benchmark_n.runtime.random_streams import hashes

_IMAGES_A_BLOCK = 32
# The one noise of the package that makes worse masks to fit to.
TOLD = ["the noise contour"]
_FEW_FOLDS = "quality: `fit='self'` learns from the masks of other folds: expected masks in two"


class SelfFitMaker:
    """Evidence ``quality`` with ``fit="self"``; it reads what detectors found, if made before."""

    def __init__(self, given: MakerInput) -> None:
        self._given, self._base, self._options = given, given.base, given.options

    @cached_property
    def _units(self) -> Units:
        return image_units(self._given.coco, self._base.image_ids, self._options.group_by)

    @property
    def _detections(self) -> tuple[DetectionEvidence, ...]:
        made = self._given.made
        return (made.detections or ()) if made is not None else ()

    @cached_property
    def _blocks(self) -> list[RowBlock[list[MaskTask]]]:
        return image_blocks(
            list(self._tasks()),
            _IMAGES_A_BLOCK,
            lambda task: task.path,
            _told,
            lambda task: len(task.places),
        )

    def _tasks(self) -> Iterator[MaskTask]:
        base, ids = self._base, self._base.annotation_ids
        other = another(ids, self._options.seed)
        masked = np.ones(len(ids), bool)
        masked[base.without_mask] = False  # a box is no mask to fit to
        own = by_image(base.image_ids)
        found = [by_image(one.found.image_ids) for one in self._detections]
        none = np.zeros(0, np.intp)
        for image_id in dict.fromkeys(base.image_ids[masked].tolist()):
            places = own[image_id][masked[own[image_id]]]
            near = [rows.get(image_id, none) for rows in found]
            yield MaskTask(
                self._given.paths[image_id],
                self._given.coco.images[image_id],
                places,
                ids[places],
                tuple(base.masks[i] for i in places.tolist()),
                tuple(base.masks[i] for i in other[places].tolist()),
                found_in(self._detections, near),
            )

    def inputs(self) -> dict[str, Any]:
        """Images, masks, what detectors found, folds, units and seed."""
        return {
            "fit": "self",
            "images": [block.key for block in self._blocks],
            "detectors": [one.detector for one in self._detections],
            "folds": self._options.folds,
            "units": self._units.digest,
            "seed": self._options.seed,
            "version": VERSION,
        }

    def rows(self) -> Rows:
        """The numbers of all masks, given and worse."""
        return stored_rows(
            self._options.folder / "self-fit",
            {"self-fit": VERSION, "seed": self._options.seed},
            self._blocks,
            partial(make_rows, self._options.seed, self._given.execution.workers),
            self._given.execution.progress,
        )

    def make(self) -> Evidence:
        """Describe, make worse, fit and ask."""
        base, options = self._base, self._options
        folds, notes = plan_folds(
            base.labels, self._units, base.category_names, options.folds, options.seed
        )
        if not self._blocks:
            raise InputError(_FEW_FOLDS)
        rows = self.rows()
        places = np.asarray(rows["own_places"])
        if len(np.unique(folds[places])) < 2:
            raise InputError(_FEW_FOLDS)
        overlaps = predict_overlaps(rows, folds)
        ious = overlaps["ious"]
        strange = strangers(rows["pictures"], places, folds)
        return replace(
            base,
            predicted_dsc=2 * ious / (1 + ious),
            predicted_boundary_iou=overlaps["boundary_ious"],
            in_domain=~strange,
            provenance={
                "evidence": "quality",
                "fit": "self",
                "folds": options.folds,
                "grouped_by": self._units.field,
                "units": len(self._units),
                "seed": options.seed,
                "detectors": [one.detector for one in self._detections],
                "out_of_domain": int(strange.sum()),
                "trained_on": "noisy-oof",
                "told": TOLD,
                "notes": [*notes, *strangers_note(~strange)],
            },
        )


def another(ids: Ints, seed: int) -> Ints:
    """For each annotation the place of another one, int64 (N,), whatever their order in the file.

    >>> another(np.array([7]), 0).tolist()
    [0]
    """
    order = np.argsort(ids)
    steps = hashes(seed, "self-fit.other", ids) % np.uint64(max(len(ids) - 1, 1))
    ranks = np.argsort(order)
    return np.asarray(order[(ranks + 1 + steps.astype(np.int64)) % len(ids)], np.int64)


def _told(task: MaskTask) -> list[Any]:
    """Plain values that decide an image's rows."""
    masks = [rle["counts"].decode() for rle in (*task.masks, *task.pasted)]
    found = [[one.boxes.tolist(), one.scores.tolist()] for one in task.found]
    drawn = [[rle["counts"].decode() for rle in one.masks or ()] for one in task.found]
    return [task.places.tolist(), task.ids.tolist(), masks, found, drawn]
