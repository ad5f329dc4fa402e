"""ObjectLab: overlooked, badly located and swapped boxes, by cleanlab."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar, Literal, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.instances import by_image
from benchmark_n.detectors.common.mask_similarity import overlap_inputs, with_scores
from benchmark_n.detectors.common.score_tables import (
    annotation_scores,
    join_scores,
    proposal_scores,
)
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.detections.boxes import corners
from benchmark_n.evidence.instance_set import InstanceSet
from benchmark_n.runtime.optional_imports import import_extra

# Least sureness where no confidence is given.
SURE = 0.5


@dataclass
class ObjectLab:
    """Scores of boxes: ``badloc`` as spatial, ``swap`` as class, ``overlooked`` as missing.

    Each is one minus cleanlab's quality. An overlooked box is a prediction of enough confidence
    that touches no annotation.

    Parameters
    ----------
    threshold
        Scores above are flagged.
    confidence
        Least score of predictions that swaps and overlooked boxes are looked for with (cleanlab's
        own default is .95). None: the scores are replaced by their `sureness`, so that only their
        order counts, not the scale that a detector happens to have, and the least is .5: as many
        predictions as there are annotations. (``badloc`` reads the scores themselves, those above
        cleanlab's .5.) Chosen by class AUPRC on detections simulated for ``coco_mini``'s train
        split, seeds from 101 (``scripts/reproduce/select_objectlab.py``).
    overlap
        What the overlap of an annotation and a prediction is of: their boxes, as the authors', or
        their masks, which tells outlines of one box apart.

    References
    ----------
    .. [1] Tkachenko, Thyagarajan, Mueller: ObjectLab: Automated Diagnosis of Mislabeled Images in
           Object Detection Data, ICML DataPerf workshop 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.evidence import evidence_of, instances_of
    >>> masks = np.zeros((2, 60, 60))
    >>> masks[0, 5:25, 5:25] = masks[1, 35:55, 35:55] = 1
    >>> found = instances_of([0, 0], masks, image_ids=[1, 1], scores=[0.99, 0.99])  # two cats
    >>> labels, names = [0, 1], ["cat", "dog"]
    >>> evidence = evidence_of(labels, names, image_ids=[1, 1], masks=masks, predictions=found)
    >>> ObjectLab().fit(evidence).scores_["flagged"].to_pylist()  # class and spatial, two rows each
    [False, True, False, False]
    """

    name: ClassVar[str] = "objectlab"
    kinds: ClassVar[tuple[str, ...]] = ("class", "spatial", "missing")
    needs: ClassVar[tuple[str, ...]] = ("predictions",)
    reference: ClassVar[str] = "Tkachenko et al., ObjectLab, DataPerf 2023"

    threshold: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    confidence: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    overlap: Literal["box", "mask"] = "box"
    scores_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`, and propose instances."""
        rank = import_extra("cleanlab.object_detection.rank", "detect", "detector objectlab")
        predicted = evidence.predictions
        assert predicted is not None
        sure, confidence = self._settled(evidence, predicted)
        mine, theirs = by_image(evidence.image_ids), by_image(predicted.image_ids)
        both = sorted(mine.keys() & theirs.keys())
        spatial, of_class = np.zeros(len(evidence)), np.zeros(len(evidence))
        lone = [image for image in sorted(theirs.keys() - mine.keys())]
        overlooked = {j: 0.0 for image in lone for j in theirs[image].tolist()}
        if both:
            labels = [_labels(evidence, mine[image]) for image in both]
            found, surely = (
                [_predictions(evidence, instances, theirs[image]) for image in both]
                for instances in (predicted, sure)
            )
            sure_ones = {
                "labels": labels,
                "predictions": surely,
                "high_probability_threshold": confidence,
            }
            # cleanlab lists predictions by category, ours within it in their own order.
            orders = [_by_category(predicted, theirs[image]) for image in both]
            plain: dict[str, Any] = {"labels": labels, "predictions": found}
            if self.overlap == "mask":
                parts = [(mine[image], order) for image, order in zip(both, orders, strict=True)]
                overlaps = overlap_inputs(evidence, predicted, parts)
                plain["auxiliary_inputs"] = overlaps
                sure_ones["auxiliary_inputs"] = with_scores(overlaps, sure.scores, orders)
            quality = rank.compute_badloc_box_scores(**plain)
            swaps = rank.compute_swap_box_scores(**sure_ones)
            free = rank.compute_overlooked_box_scores(**sure_ones)
            for number, image in enumerate(both):
                spatial[mine[image]] = 1 - quality[number]
                of_class[mine[image]] = 1 - swaps[number]
                overlooked |= dict(zip(orders[number].tolist(), free[number].tolist(), strict=True))
        self.scores_ = join_scores(
            [
                annotation_scores(evidence, "class", of_class, of_class > self.threshold),
                annotation_scores(evidence, "spatial", spatial, spatial > self.threshold),
                _proposals(evidence, sure, overlooked, confidence, self.threshold),
            ]
        )
        return self

    def _settled(self, evidence: Evidence, predicted: InstanceSet) -> tuple[InstanceSet, float]:
        """The predictions with the scores that their least confidence, the second, is one of."""
        if self.confidence is not None:
            return predicted, self.confidence
        scores = sureness(predicted.scores, max(len(evidence), 1))
        return replace(predicted, scores=scores), SURE


def _proposals(
    evidence: Evidence,
    predicted: InstanceSet,
    overlooked: dict[int, float],
    confidence: float,
    threshold: float,
) -> Any:
    """Predictions that touch nothing and are sure enough; NaN is cleanlab's word for others."""
    kept = [
        j
        for j, quality in sorted(overlooked.items())
        if quality == quality and predicted.scores[j] >= confidence
    ]
    scores = np.array([(1 - overlooked[j]) * predicted.scores[j] for j in kept])
    return proposal_scores(
        predicted.image_ids[kept],
        scores,
        scores > threshold,
        evidence.category_ids[predicted.labels[kept]],
        [predicted.masks[j] for j in kept],
    )


def sureness(scores: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Scores (P,) as their order alone gives them: ``count / (count + number of larger scores)``.

    1 for the largest score and one half for the one after the first `count` (1 or more), the
    number of annotations, however many detections of small score follow.
    """
    larger = len(scores) - np.searchsorted(np.sort(scores), scores, side="right")
    return np.asarray(count / (count + larger), np.float64)


def _labels(evidence: Evidence, places: NDArray[np.intp]) -> dict[str, Any]:
    return {"bboxes": corners(evidence.boxes[places]), "labels": evidence.labels[places]}


def _by_category(predicted: InstanceSet, places: NDArray[np.intp]) -> NDArray[np.intp]:
    return places[np.argsort(predicted.labels[places], kind="stable")]


def _predictions(
    evidence: Evidence, predicted: InstanceSet, places: NDArray[np.intp]
) -> NDArray[np.object_]:
    """One array (n, 5) a category: corners and confidence."""
    rows = np.concatenate(
        [corners(predicted.boxes[places]), predicted.scores[places, None]], axis=1
    )
    count = len(evidence.category_ids)
    boxes = np.empty(count, object)
    for category in range(count):
        boxes[category] = rows[predicted.labels[places] == category]
    return boxes
