"""Make evidence, or take what was made before from the same inputs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmark_n.coco import CocoFile
from benchmark_n.coco.pixels import image_files
from benchmark_n.errors import UsageError
from benchmark_n.evidence.annotations import annotation_evidence
from benchmark_n.evidence.domain import refuse_strangers
from benchmark_n.evidence.evidence import Evidence, Ints
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.evidence.store import (
    annotations_digest,
    evidence_key,
    kept_evidence,
    save_evidence,
)
from benchmark_n.nets.devices import usable_device
from benchmark_n.runtime.execution import Execution
from benchmark_n.runtime.registry import Registry

MAKERS = Registry(
    "evidence",
    "benchmark_n.evidence",
    {
        "crops": "benchmark_n.evidence.crops.maker:CropMaker",
        "features": "benchmark_n.evidence.features.maker:FeatureMaker",
        "quality": "benchmark_n.detectors.quality_sentinel.evidence:quality_maker",
        "detections": "benchmark_n.evidence.detections.maker:DetectionMaker",
        "losses": "benchmark_n.evidence.losses.maker:LossMaker",
        "saliency": "benchmark_n.evidence.saliency.maker:SaliencyMaker",
        "trainings": "benchmark_n.evidence.trainings.maker:TrainingMaker",
        "predictions": "benchmark_n.evidence.files.coco_files:PredictionMaker",
        "annotators": "benchmark_n.evidence.files.coco_files:AnnotatorMaker",
        "files": "benchmark_n.evidence.files.array_files:ArrayMaker",
    },
)
# What the makers that need no file make.
AUTOMATIC = {
    "crops": ("pred_probs", "embeddings", "folds", "dropout_probs"),
    "features": ("features",),
    "detections": ("detections",),
    "losses": ("class_losses", "mask_losses", "margins", "pixel_support"),
    "quality": ("predicted_dsc",),
    "saliency": ("model_probs", "saliency"),
    "trainings": ("dropped", "dynamics", "copy_dynamics", "posterior_passes", "sample_weights"),
}


@dataclass(frozen=True)
class MakerInput:
    """What one source of evidence is made from.

    Parameters
    ----------
    base
        The annotations, without evidence.
    coco
        The file that they come from.
    images
        Folder of the image files.
    argument
        What follows the colon in the name of the source.
    wanted
        Fields that the detectors read.
    made
        What the sources before this one made; None for the first.
    """

    base: Evidence
    coco: CocoFile
    images: Path | None = None
    argument: str = ""
    wanted: frozenset[str] = frozenset()
    options: EvidenceOptions = EvidenceOptions()
    execution: Execution = Execution()
    made: Evidence | None = None

    @cached_property
    def paths(self) -> dict[int, Path]:
        """Image id to image file.

        Raises
        ------
        InputError
            No folder, or an image that is not in it.
        """
        return image_files(self.images, self.coco.images, self.base.image_ids)


class Maker(Protocol):
    """One source of evidence: what it depends on, and how it is made."""

    def __init__(self, given: MakerInput) -> None: ...

    def inputs(self) -> dict[str, Any]:
        """Plain values that decide the outcome, the content of files as digests."""
        ...

    def make(self) -> Evidence:
        """The annotations with the evidence, and its provenance."""
        ...


def gather(
    coco: CocoFile,
    options: EvidenceOptions,
    wanted: Iterable[str],
    *,
    images: Path | None = None,
    execution: Execution = Execution(),
) -> Evidence:
    """Evidence about the annotations of `coco` from all sources of the options.

    Parameters
    ----------
    wanted
        Fields that the detectors read.
    images
        Folder of the image files.

    Raises
    ------
    InputError
        A source cannot make it; the line says why. Or there is no such device.
    """
    fields = frozenset(wanted)
    options = replace(options, device=usable_device(options.device))
    base = annotation_evidence(coco)
    digest = annotations_digest(base)
    evidence = replace(base, provenance={"sources": []})
    for source in options.sources or automatic_sources(fields):
        name, _, argument = source.partition(":")
        given = MakerInput(base, coco, images, argument, fields, options, execution, evidence)
        maker: Maker = MAKERS.load(name)(given)
        key = evidence_key(source=name, annotations=digest, **maker.inputs())
        folder = options.folder / f"{name}-{key}"
        part = kept_evidence(folder, base, key)
        if part is None:
            part = maker.make()
            save_evidence(part, folder, key)
        refuse_strangers(part, allowed=options.out_of_domain)
        evidence = merge(evidence, part)
    return evidence


def automatic_sources(wanted: frozenset[str]) -> list[str]:
    """Sources without files that make some of the wanted fields."""
    return [name for name, made in AUTOMATIC.items() if wanted & set(made)]


def merge(evidence: Evidence, part: Evidence) -> Evidence:
    """Evidence of two sources about the same annotations; what detectors say stands side by side.

    Raises
    ------
    UsageError
        Both hold the same field, or what the same detector says. Folds may be of both where they
        are the same.
    """
    detections = (*(evidence.detections or ()), *(part.detections or ()))
    names = [one.detector for one in detections]
    fields = {name: getattr(part, name) for name in part.made() if name != "detections"}
    if _alike(evidence.folds, part.folds):
        fields.pop("folds", None)
    twice = [
        *(name for name in fields if getattr(evidence, name) is not None),
        *(f"detections of {name}" for name in names if names.count(name) > 1),
    ]
    if twice:
        raise UsageError(f"two sources of evidence both give {twice[0]}: leave one out")
    origin = {**part.provenance, "makes": list(part.made())}
    sources = [*evidence.provenance.get("sources", []), origin]
    return replace(
        evidence, **fields, detections=detections or None, provenance={"sources": sources}
    )


def _alike(first: Ints | None, second: Ints | None) -> bool:
    return first is not None and second is not None and np.array_equal(first, second)


def notes(evidence: Evidence) -> list[str]:
    """Lines that belong beside every result."""
    return [line for source in evidence.provenance["sources"] for line in source.get("notes", [])]


def trained_on(evidence: Evidence) -> str:
    """On which labels the models were trained that the evidence comes from."""
    kinds = (source.get("trained_on", "unknown") for source in evidence.provenance["sources"])
    return ", ".join(dict.fromkeys(kinds))
