"""The detector, and the evidence it reads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

from benchmark_n.coco import CocoFile
from benchmark_n.detectors.evidence import Evidence
from benchmark_n.detectors.evidence.gather import Progress, Request
from benchmark_n.detectors.evidence.pixels import files_digest, image_files
from benchmark_n.detectors.quality_sentinel.conditions import conditions_of
from benchmark_n.detectors.quality_sentinel.scoring import Sentinel, score_masks
from benchmark_n.detectors.quality_sentinel.volumes import score_volumes
from benchmark_n.detectors.quality_sentinel.weights import (
    SHIPPED,
    load_sentinel,
    weights_digest,
)
from benchmark_n.detectors.rows import annotation_scores
from benchmark_n.errors import InputError

VERSION = 1


@dataclass
class QualitySentinel:
    """The given mask is suspect where its predicted Dice coefficient is low.

    Parameters
    ----------
    threshold
        Below this predicted coefficient a mask is flagged.

    References
    ----------
    .. [1] Chen, Zhou, Yuille: Quality Sentinel: Estimating Label Quality and Errors in Medical
           Segmentation Datasets, 2024 (arXiv 2406.00327).
    """

    name: ClassVar[str] = "quality_sentinel"
    kinds: ClassVar[tuple[str, ...]] = ("spatial",)
    needs: ClassVar[tuple[str, ...]] = ("predicted_dsc",)
    reference: ClassVar[str] = "Chen, Zhou, Yuille: Quality Sentinel, 2024"

    threshold: float = 0.92
    scores_: Any = field(default=None, init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.threshold <= 1:
            raise InputError(
                f"{self.name}.threshold is {self.threshold!r}, expected a number from 0 to 1"
            )

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        predicted = evidence.predicted_dsc
        assert predicted is not None
        self.scores_ = annotation_scores(
            evidence, "spatial", 1 - predicted, predicted < self.threshold
        )
        return self


class QualityMaker:
    """Evidence ``quality``: Dice coefficients that a trained network predicts."""

    def __init__(
        self, base: Evidence, coco: CocoFile, argument: str, request: Request, wanted: set[str]
    ) -> None:
        self._base, self._coco, self._request = base, coco, request
        self._paths = image_files(request.images, coco.images, base.image_ids)

    @cached_property
    def _sentinel(self) -> Sentinel:
        return load_sentinel(self._request.weights, self._request.device)

    @cached_property
    def _conditions(self) -> Any:
        trained = self._sentinel
        return conditions_of(
            trained.settings.condition, self._base.category_names, trained.names, trained.table
        )

    def inputs(self) -> dict[str, Any]:
        """Images, weights, and the categories that have no condition here."""
        records = self._coco.section("images")
        return {
            "images": files_digest(self._paths.values()),
            "weights": weights_digest(self._request.weights),
            "version": VERSION,
            "without": self._conditions[1],
            "volumes": [[r.get("volume_id"), r.get("slice_index")] for r in records],
        }

    def make(self, progress: Progress | None) -> Evidence:
        """Cut, score, average over the slices of a volume."""
        table, without = self._conditions
        predicted = score_volumes(
            self._base,
            self._coco,
            lambda rows: score_masks(
                self._sentinel, self._base, self._coco, self._paths, rows, table, progress
            ),
        )
        notes = []
        if without:
            notes.append(
                f"quality_sentinel scores {len(without)} categories without their names, the first "
                f"is '{without[0]}': pip install 'benchmark-n[text]' for conditions of new names"
                if self._sentinel.settings.condition == "text"
                else f"quality_sentinel was not trained on {len(without)} of the categories, the "
                f"first is '{without[0]}'"
            )
        return replace(
            self._base,
            predicted_dsc=predicted,
            provenance={
                "evidence": "quality",
                "weights": _name(self._request.weights),
                "weights_sha256": weights_digest(self._request.weights),
                "trained_on": "other",
                "notes": notes,
            },
        )


def _name(weights: Path | None) -> str:
    return SHIPPED if weights is None else weights.name
