"""`detect`: label-error detectors on annotations without truth."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from benchmark_n._version import __version__
from benchmark_n.benchmark.leaks import leak_lines, leaks_of_file
from benchmark_n.coco import CocoFile, ReadOptions, read_coco
from benchmark_n.coco.exports import open_export
from benchmark_n.coco.images import named_folder
from benchmark_n.coco.lacking_masks import refuse_boxes
from benchmark_n.detection.result import DetectionResult, left_out_lines, most_flagged
from benchmark_n.detectors.base import (
    Detector,
    build_detector,
    choices,
    detector_names,
    kinds_of_masks,
    run_detector,
    told_to,
    wanted,
)
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.caveats import caveats, only_read, told_by_evidence
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
    reading: ReadOptions = ReadOptions(),
) -> list[DetectionResult]:
    """Look for label errors in a COCO file.

    Parameters
    ----------
    annotations, images
        The file (or what `read_coco` made of it, or an export of a tool) and the folder of its
        images, which an export may bring.
    detectors
        Names, or ``"all"`` for those whose evidence there is.
    evidence, options
        What to make and how, or its sources alone, such as ``"predictions:FILE"``; and
        ``"detector.option"`` to its value.
    execution, reading
        Its progress is told (crops done, crops in all); and how the file is read.

    Returns
    -------
    list[DetectionResult]
        One for each detector, in the order asked for.

    Raises
    ------
    UsageError, InputError
        Contradictory arguments; a fault of a file, or a detector that lacks its evidence.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> (found,) = detect(benchmark.noisy(), None, "random", options={"random.rate": 1})
    >>> found.to_dict()["flagged"]["class"], len(found.evidence)
    (26, 26)
    """
    coco, folder = opened(annotations, images, reading)
    built, every = _detectors(detectors, options or {}), detectors == "all"
    asked = _asked(evidence, built, coco, every=every)
    needed = {field for detector in built for field in wanted(detector)}
    found = gather(coco, asked, needed, images=folder, execution=execution)
    return _run_all(built, found, coco, folder, skip=every)


def _asked(
    evidence: EvidenceOptions | str | Iterable[str],
    detectors: Iterable[Detector],
    coco: CocoFile,
    *,
    every: bool,
) -> EvidenceOptions:
    """The options of the evidence; `every` detector there is reads crops where none is named."""
    asked = evidence_options(evidence)
    if every:
        return replace(asked, sources=asked.sources or ("crops",))
    _refuse_boxes(detectors, coco)
    return asked


def _refuse_boxes(detectors: Iterable[Detector], coco: CocoFile) -> None:
    """Refuse boxes alone, before evidence is made, where all that is judged goes by masks."""
    for detector in detectors:
        if set(detector.kinds) <= set(kinds_of_masks(detector)):
            refuse_boxes(coco, f"detector '{detector.name}'")


def opened(
    annotations: Path | str | CocoFile, images: Path | str | None, reading: ReadOptions
) -> tuple[CocoFile, Path | None]:
    """The file, and the folder of its images where it is known."""
    folder = named_folder(images)
    if isinstance(annotations, CocoFile):
        return annotations, folder
    export = open_export(annotations)
    return read_coco(export.annotations, reading), folder or export.images


def _run_all(
    detectors: Iterable[Detector],
    evidence: Evidence,
    coco: CocoFile,
    images: Path | None,
    *,
    skip: bool,
) -> list[DetectionResult]:
    """The results of the detectors; of all there are (`skip`), those run that can.

    What was left out, and why, is in the provenance of each, and told beside it.
    """
    results, left_out = [], {}
    for detector in detectors:
        try:
            results.append(_run(detector, evidence, coco, images))
        except InputError as fault:
            if not skip:
                raise
            left_out[detector.name] = str(fault)
    if not skip:
        return results
    told = {"left_out": left_out}
    return [
        replace(
            one,
            provenance={**one.provenance, **told},
            warnings=(*one.warnings, *left_out_lines(told)),
        )
        for one in results
    ]


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
    if evidence.without_mask.size and kinds_of_masks(detector):
        _log.warning(
            "%s: %d of %d annotations have no mask but a box: %s gives them no scores of kind %s",
            *(coco.path.name, evidence.without_mask.size, len(evidence), detector.name),
            " and ".join(kinds_of_masks(detector)),
        )
    fields_read = (*detector.needs, *choices(detector), *getattr(detector, "may_read", ()))
    read = only_read(evidence, fields_read)
    by_evidence = told_by_evidence(evidence, fields_read)
    provenance: dict[str, Any] = {
        "benchmark-n": __version__,
        "detector": detector.name,
        "reference": detector.reference,
        "options": _options(detector),
        "details": dict(getattr(detector, "details_", {})),
        "evidence": read.provenance["sources"],
        "trained_on": trained_on(read),
        "told": list(dict.fromkeys((*told_to(detector), *by_evidence))),
        "annotations": {"file": coco.path.name, "sha256": file_digest(coco.path)}
        | coco.repairs.recorded(),
        "leaks": list(leaks_of_file(coco.path)),
    }
    flags = most_flagged(detector.name, scores)
    lines = (*notes(read), *caveats(read), *flags, *leak_lines(provenance["leaks"]))
    plots = tuple(getattr(detector, "plots_", ()))
    return DetectionResult(
        detector.name, scores, evidence, None, coco, images, provenance, lines, plots
    )


def _options(detector: Detector) -> dict[str, Any]:
    own = fields(detector)  # type: ignore[arg-type]
    return {field.name: getattr(detector, field.name) for field in own if field.init}
