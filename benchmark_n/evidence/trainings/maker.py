"""Evidence ``trainings``: what several methods of training tell of single annotations."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import CROPS_VERSION, files_digest
from benchmark_n.coco.units import Units, image_units
from benchmark_n.errors import InputError
from benchmark_n.evidence.backbones.base import Backbone, make_backbone
from benchmark_n.evidence.collect import AUTOMATIC, MakerInput
from benchmark_n.evidence.crops.cutting import Cutter, cut_crops, instances_alone
from benchmark_n.evidence.crops.linear_heads import centre_and_scale
from benchmark_n.evidence.evidence import Evidence
from benchmark_n.evidence.folds import plan_folds
from benchmark_n.evidence.saliency.maker import crop_size
from benchmark_n.evidence.trainings.dynamics import (
    chosen_copies,
    corrupted_dynamics,
    corrupted_labels,
)
from benchmark_n.evidence.trainings.loop import EPOCHS, TrainingData, repeatable
from benchmark_n.evidence.trainings.noise_rate import estimated_rate
from benchmark_n.evidence.trainings.posterior import posterior_passes
from benchmark_n.evidence.trainings.small_losses import dropped_epochs
from benchmark_n.evidence.trainings.weighting import trained_weights

VERSION = 3
_SCRATCH = "scratch"
_log = logging.getLogger(__name__)


class TrainingMaker:
    """Evidence ``trainings[:NAME]``: a training for each field that the detectors read.

    NAME is a backbone, whose frozen features a small classifier with dropout learns, or
    ``scratch``: a small network on the crops of the instances alone. By default it is the backbone
    of the options.
    """

    def __init__(self, given: MakerInput) -> None:
        self._given, self._base, self._options = given, given.base, given.options
        self._name = given.argument or given.options.backbone
        self._wanted = sorted(set(AUTOMATIC["trainings"]) & given.wanted)

    @cached_property
    def _backbone(self) -> Backbone | None:
        if self._name == _SCRATCH:
            return None
        return make_backbone(self._name, self._options.device)

    @cached_property
    def _units(self) -> Units:
        return image_units(self._given.coco, self._base.image_ids, self._options.group_by)

    def inputs(self) -> dict[str, Any]:
        """Images, what is trained on them, and what single methods are told."""
        backbone, options = self._backbone, self._options
        told: dict[str, Any] = {}
        if "dropped" in self._wanted:
            told = {"rate": options.noise_rate, "folds": options.folds}
            told["units"] = self._units.digest
        if "sample_weights" in self._wanted:
            told["clean"] = sorted(options.clean_subset)
        return {
            "images": files_digest(self._given.paths.values()),
            "version": [VERSION, CROPS_VERSION],
            "model": _SCRATCH if backbone is None else [backbone.name, backbone.version],
            "wanted": self._wanted,
            "seed": options.seed,
            **told,
        }

    def make(self) -> Evidence:
        """Cut, describe, train once for each method."""
        options, base = self._options, self._base
        clean = self._clean() if "sample_weights" in self._wanted else np.zeros(0, np.intp)
        count, ids = len(base.category_ids), base.annotation_ids
        copied, wrong = np.zeros(0, np.intp), None
        if {"dynamics", "copy_dynamics"} & {*self._wanted}:
            copied = chosen_copies(ids, options.seed)
            wrong = corrupted_labels(base.labels[copied], ids[copied], count, options.seed)
        values, mirrored = self._values(copied)
        data = TrainingData(values, base.labels, count, options.seed, options.device)
        made: dict[str, Any] = {}
        facts: dict[str, Any] = {}
        _log.info("trainings of %d epochs for %s", EPOCHS, ", ".join(self._wanted))
        with repeatable():
            if "dropped" in self._wanted:
                facts["noise_rate"] = self._rate(data)
                made["dropped"] = dropped_epochs(data, facts["noise_rate"])
            if wrong is not None:
                dynamics = corrupted_dynamics(data, mirrored, copied, wrong)
                made["dynamics"], made["copy_dynamics"] = dynamics
            if "posterior_passes" in self._wanted:
                made["posterior_passes"] = posterior_passes(data)
            if "sample_weights" in self._wanted:
                made["sample_weights"] = trained_weights(data, clean)
        return replace(base, **made, provenance={**self._provenance(), **facts})

    def _values(self, copied: NDArray[np.intp]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Crops or standardised features of all, and of the mirrored crops of the copied."""
        backbone, base = self._backbone, self._base
        size = crop_size(base.boxes) if backbone is None else backbone.size
        place = np.full(len(base), -1)
        place[copied] = np.arange(len(copied))
        made: Any = None
        mirrored: Any = None
        rows: NDArray[Any]
        more: NDArray[Any]
        given, execution, done = self._given, self._given.execution, 0
        cuts = cut_crops(base, given.coco, given.paths, Cutter(size, None), execution.workers)
        for cut in cuts:
            chosen = place[cut.indices] >= 0
            crops, masks = cut.crops, cut.masks
            if backbone is None:
                rows = instances_alone(cut).crops
                more = rows[chosen][:, :, ::-1]
            else:
                rows = backbone.describe(crops, masks)
                turned = (np.ascontiguousarray(one[chosen][:, :, ::-1]) for one in (crops, masks))
                more = backbone.describe(*turned) if chosen.any() else rows[:0]
            if made is None:
                made = np.zeros((len(base), *rows.shape[1:]), rows.dtype)
                mirrored = np.zeros((len(copied), *rows.shape[1:]), rows.dtype)
            made[cut.indices], mirrored[place[cut.indices][chosen]] = rows, more
            done += len(cut.indices)
            if execution.progress is not None:
                execution.progress(done, len(base))
        if backbone is None:
            return made, mirrored
        mean, scale = centre_and_scale(made)
        return (made - mean) / scale, (mirrored - mean) / scale

    def _rate(self, data: TrainingData) -> float:
        """The share of wrong labels that was told, else an estimate."""
        if self._options.noise_rate is not None:
            return self._options.noise_rate
        names, seed = self._base.category_names, self._options.seed
        folds, _ = plan_folds(data.labels, self._units, names, self._options.folds, seed)
        rate = estimated_rate(data, folds)
        _log.info("estimated share of wrong labels: %.3f", rate)
        return rate

    def _clean(self) -> NDArray[np.intp]:
        """Places of the annotations known to be right."""
        asked = np.array(self._options.clean_subset, np.int64)
        lacking = np.setdiff1d(asked, self._base.annotation_ids)
        if lacking.size:
            raise InputError(
                f"`clean_subset` names annotation {lacking[0]}, which is not in the file"
            )
        if not asked.size:
            raise InputError(
                "sample weights need annotations known to be right (`clean_subset`), found none"
            )
        return np.flatnonzero(np.isin(self._base.annotation_ids, asked))

    def _provenance(self) -> dict[str, Any]:
        options, backbone = self._options, self._backbone
        told = {"dropped": ["noise rate"]} if options.noise_rate is not None else {}
        return {
            "evidence": "trainings",
            "backbone": "scratch:plain" if backbone is None else backbone.name,
            "backbone_version": "-" if backbone is None else backbone.version,
            "epochs": EPOCHS,
            "seed": options.seed,
            "trained_on": "noisy-in-sample",
            "told_for": told,
            "clean_subset": len(options.clean_subset),
            "notes": [],
        }
