"""Annotations of things that are not there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.detectors.detected.support import (
    box_error_probabilities,
    judged_places,
    moved_anywhere,
    of_all,
)
from benchmark_n.evidence import Evidence


@dataclass
class Unsupported:
    """Annotations where no detector finds anything, of whatever category.

    Boxes of the file's own sizes laid anywhere are what an invented annotation looks like to the
    detectors: the probability that one is invented is the ratio of the two densities, out of fold
    by image (`benchmark_n.detectors.common.planted_errors`). Small things, which detectors miss,
    are told from them by their size; of categories that no detector knows nothing is said.

    Parameters
    ----------
    threshold
        Flag annotations of this probability or more.
    times
        Planted boxes for each annotation.

    References
    ----------
    .. [1] Blanchard, Lee, Scott: Semi-supervised novelty detection, JMLR 11 (2010).

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.evidence import DetectedBoxes, DetectionEvidence, evidence_of
    >>> masks = np.pad(np.ones((40, 20, 20)), [(0, 0), (10, 70), (10, 70)])
    >>> ids = np.arange(1, 40)  # in image 40 the detector finds nothing
    >>> boxes = np.float32([[10, 10, 20, 20]] * 39)
    >>> found = DetectedBoxes(ids, 0 * ids, np.full(39, 0.9, np.float32), boxes)
    >>> support = np.float32([[0.9]] * 39 + [[0.0]])
    >>> said = DetectionEvidence("mine", support, np.array([True]), found)
    >>> evidence = evidence_of([0] * 40, ["cat"], masks=masks, detections=(said,))
    >>> int(Unsupported().fit(evidence).scores_["score"].to_numpy().argmax())
    39
    """

    name: ClassVar[str] = "unsupported"
    kinds: ClassVar[tuple[str, ...]] = ("spurious",)
    needs: ClassVar[tuple[str, ...]] = ("detections",)
    reference: ClassVar[str] = "own; ratio of densities as Blanchard et al., JMLR 2010"

    threshold: float = 0.5
    times: int = 3
    scores_: Any = field(default=None, init=False, repr=False)
    details_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        places = judged_places(evidence)
        planted = moved_anywhere(evidence, places, self.times)
        found = box_error_probabilities(evidence, places, planted)
        values = of_all(evidence, places, found.values)
        self.details_ = {"judged": len(places), "share_spurious": found.share}
        self.scores_ = annotation_scores(evidence, "spurious", values, values >= self.threshold)
        return self
