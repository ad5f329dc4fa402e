"""`detect`: label-error detectors on annotations without truth."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from benchmark_n._version import __version__
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.detection.result import DetectionResult
from benchmark_n.detectors.base import (
    Detector,
    build_detector,
    detector_names,
    run_detector,
    told_to,
)
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.caveats import caveats, told_by_evidence
from benchmark_n.evidence.collect import gather, notes, trained_on
from benchmark_n.evidence.options import EvidenceOptions, evidence_options
from benchmark_n.files.provenance import file_digest
from benchmark_n.runtime.execution import Execution
from benchmark_n.tables.scores import add_any

_log = logging.getLogger(__name__)


def detect(
    annotations: Path | str | CocoFile,
    images: Path | str | None,
    detectors: str | Iterable[str] = "cleanlab",
    *,
    evidence: EvidenceOptions | str | Iterable[str] = EvidenceOptions(),
    options: Mapping[str, Any] | None = None,
    execution: Execution = Execution(),
) -> list[DetectionResult]:
    """Look for label errors in a COCO file.

    Parameters
    ----------
    annotations, images
        The file (or what `read_coco` made of it) and the folder of its images.
    detectors
        Names, or ``"all"`` for those whose evidence there is.
    evidence
        What evidence to make and how, or its sources alone, such as ``"predictions:FILE"``.
    options
        ``"detector.option"`` to its value.
    execution
        Its progress is told (crops done, crops in all).

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

    Examples
    --------
    >>> options = EvidenceOptions(backbone="hog")
    >>> detect("my.json", "photos", evidence=options)  # doctest: +SKIP
    """
    coco = annotations if isinstance(annotations, CocoFile) else read_coco(annotations)
    built = _detectors(detectors, options or {})
    asked = evidence_options(evidence)
    if detectors == "all" and not asked.sources:
        asked = replace(asked, sources=("crops",))
    wanted = {field for detector in built for field in detector.needs}
    folder = None if images is None else Path(images)
    found = gather(coco, asked, wanted, images=folder, execution=execution)
    return _run_all(built, found, coco, folder, skip=detectors == "all")


def _run_all(
    detectors: Iterable[Detector],
    evidence: Evidence,
    coco: CocoFile,
    images: Path | None,
    *,
    skip: bool,
) -> list[DetectionResult]:
    """The results of the detectors; of all there are (`skip`), those run that can."""
    results = []
    for detector in detectors:
        try:
            results.append(_run(detector, evidence, coco, images))
        except InputError as fault:
            if not skip:
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
    detector: Detector, evidence: Evidence, coco: CocoFile, images: Path | None
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
        "told": list(dict.fromkeys((*told_to(detector), *told_by_evidence(evidence)))),
        "annotations": {"file": coco.path.name, "sha256": file_digest(coco.path)},
    }
    lines = (*notes(evidence), *caveats(evidence))
    plots = tuple(getattr(detector, "plots_", ()))
    return DetectionResult(
        detector.name, scores, evidence, None, coco, images, provenance, lines, plots
    )


def _options(detector: Detector) -> dict[str, Any]:
    own = fields(detector)  # type: ignore[arg-type]
    return {field.name: getattr(detector, field.name) for field in own if field.init}
