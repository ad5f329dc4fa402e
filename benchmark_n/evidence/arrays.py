"""Evidence out of arrays, for whoever has no annotation file at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark_n.errors import InputError
from benchmark_n.evidence.evidence import Evidence
from benchmark_n.evidence.instance_set import InstanceSet
from benchmark_n.masks import CropMask, crops_to_rles


def evidence_of(
    labels: ArrayLike,
    category_names: Sequence[str],
    *,
    masks: ArrayLike | None = None,
    image_ids: ArrayLike | None = None,
    **fields: Any,
) -> Evidence:
    """Evidence about N annotations, numbered from 1, of K categories, numbered from 1.

    Parameters
    ----------
    labels
        int (N,): the given category of each, as an index into `category_names`.
    category_names
        K names.
    masks
        (N, H, W), nonzero where the annotation is, all of one image size. Without them the
        annotations have neither mask nor box, and detectors that read masks refuse them.
    image_ids
        int (N,); by default each annotation is alone in its image.
    **fields
        Further fields of `Evidence`, such as ``pred_probs``.

    Raises
    ------
    InputError
        A label without a name, or arrays of different lengths.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.detectors import build_detector, run_detector
    >>> probs = np.float32([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8]])
    >>> evidence = evidence_of([0, 1, 1, 1], ["cat", "dog"], pred_probs=probs)
    >>> scores = run_detector(build_detector("entropy"), evidence)
    >>> scores["annotation_id"].to_pylist(), scores["score"].to_numpy().round(2).tolist()
    ([1, 2, 3, 4], [0.47, 0.72, 0.88, 0.72])
    """
    return _evidence(np.asarray(labels, np.int64), category_names, masks, image_ids, fields)


def _evidence(
    labels: NDArray[np.int64],
    names: Sequence[str],
    masks: ArrayLike | None,
    image_ids: ArrayLike | None,
    fields: Mapping[str, Any],
) -> Evidence:
    count = len(labels)
    if count and not 0 <= labels.min() <= labels.max() < len(names):
        raise InputError(
            f"evidence: labels go from {labels.min()} to {labels.max()}, expected places among "
            f"{len(names)} category names"
        )
    numbers = np.arange(1, count + 1, dtype=np.int64)
    images = numbers if image_ids is None else np.asarray(image_ids, np.int64)
    canvas = np.zeros((count, 1, 1), np.uint8) if masks is None else np.asarray(masks)
    _check_lengths("evidence", count, image_ids=images, masks=canvas)
    crops = [CropMask.from_full(mask) for mask in canvas]
    given: dict[str, Any] = {
        "without_mask": numbers[:0] if masks is not None else numbers - 1,
        "image_sizes": {} if masks is None else dict.fromkeys(images.tolist(), canvas.shape[1:]),
        **fields,
    }
    return Evidence(
        annotation_ids=numbers,
        image_ids=images,
        labels=labels,
        category_ids=np.arange(1, len(names) + 1, dtype=np.int64),
        category_names=tuple(names),
        boxes=np.array([crop.bbox for crop in crops], np.int64).reshape(-1, 4),
        masks=tuple(crops_to_rles(crops)),
        **given,
    )


def instances_of(
    labels: ArrayLike,
    masks: ArrayLike,
    *,
    scores: ArrayLike | None = None,
    image_ids: ArrayLike | None = None,
    annotators: ArrayLike | None = None,
) -> InstanceSet:
    """P instances that a model found, or that further annotators drew, as `Evidence` takes them.

    Parameters
    ----------
    labels, masks
        int (P,), as for `evidence_of`; and (P, H, W).
    scores
        (P,), 0 to 1; by default 1.
    image_ids
        int (P,); by default each instance is alone in its image, numbered from 1.
    annotators
        int (P,): the number of each one's annotator, from 0, which is the default.

    Raises
    ------
    InputError
        Arrays of different lengths.

    Examples
    --------
    >>> import numpy as np
    >>> one = instances_of([0], [np.pad(np.ones((2, 3)), 4)], scores=[0.7])
    >>> one.boxes.tolist(), one.image_ids.tolist()
    ([[4.0, 4.0, 3.0, 2.0]], [1])
    """
    places = np.asarray(labels, np.int64)
    count = len(places)
    parts: dict[str, Any] = {
        "image_ids": np.arange(1, count + 1) if image_ids is None else np.asarray(image_ids),
        "scores": np.ones(count) if scores is None else np.asarray(scores, np.float64),
        "annotators": np.zeros(count, np.int64) if annotators is None else np.asarray(annotators),
    }
    canvas = np.asarray(masks)
    _check_lengths("instances", count, masks=canvas, **parts)
    crops = [CropMask.from_full(mask) for mask in canvas]
    boxes = np.array([crop.bbox for crop in crops], np.float64).reshape(-1, 4)
    return InstanceSet(labels=places, boxes=boxes, masks=tuple(crops_to_rles(crops)), **parts)


def _check_lengths(what: str, count: int, **arrays: NDArray[Any]) -> None:
    for name, array in arrays.items():
        if len(array) != count:
            raise InputError(f"{what}: {name} is of {len(array)}, expected {count} as of labels")
