"""Evidence ``quality``: Dice coefficients that a trained network predicts."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import files_digest
from benchmark_n.detectors.quality_sentinel.conditions import conditions_of
from benchmark_n.detectors.quality_sentinel.scoring import Sentinel, score_masks
from benchmark_n.detectors.quality_sentinel.self_fit.maker import SelfFitMaker
from benchmark_n.detectors.quality_sentinel.volumes import score_volumes
from benchmark_n.detectors.quality_sentinel.weights import (
    load_sentinel,
    weights_digest,
    weights_name,
)
from benchmark_n.errors import UsageError
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.collect import Maker, MakerInput
from benchmark_n.evidence.domain import in_domain, strangers_note
from benchmark_n.evidence.evidence import Ints

VERSION = 2
# The weights, shipped or of the trainer, are fitted to masks that the noises spoilt.
TOLD = "the noise's operators"


def quality_maker(given: MakerInput) -> Maker:
    """What makes the evidence: weights, or a regressor that is fitted to the given masks."""
    if given.options.fit != "self":
        return QualityMaker(given)
    if given.options.weights is not None:
        raise UsageError("fit self fits its own model: leave `weights` out")
    return SelfFitMaker(given)


class QualityMaker:
    """Evidence ``quality``: Dice coefficients that a trained network predicts."""

    def __init__(self, given: MakerInput) -> None:
        self._given, self._base = given, given.base
        self._weights, self._device = given.options.weights_path, given.options.device

    @cached_property
    def _sentinel(self) -> Sentinel:
        return load_sentinel(self._weights, self._device)

    @cached_property
    def _conditions(self) -> Any:
        trained, categories = self._sentinel, self._given.coco.categories
        # As the file has them: the network was told these, not what tells namesakes apart.
        names = [categories[i].name or str(i) for i in self._base.category_ids.tolist()]
        return conditions_of(trained.settings.condition, names, trained.names, trained.table)

    @property
    def _told(self) -> list[str]:
        seen = ["photographs that its weights have seen"]
        return [TOLD, *(seen if self._given.options.in_sample else ())]

    def inputs(self) -> dict[str, Any]:
        """Images, weights, and the categories that have no condition here."""
        records = self._given.coco.section("images")
        return {
            "images": files_digest(self._given.paths.values()),
            "weights": weights_digest(self._weights),
            "version": VERSION,
            "told": self._told,
            "without": self._conditions[1],
            "volumes": [[r.get("volume_id"), r.get("slice_index")] for r in records],
        }

    def make(self) -> Evidence:
        """Cut, score, average over the slices of a volume."""
        table, without = self._conditions
        coco, paths, progress = self._given.coco, self._given.paths, self._given.execution.progress
        domain, base = self._sentinel.domain, self._base
        known = np.ones(len(base), bool)

        def score(rows: Ints) -> NDArray[np.float32]:
            scored = score_masks(self._sentinel, base, coco, paths, rows, table, progress)
            if domain is not None:
                known[rows] = in_domain(domain, scored.pictures) | ~scored.pictures.any(1)
            return scored.dsc

        predicted = score_volumes(base, coco, score)
        notes = [] if domain is None else strangers_note(known)
        if without:
            notes.append(
                f"quality_sentinel scores {len(without)} categories without their names, the first "
                f"is '{without[0]}': pip install '.[text]' for conditions of new names"
                if self._sentinel.settings.condition == "text"
                else f"quality_sentinel was not trained on {len(without)} of the categories, the "
                f"first is '{without[0]}'"
            )
        return replace(
            self._base,
            predicted_dsc=predicted,
            in_domain=None if domain is None else known,
            provenance={
                "evidence": "quality",
                "weights": weights_name(self._weights),
                "weights_sha256": weights_digest(self._weights),
                "trained_on": "other",
                "out_of_domain": None if domain is None else int((~known).sum()),
                "told": self._told,
                "notes": notes,
            },
        )
