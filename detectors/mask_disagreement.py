"""Given masks against predicted ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Self

import msgspec
import numpy as np

from benchmark_n.detectors.common.matching import iou_blocks
from benchmark_n.detectors.common.score_tables import (
    annotation_scores,
    join_scores,
    proposal_scores,
)
from benchmark_n.evidence import Evidence
from benchmark_n.masks import Rle, rle_to_crop
from benchmark_n.masks.boundary import boundary_distance, mask_and_boundary_iou


@dataclass
class MaskDisagreement:
    """Spatial errors where the given mask differs from the predicted one; missing ones between.

    Each annotation is compared with the prediction of largest mask IoU in its image. The spatial
    score is ``c (1 - (IoU + boundary IoU) / 2)``, c being the prediction's confidence; without a
    prediction that touches it, `unseen`. Suggested is the mask of the best prediction of the given
    category, where that is the same object. A prediction that no annotation covers by `overlap` is
    proposed as a missing instance, by its confidence.

    Parameters
    ----------
    threshold
        Scores above are flagged.
    confidence
        Proposals above are flagged.

    References
    ----------
    .. [1] Cheng et al.: Boundary IoU, CVPR 2021, for the second of the two measures.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.evidence import evidence_of, instances_of
    >>> masks = np.zeros((2, 40, 40))
    >>> masks[0, 5:25, 5:25] = masks[1, 5:25, 5:15] = 1  # a square, and half of it
    >>> found = instances_of([0, 0], masks[[0, 0]], scores=[0.8, 0.8])  # the square in both images
    >>> evidence = evidence_of([0, 0], ["cat"], masks=masks, predictions=found)
    >>> scores = MaskDisagreement().fit(evidence).scores_
    >>> scores["score"].to_numpy().round(2).tolist()  # .8 (1 - (1/2 + 38/94) / 2)
    [0.0, 0.44]
    """

    name: ClassVar[str] = "mask_disagreement"
    kinds: ClassVar[tuple[str, ...]] = ("spatial", "missing")
    needs: ClassVar[tuple[str, ...]] = ("predictions",)
    of_masks: ClassVar[tuple[str, ...]] = ("spatial", "missing")
    reference: ClassVar[str] = "1 - mask IoU and 1 - boundary IoU (Cheng et al., CVPR 2021)"

    threshold: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.25
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    overlap: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.5
    unseen: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    dilation_ratio: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.02
    scores_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`, and propose instances."""
        predicted = evidence.predictions
        assert predicted is not None
        scores = np.full(len(evidence), self.unseen)
        suggested: list[Rle | None] = [None] * len(evidence)
        free = []
        for _, mine, theirs, ious in iou_blocks(evidence, predicted):
            for row, index in enumerate(mine.tolist()):
                if not ious.shape[1] or not ious[row].any():
                    continue
                best = int(theirs[int(ious[row].argmax())])
                value = self._difference(evidence.masks[index], predicted.masks[best])
                scores[index] = predicted.scores[best] * value
                own = predicted.labels[theirs] == evidence.labels[index]
                if own.any():
                    best = int(theirs[np.where(own, ious[row], -1).argmax()])
                    suggested[index] = predicted.masks[best]
            covered = ious.max(axis=0, initial=0.0)
            free += theirs[covered < self.overlap].tolist()
        spatial = annotation_scores(
            evidence, "spatial", scores, scores > self.threshold, masks=suggested
        )
        places = np.array(free, np.intp)
        missing = proposal_scores(
            predicted.image_ids[places],
            predicted.scores[places],
            predicted.scores[places] > self.confidence,
            evidence.category_ids[predicted.labels[places]],
            [predicted.masks[i] for i in free],
        )
        self.scores_ = join_scores([spatial, missing])
        return self

    def _difference(self, given: Rle, predicted: Rle) -> float:
        height, width = given["size"]
        distance = boundary_distance(height, width, self.dilation_ratio)
        ious = mask_and_boundary_iou(rle_to_crop(given), rle_to_crop(predicted), distance)
        return 1 - sum(ious) / 2
