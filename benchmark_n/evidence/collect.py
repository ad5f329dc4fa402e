"""Make evidence, or take what was made before from the same inputs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from benchmark_n.coco import CocoFile
from benchmark_n.errors import UsageError
from benchmark_n.evidence.annotations import annotation_evidence
from benchmark_n.evidence.evidence import Evidence
from benchmark_n.evidence.store import (
    annotations_digest,
    evidence_key,
    kept_evidence,
    save_evidence,
)
from benchmark_n.runtime.progress import Progress
from benchmark_n.runtime.registry import Registry

MAKERS = Registry(
    "evidence",
    "benchmark_n.evidence",
    {
        "crops": "benchmark_n.evidence.crops.maker:CropMaker",
        "quality": "benchmark_n.detectors.quality_sentinel.evidence:QualityMaker",
        "losses": "benchmark_n.evidence.losses.maker:LossMaker",
        "saliency": "benchmark_n.evidence.saliency.maker:SaliencyMaker",
        "predictions": "benchmark_n.evidence.files.coco_files:PredictionMaker",
        "annotators": "benchmark_n.evidence.files.coco_files:AnnotatorMaker",
        "files": "benchmark_n.evidence.files.array_files:ArrayMaker",
    },
)
# What the makers that need no file make.
AUTOMATIC = {
    "crops": ("pred_probs", "embeddings", "folds", "dropout_probs", "repeated_probs"),
    "losses": ("class_losses", "mask_losses", "margins"),
    "quality": ("predicted_dsc",),
    "saliency": ("model_probs", "saliency"),
}
Fit = Literal["out-of-fold", "in-sample"]
Target = Literal["predicted", "given"]


@dataclass(frozen=True)
class Request:
    """What evidence to make, and how.

    Parameters
    ----------
    sources
        ``"crops"``, ``"losses"``, ``"predictions:FILE"``, …; empty: what the detectors need.
    images
        Folder of the image files.
    folder
        Where evidence is kept, one directory each, named by a hash of what it was made from.
    weights
        File of Quality Sentinel's weights; None for those that come with the package.
    trained_on
        Of predictions and files: ``noisy-oof``, ``noisy-in-sample``, ``other``, ``clean`` or
        ``unknown``.
    fit, cam_target, cam_layer
        Of saliency: whether the classifiers predict annotations they were trained on, the
        category that the maps are of, and the layer they are drawn at (None: the last
        convolution).
    """

    folder: Path
    images: Path | None = None
    sources: tuple[str, ...] = ()
    backbone: str = "auto"
    folds: int = 5
    group_by: str | None = None
    seed: int = 0
    device: str = "cpu"
    workers: int | None = None
    trained_on: str = "unknown"
    weights: Path | None = None
    fit: Fit = "out-of-fold"
    cam_target: Target = "predicted"
    cam_layer: str | None = None


class Maker(Protocol):
    """One source of evidence: what it depends on, and how it is made."""

    def __init__(
        self, base: Evidence, coco: CocoFile, argument: str, request: Request, wanted: set[str]
    ) -> None: ...

    def inputs(self) -> dict[str, Any]:
        """Plain values that decide the outcome, the content of files as digests."""
        ...

    def make(self, progress: Progress | None) -> Evidence:
        """The annotations with the evidence, and its provenance."""
        ...


def gather(
    coco: CocoFile,
    request: Request,
    wanted: Iterable[str],
    progress: Progress | None = None,
) -> Evidence:
    """Evidence about the annotations of `coco` from all sources of the request.

    Parameters
    ----------
    wanted
        Fields that the detectors read.

    Raises
    ------
    InputError
        A source cannot make it; the line says why.
    """
    wanted = set(wanted)
    base = annotation_evidence(coco)
    digest = annotations_digest(base)
    evidence = replace(base, provenance={"sources": []})
    for source in request.sources or automatic_sources(wanted):
        name, _, argument = source.partition(":")
        maker: Maker = MAKERS.load(name)(base, coco, argument, request, wanted)
        key = evidence_key(source=name, annotations=digest, **maker.inputs())
        folder = request.folder / f"{name}-{key}"
        part = kept_evidence(folder, base, key)
        if part is None:
            part = maker.make(progress)
            save_evidence(part, folder, key)
        evidence = merge(evidence, part)
    return evidence


def automatic_sources(wanted: set[str]) -> list[str]:
    """Sources without files that make some of the wanted fields."""
    return [name for name, made in AUTOMATIC.items() if wanted & set(made)]


def merge(evidence: Evidence, part: Evidence) -> Evidence:
    """Evidence of two sources about the same annotations.

    Raises
    ------
    UsageError
        Both hold the same field.
    """
    twice = [name for name in part.made() if getattr(evidence, name) is not None]
    if twice:
        raise UsageError(f"two sources of evidence both give {twice[0]}: leave one out")
    sources = [*evidence.provenance.get("sources", []), dict(part.provenance)]
    fields = {name: getattr(part, name) for name in part.made()}
    return replace(evidence, **fields, provenance={"sources": sources})


def notes(evidence: Evidence) -> list[str]:
    """Lines that belong beside every result."""
    return [line for source in evidence.provenance["sources"] for line in source.get("notes", [])]


def trained_on(evidence: Evidence) -> str:
    """On which labels the models were trained that the evidence comes from."""
    kinds = (source.get("trained_on", "unknown") for source in evidence.provenance["sources"])
    return ", ".join(dict.fromkeys(kinds))
