"""What detectors read: annotations, and what models say about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.errors import InputError
from benchmark_n.evidence.detection_evidence import DetectionEvidence
from benchmark_n.evidence.instance_set import InstanceSet
from benchmark_n.masks import Rle

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]

# Field of an Evidence to the axis that runs over the annotations.
PER_ANNOTATION = {
    "folds": 0,
    "pred_probs": 0,
    "embeddings": 0,
    "features": 0,
    "dropout_probs": 1,
    "class_losses": 1,
    "mask_losses": 1,
    "margins": 1,
    "pixel_support": 0,
    "model_probs": 1,
    "saliency": 1,
    "predicted_dsc": 0,
    "dropped": 1,
    "dynamics": 1,
    "copy_dynamics": 1,
    "posterior_passes": 1,
    "sample_weights": 0,
    "predicted_boundary_iou": 0,
    "in_domain": 0,
}


@dataclass(frozen=True)
class Evidence:
    """Evidence about N annotations (no crowds) of K categories; a field that is None was not made.

    Parameters
    ----------
    annotation_ids, image_ids
        int64 (N,).
    labels
        int64 (N,): the given category of each, as an index into `category_ids`.
    category_ids, category_names
        int64 (K,) and K names: all categories of the annotation file, in its order.
    boxes
        int64 (N, 4): box of each given mask, x, y, width, height in px.
    masks
        N given masks as RLE; of an annotation without a mask its box, filled.
    without_mask
        int64 (B,): places of the annotations without a mask.
    image_sizes
        Image id to height and width in px, of all images of the file.
    crowds
        Image id and mask of each crowd: nothing in them is missing.
    exhaustive
        Image id to the labels (places in `category_ids`) of which every instance was annotated;
        empty where the file is not federated [1]_, so that all were looked for in all images.
    supercategories
        K names, an empty one where the file gives none; empty where nothing is known of them.
    folds
        int64 (N,): the fold in which each was held out.
    pred_probs
        float32 (N, K): probability of each category, by a model that did not train on the
        annotation.
    embeddings
        float32 (N, D): features of the annotation's crop.
    features
        float16 (N, P): principal components of what a network says of several views of each.
    dropout_probs
        float32 (T, N, K): as `pred_probs`, T passes with dropout.
    class_losses, mask_losses
        float32 (E, N): loss of each annotation in epoch e of a training that included it.
    margins
        float32 (E, N): logit of the given category less the largest other one, in each epoch.
    predicted_dsc
        float32 (N,): predicted Dice coefficient of the given mask with the true one, 0 to 1.
    pixel_support
        float16 (N, h, w): probability that a segmenter gives, in each place of the crop, to what
        the given mask says of it, in the mask and a ring around it; NaN elsewhere.
    predicted_boundary_iou
        float32 (N,): as `predicted_dsc`, the boundary IoU.
    in_domain
        bool (N,): whether the picture is like those that `predicted_dsc`'s model has seen.
    model_probs
        float32 (M, N, K): as `pred_probs`, of M models.
    saliency
        float16 (M, N, h, w), 0 to 1: where in the crop each of these models finds the category
        that it predicts (or another: see the provenance); a map of zeros says nothing.
    dropped
        bool (E, N): whether epoch e of a training on small losses left the annotation out, of the
        epochs at the full rate.
    dynamics, copy_dynamics
        float32 (E, N): as `margins`, of a training that held copies with wrong labels too, and of
        the annotation's copy; NaN where there is none.
    posterior_passes
        float32 (T, N, K): probabilities of T passes with dropout, of a training against the
        posterior of the clean label.
    sample_weights
        float32 (N,): weight of the annotation at the end of a training that moves weights by what
        helps on a clean subset, 0 to 1.
    detections
        What each of several object detectors, trained elsewhere, says of the annotations and finds
        in the images.
    predictions
        Instances that a model found in the images.
    annotators
        Instances that further annotators drew in the images.
    provenance
        How it was made; plain values for JSON. ``trained_on`` says on which labels:
        ``noisy-oof``, ``noisy-in-sample``, ``other``, ``clean`` or ``unknown``; ``notes`` is a
        list of lines that belong beside every result.

    References
    ----------
    .. [1] Gupta, Dollar, Girshick: LVIS, CVPR 2019, section 2.1.
    """

    annotation_ids: Ints
    image_ids: Ints
    labels: Ints
    category_ids: Ints
    category_names: tuple[str, ...]
    boxes: Ints
    masks: tuple[Rle, ...]
    without_mask: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    image_sizes: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    crowds: tuple[tuple[int, Rle], ...] = ()
    exhaustive: Mapping[int, frozenset[int]] = field(default_factory=dict)
    supercategories: tuple[str, ...] = ()
    folds: Ints | None = None
    pred_probs: Floats | None = None
    embeddings: Floats | None = None
    features: Floats | None = None
    dropout_probs: Floats | None = None
    class_losses: Floats | None = None
    mask_losses: Floats | None = None
    margins: Floats | None = None
    pixel_support: Floats | None = None
    model_probs: Floats | None = None
    saliency: Floats | None = None
    predicted_dsc: Floats | None = None
    dropped: NDArray[np.bool_] | None = None
    dynamics: Floats | None = None
    copy_dynamics: Floats | None = None
    posterior_passes: Floats | None = None
    sample_weights: Floats | None = None
    predicted_boundary_iou: Floats | None = None
    in_domain: NDArray[np.bool_] | None = None
    detections: tuple[DetectionEvidence, ...] | None = None
    predictions: InstanceSet | None = None
    annotators: InstanceSet | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = len(self.annotation_ids)
        for name, axis in PER_ANNOTATION.items():
            array = getattr(self, name)
            if array is not None and array.shape[axis] != count:
                raise InputError(
                    f"evidence: {name} is of {array.shape[axis]} annotations, expected {count}"
                )

        for one in self.detections or ():
            if one.support.shape != (count, len(self.category_ids)):
                raise InputError(
                    f"evidence: support of {one.detector} is of shape {one.support.shape}, "
                    f"expected ({count}, {len(self.category_ids)})"
                )

    def __len__(self) -> int:
        return len(self.annotation_ids)

    def require(self, name: str) -> Any:
        """The field `name`.

        Raises
        ------
        InputError
            It was not made.
        """
        value = getattr(self, name)
        if value is None:
            made = ", ".join(self.made()) or "nothing"
            raise InputError(f"evidence: no {name}, expected it beside what was made ({made})")
        return value

    def made(self) -> list[str]:
        """Names of the fields that hold evidence."""
        optional = [f.name for f in fields(self) if f.default is None]
        return [name for name in optional if getattr(self, name) is not None]


def category_counts(evidence: Evidence) -> Ints:
    """Number of annotations of each category, int64 (K,)."""
    return np.bincount(evidence.labels, minlength=len(evidence.category_ids))
