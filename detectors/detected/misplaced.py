"""Annotations that lie beside what detectors find."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.detectors.detected.support import (
    box_error_probabilities,
    judged_places,
    moved_a_little,
    of_all,
)
from benchmark_n.evidence import Evidence


@dataclass
class Misplaced:
    """Annotations whose box is shifted, too large or too small by what detectors find there.

    The file's own boxes, moved by a tenth to a third of their size or scaled, are what such an
    error looks like: the probability of one is the ratio of the two densities, out of fold by
    image (`benchmark_n.detectors.common.planted_errors`). Boxes are compared, not masks: what
    leaves the box as it is goes unseen.

    Parameters
    ----------
    threshold
        Flag annotations of this probability or more.

    References
    ----------
    .. [1] Blanchard, Lee, Scott: Semi-supervised novelty detection, JMLR 11 (2010).

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.evidence import DetectedBoxes, DetectionEvidence, evidence_of
    >>> masks = np.pad(np.ones((40, 20, 20)), [(0, 0), (30, 50), (30, 50)])
    >>> masks[-1] = np.roll(masks[-1], 5, axis=1)  # drawn 5 px too far to the right
    >>> ids, boxes = np.arange(1, 41), np.float32([[30, 30, 20, 20]] * 40)
    >>> found = DetectedBoxes(ids, 0 * ids, np.full(40, 0.9, np.float32), boxes)
    >>> said = DetectionEvidence("mine", np.full((40, 1), 0.9), np.array([True]), found)
    >>> evidence = evidence_of([0] * 40, ["cat"], masks=masks, detections=(said,))
    >>> int(Misplaced().fit(evidence).scores_["score"].to_numpy().argmax())
    39
    """

    name: ClassVar[str] = "misplaced"
    kinds: ClassVar[tuple[str, ...]] = ("spatial",)
    needs: ClassVar[tuple[str, ...]] = ("detections",)
    reference: ClassVar[str] = "own; ratio of densities as Blanchard et al., JMLR 2010"

    threshold: float = 0.5
    scores_: Any = field(default=None, init=False, repr=False)
    details_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        places = judged_places(evidence)
        planted = moved_a_little(evidence, places)
        found = box_error_probabilities(evidence, places, planted)
        values = of_all(evidence, places, found.values)
        self.details_ = {"judged": len(places), "share_misplaced": found.share}
        self.scores_ = annotation_scores(evidence, "spatial", values, values >= self.threshold)
        return self
