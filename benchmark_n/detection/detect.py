"""`detect` and `evaluate_detectors`: label-error detectors, without truth and with it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from benchmark_n._version import __version__
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.detection.result import DetectionResult
from benchmark_n.detectors.base import Detector, build_detector, detector_names, run_detector
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.caveats import caveats
from benchmark_n.evidence.collect import Fit, Request, Target, gather, notes, trained_on
from benchmark_n.files.cache import cache_folder
from benchmark_n.files.provenance import file_digest
from benchmark_n.runtime.progress import Progress
from benchmark_n.tables.scores import add_any

_log = logging.getLogger(__name__)


def detect(
    annotations: Path | str | CocoFile,
    images: Path | str | None,
    detectors: str | Iterable[str] = "cleanlab",
    *,
    evidence: Iterable[str] = (),
    backbone: str = "auto",
    folds: int = 5,
    group_by: str | None = None,
    seed: int = 0,
    device: str = "cpu",
    workers: int | None = None,
    trained_on: str = "unknown",
    weights: Path | str | None = None,
    fit: Fit = "out-of-fold",
    cam_target: Target = "predicted",
    cam_layer: str | None = None,
    evidence_dir: Path | str | None = None,
    options: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> list[DetectionResult]:
    """Look for label errors in a COCO file.

    Parameters
    ----------
    annotations, images
        The file (or what `read_coco` made of it) and the folder of its images.
    detectors
        Names, or ``"all"`` for those whose evidence there is.
    evidence
        Sources: ``"crops"``, ``"losses"``, ``"saliency"``, ``"predictions:FILE"``,
        ``"annotators:FILE,FILE"``, ``"files:DIR"``. By default what the detectors need and no file.
    backbone, folds, group_by, seed, device, workers
        Of the evidence: see `benchmark_n.evidence`.
    trained_on
        On which labels the model behind predictions or files was trained.
    weights
        File of Quality Sentinel's weights; by default those that come with the package.
    fit, cam_target, cam_layer
        Of the evidence ``"saliency"``: see `benchmark_n.evidence.collect.Request`.
    evidence_dir
        Where evidence is kept; by default in the cache.
    options
        ``"detector.option"`` to its value.
    progress
        Called with (crops done, crops in all).

    Returns
    -------
    list[DetectionResult]
        One for each detector, in the order asked for.

    Raises
    ------
    UsageError
        Contradictory or missing arguments.
    InputError
        Anything wrong with a file, or a detector that lacks its evidence.
    """
    coco = annotations if isinstance(annotations, CocoFile) else read_coco(annotations)
    settled = _detectors(detectors, options or {})
    request = Request(
        folder=Path(evidence_dir) if evidence_dir else cache_folder() / "evidence",
        images=None if images is None else Path(images),
        sources=tuple(evidence) or (("crops",) if detectors == "all" else ()),
        backbone=backbone,
        folds=folds,
        group_by=group_by,
        seed=seed,
        device=device,
        workers=workers,
        trained_on=trained_on,
        weights=None if weights is None else Path(weights),
        fit=fit,
        cam_target=cam_target,
        cam_layer=cam_layer,
    )
    wanted = {field for detector in settled for field in detector.needs}
    found = gather(coco, request, wanted, progress)
    results = []
    for detector in settled:
        try:
            results.append(_run(detector, found, coco, request))
        except InputError as fault:
            # Of all detectors, those run that can.
            if detectors != "all":
                raise
            _log.info("left out: %s", fault)
    return results


def _detectors(asked: str | Iterable[str], options: Mapping[str, Any]) -> list[Detector]:
    names = detector_names(asked)
    own: dict[str, dict[str, Any]] = {name: {} for name in names}
    for key, value in options.items():
        name, dot, option = key.partition(".")
        if not dot or name not in own:
            raise UsageError(
                f"cannot set '{key}': expected DETECTOR.OPTION of a detector asked for"
            )
        own[name][option] = value
    return [build_detector(name, own[name]) for name in names]


def _run(
    detector: Detector, evidence: Evidence, coco: CocoFile, request: Request
) -> DetectionResult:
    scores = add_any(run_detector(detector, evidence))
    provenance = {
        "benchmark-n": __version__,
        "detector": detector.name,
        "reference": detector.reference,
        "options": _options(detector),
        "details": dict(getattr(detector, "details_", {})),
        "evidence": evidence.provenance["sources"],
        "trained_on": trained_on(evidence),
        "annotations": {"file": coco.path.name, "sha256": file_digest(coco.path)},
    }
    lines = (*notes(evidence), *caveats(evidence))
    plots = tuple(getattr(detector, "plots_", ()))
    return DetectionResult(
        detector.name, scores, evidence, None, coco, request.images, provenance, lines, plots
    )


def _options(detector: Detector) -> dict[str, Any]:
    own = fields(detector)  # type: ignore[arg-type]
    return {field.name: getattr(detector, field.name) for field in own if field.init}
