"""Evidence from crops: frozen features and out-of-fold probabilities of linear heads."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.pixels import Pixels
from benchmark_n.coco.units import IMAGE, Units
from benchmark_n.evidence.backbones.base import Backbone
from benchmark_n.evidence.crops.cutting import Cutter, cut_crops
from benchmark_n.evidence.crops.linear_heads import INVERSE_PENALTY, cross_validate, head_name
from benchmark_n.evidence.duplicates import duplicate_warning
from benchmark_n.evidence.evidence import Evidence, Ints
from benchmark_n.evidence.folds import plan_folds
from benchmark_n.runtime.progress import Progress

PASSES = 10
_log = logging.getLogger(__name__)


class Embedded(NamedTuple):
    """Features float32 (N, D) of annotations, and ids (I,) and thumbnails (I, …) of the images."""

    features: NDArray[np.float32]
    image_ids: Ints
    thumbnails: Pixels


def embed(
    evidence: Evidence,
    coco: CocoFile,
    paths: dict[int, Path],
    backbone: Backbone,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Embedded:
    """Features of each annotation: the backbone's, then the mask's silhouette."""
    cutter = Cutter(backbone.size, backbone if backbone.in_workers else None)
    rows: NDArray[np.float32] | None = None
    image_ids, thumbnails = [], []
    done = 0
    for cut in cut_crops(evidence, coco, paths, cutter, workers):
        image_ids.append(cut.image_ids)
        thumbnails.append(cut.thumbnails)
        made = cut.features
        if made is None:
            made = backbone.describe(cut.crops, cut.masks)
        both = np.concatenate([made, cut.silhouettes], axis=1)
        if rows is None:
            rows = np.zeros((len(evidence), both.shape[1]), np.float32)
        rows[cut.indices] = both
        done += len(cut.indices)
        if progress is not None:
            progress(done, len(evidence))
    assert rows is not None
    return Embedded(rows, np.concatenate(image_ids), np.concatenate(thumbnails))


def crop_evidence(
    evidence: Evidence,
    coco: CocoFile,
    paths: dict[int, Path],
    backbone: Backbone,
    *,
    units: Units,
    folds: int = 5,
    seed: int = 0,
    wanted: Iterable[str] = (),
    workers: int | None = None,
    progress: Progress | None = None,
) -> Evidence:
    """`evidence` with embeddings, folds and out-of-fold probabilities.

    Parameters
    ----------
    units
        Of the annotations; folds keep each together.
    wanted
        ``"dropout_probs"`` are made where they are asked for.

    Raises
    ------
    InputError
        Fewer units than folds, or an image that cannot be read.
    """
    wanted = set(wanted)
    plan, notes = plan_folds(evidence.labels, units, evidence.category_names, folds, seed)
    made = embed(evidence, coco, paths, backbone, workers=workers, progress=progress)
    notes += _copies(coco, units, made)
    return with_probabilities(
        replace(evidence, embeddings=made.features, folds=plan),
        seed=seed,
        wanted=wanted,
        workers=workers,
        provenance={
            "evidence": "crops",
            "backbone": backbone.name,
            "backbone_version": backbone.version,
            "head": head_name(len(evidence)),
            "num_folds": folds,
            "grouped_by": units.field,
            "units": len(units),
            "seed": seed,
            "trained_on": "noisy-oof",
            "notes": notes,
        },
    )


def _copies(coco: CocoFile, units: Units, made: Embedded) -> list[str]:
    """A line where images look alike that nothing says to be of one unit."""
    if units.field != IMAGE:
        return []
    return duplicate_warning([coco.images[i] for i in made.image_ids.tolist()], made.thumbnails)


def with_probabilities(
    evidence: Evidence,
    *,
    seed: int,
    wanted: Iterable[str] = (),
    inverse_penalty: float = INVERSE_PENALTY,
    workers: int | None = None,
    provenance: dict[str, Any] | None = None,
) -> Evidence:
    """Evidence with embeddings and folds, and now the probabilities made from them."""
    assert evidence.embeddings is not None
    assert evidence.folds is not None
    wanted = set(wanted)
    count = len(evidence.category_ids)
    features, labels = evidence.embeddings, evidence.labels
    passes = PASSES if "dropout_probs" in wanted else 0
    probs = cross_validate(
        features,
        labels,
        evidence.folds,
        count,
        inverse_penalty=inverse_penalty,
        passes=passes,
        seed=seed,
        workers=workers,
    )
    accuracy = float((probs[0].argmax(axis=1) == labels).mean())
    _log.info("out-of-fold accuracy against the given labels: %.3f", accuracy)
    return replace(
        evidence,
        pred_probs=probs[0],
        dropout_probs=probs[1:] if passes else None,
        provenance={**(provenance or {}), "out_of_fold_accuracy": accuracy},
    )
