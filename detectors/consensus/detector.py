"""What further annotators say: votes on category and mask, and instances that most of them drew."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.common.score_tables import (
    annotation_scores,
    join_scores,
    proposal_scores,
)
from benchmark_n.detectors.consensus.masks import agreed_mask
from benchmark_n.detectors.consensus.matching import (
    NOBODY,
    agreement,
    group_instances,
    match_annotators,
)
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.instance_set import InstanceSet
from benchmark_n.masks import Rle, crop_to_rle, mask_iou, rle_to_crop
from benchmark_n.runtime.optional_imports import import_extra


@dataclass
class Consensus:
    """Annotations that further annotators of the same images disagree with.

    The instances of each annotator are matched one to one with the given ones by mask IoU. Class
    score: share of the matched annotators who name another category; with `pred_probs` in the
    evidence, one minus CROWDLAB's quality of the given label [2]_. Spatial score: one minus the
    IoU with the agreed mask; where most annotators drew nothing, the share of those. Missing:
    instances that at least half of the annotators drew and the given file lacks, by that share.

    ``details_`` holds the agreement of each annotator with the given file.

    Parameters
    ----------
    least_iou
        Below this mask IoU two instances are not the same.
    mask
        ``majority`` of the pixels' votes, or ``staple`` [1]_ (needs SimpleITK).
    threshold
        Spatial scores above are flagged.

    References
    ----------
    .. [1] Warfield, Zou, Wells: Simultaneous Truth and Performance Level Estimation (STAPLE),
           IEEE TMI 23 (2004).
    .. [2] Goh, Tkachenko, Mueller: CROWDLAB: Supervised learning to infer consensus labels and
           quality scores for data with multiple annotators, NeurIPS HILL workshop 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.evidence import evidence_of, instances_of
    >>> mask = np.pad(np.ones((4, 4)), 3)
    >>> drawn = instances_of([1, 1], [mask, mask], image_ids=[1, 1], annotators=[0, 1])
    >>> evidence = evidence_of([0], ["cat", "dog"], masks=[mask], annotators=drawn)
    >>> rows = Consensus().fit(evidence).scores_.to_pylist()  # two others say dog, of one outline
    >>> [(row["kind"], row["score"], row["suggested_category"]) for row in rows]
    [('class', 1.0, 2), ('spatial', 0.0, None)]
    """

    name: ClassVar[str] = "consensus"
    kinds: ClassVar[tuple[str, ...]] = ("class", "spatial", "missing")
    needs: ClassVar[tuple[str, ...]] = ("annotators",)
    may_read: ClassVar[tuple[str, ...]] = ("pred_probs",)
    told: ClassVar[tuple[str, ...]] = ("further annotators' labels",)
    reference: ClassVar[str] = "Majority vote; STAPLE (2004); CROWDLAB (Goh et al., 2022)"

    least_iou: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.5
    mask: Literal["majority", "staple"] = "majority"
    threshold: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.2
    scores_: Any = field(default=None, init=False, repr=False)
    details_: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`, and propose instances."""
        drawn = evidence.annotators
        assert drawn is not None
        count = int(drawn.annotators.max(initial=-1)) + 1
        partners = match_annotators(evidence, drawn, count, self.least_iou)
        self.details_ = {"agreement": agreement(evidence, drawn, partners)}
        scores, chosen = self._votes(evidence, drawn, partners)
        flagged = chosen != evidence.labels
        self.scores_ = join_scores(
            [
                annotation_scores(evidence, "class", scores, flagged, categories=chosen),
                self._masks(evidence, drawn, partners, chosen),
                self._missing(evidence, drawn, partners, count),
            ]
        )
        return self

    def _votes(
        self, evidence: Evidence, drawn: InstanceSet, partners: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Class scores (N,), and the category of each as an index."""
        named = np.where(partners == NOBODY, NOBODY, drawn.labels[partners])
        votes = np.zeros((len(evidence), len(evidence.category_ids)), np.int64)
        for labels in (evidence.labels, *named.T):
            rows = np.flatnonzero(labels != NOBODY)
            votes[rows, labels[rows]] += 1
        # A tie stays with the given category.
        lead = votes.astype(float)
        lead[np.arange(len(evidence)), evidence.labels] += 0.5
        chosen = lead.argmax(axis=1)
        matched = (named != NOBODY).sum(axis=1)
        others = ((named != NOBODY) & (named != evidence.labels[:, None])).sum(axis=1)
        scores = others / np.maximum(matched, 1)
        if evidence.pred_probs is not None:
            scores, chosen = _crowdlab(evidence, named)
        return scores, chosen

    def _masks(
        self,
        evidence: Evidence,
        drawn: InstanceSet,
        partners: NDArray[np.int64],
        chosen: NDArray[np.int64],
    ) -> Any:
        """Spatial scores; an agreed mask is suggested where half drew one of either category."""
        scores = np.zeros(len(evidence))
        agreed: list[Rle | None] = []
        for index, row in enumerate(partners):
            theirs = row[row != NOBODY]
            found = [drawn.masks[j] for j in theirs.tolist()]
            if 2 * len(found) < len(row):
                scores[index] = 1 - len(found) / len(row)
                agreed.append(None)
                continue
            given = rle_to_crop(evidence.masks[index])
            mask = agreed_mask([given, *(rle_to_crop(rle) for rle in found)], self.mask)
            scores[index] = 1 - mask_iou(given, mask)
            either = np.isin(drawn.labels[theirs], (evidence.labels[index], chosen[index]))
            agreed.append(crop_to_rle(mask) if 2 * either.sum() >= len(row) else None)
        return annotation_scores(evidence, "spatial", scores, scores > self.threshold, masks=agreed)

    def _missing(
        self,
        evidence: Evidence,
        drawn: InstanceSet,
        partners: NDArray[np.int64],
        count: int,
    ) -> Any:
        free = np.setdiff1d(np.arange(len(drawn)), partners[partners != NOBODY])
        kept = []
        for group in group_instances(drawn, free, self.least_iou):
            share = len({int(drawn.annotators[j]) for j in group}) / count
            if 2 * share >= 1:
                kept.append((group, share))
        first = np.array([group[0] for group, _ in kept], np.int64)
        masks = [agreed_mask([rle_to_crop(drawn.masks[j]) for j in g], self.mask) for g, _ in kept]
        shares = np.array([share for _, share in kept])
        return proposal_scores(
            drawn.image_ids[first],
            shares,
            shares > 0.5,
            evidence.category_ids[drawn.labels[first]],
            [crop_to_rle(mask) for mask in masks],
        )


def _crowdlab(
    evidence: Evidence, named: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """One minus the quality of the given labels, and the consensus labels."""
    crowd = import_extra("cleanlab.multiannotator", "detect", "CROWDLAB")
    assert evidence.pred_probs is not None
    labels = np.column_stack([evidence.labels, named]).astype(float)
    labels[labels == NOBODY] = np.nan
    present = np.unique(labels[~np.isnan(labels)]).astype(int)
    compact = np.where(np.isnan(labels), np.nan, np.searchsorted(present, np.nan_to_num(labels)))
    probs = evidence.pred_probs[:, present].astype(np.float64)
    probs /= np.maximum(probs.sum(axis=1, keepdims=True), 1e-12)
    result = crowd.get_label_quality_multiannotator(
        compact, probs, return_annotator_stats=False, verbose=False
    )
    quality = result["detailed_label_quality"].to_numpy(float)[:, 0]
    chosen = present[result["label_quality"]["consensus_label"].to_numpy(int)]
    return 1 - quality, chosen
