"""`detect` without a detector's name: what fits the data, in one list."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark_n._version import __version__
from benchmark_n.benchmark.leaks import leak_lines, leaks_of_file
from benchmark_n.coco import CocoFile, ReadOptions
from benchmark_n.coco.images import image_path
from benchmark_n.detection.check import check
from benchmark_n.detection.detect import opened
from benchmark_n.detection.joint.ambiguous import ambiguous_pairs
from benchmark_n.detection.joint.parts import PICTURES, STRUCTURE, Choice, choose_parts
from benchmark_n.detection.joint.result import JointResult
from benchmark_n.detection.joint.suspects import rank_suspects
from benchmark_n.detectors.base import build_detector, run_detector, wanted
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.annotations import annotation_evidence
from benchmark_n.evidence.backbones.base import make_backbone
from benchmark_n.evidence.caveats import caveats, told_by_evidence
from benchmark_n.evidence.collect import gather, notes, trained_on
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.evidence.unlike_pictures import Pictures, look_at_pictures
from benchmark_n.files.provenance import file_digest
from benchmark_n.runtime.execution import Execution

_log = logging.getLogger(__name__)
# A list that names as much as this is rather about the file than about its annotations.
_MOST = 0.5
# Share of annotations in known categories; on LVIS (.3) the list was hardly above chance.
_LEAST_KNOWN = 0.5


def detect_jointly(
    annotations: Path | str | CocoFile,
    images: Path | str | None = None,
    *,
    evidence: EvidenceOptions = EvidenceOptions(),
    execution: Execution = Execution(),
    reading: ReadOptions = ReadOptions(),
) -> JointResult:
    """Look for errors of all kinds in a COCO file by all that fits it.

    Parameters
    ----------
    annotations, images
        As for `benchmark_n.detect`.
    evidence
        Sources that are named are used in place of those that fit, such as
        ``EvidenceOptions(("predictions:FILE",))``.
    execution, reading
        Its progress is told (done, in all) by each part; and how the file is read.

    Returns
    -------
    JointResult
        The suspects by probability, the images by expected errors, and what ran.

    Raises
    ------
    UsageError, InputError
        Contradictory arguments; a fault of a file.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> [reason.what for reason in detect_jointly(benchmark.annotations).suspects[0].reasons]
    ['the only one of its category']
    """
    coco, folder = opened(annotations, images, reading)
    choice = choose_parts(coco, folder, evidence)
    found, scores, details = _detectors(coco, folder, choice, execution)
    structure = check(coco)
    pictures = None
    if PICTURES in choice.running:
        pictures = _pictures(coco, folder, choice.evidence, execution)
    suspects = rank_suspects(coco, scores, structure, ambiguous_pairs(found))
    provenance = _provenance(coco, found, details)
    lines = (*_lines(found, provenance), *structure.warnings, *_many(suspects, len(found)))
    return JointResult(coco, found, choice.parts, suspects, pictures, folder, provenance, lines)


def _lines(found: Evidence, provenance: Mapping[str, Any]) -> list[str]:
    """What belongs beside what was found by detectors."""
    leaks = leak_lines(provenance["leaks"])
    silent = _silent(provenance["details"])
    return [*notes(found), *caveats(found), *leaks, *silent, *of_unknown_categories(found)]


def _provenance(coco: CocoFile, found: Evidence, details: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "benchmark-n": __version__,
        "details": details,
        "evidence": found.provenance["sources"],
        "trained_on": trained_on(found),
        "told": list(told_by_evidence(found)),
        "annotations": {"file": coco.path.name, "sha256": file_digest(coco.path)}
        | coco.repairs.recorded(),
        "leaks": list(leaks_of_file(coco.path)),
    }


def _detectors(
    coco: CocoFile, images: Path | None, choice: Choice, execution: Execution
) -> tuple[Evidence, dict[str, Any], Mapping[str, Any]]:
    """The evidence, and of each detector that runs its scores and details."""
    names = [name for name in choice.running if name not in (STRUCTURE, PICTURES)]
    built = [build_detector(name) for name in names]
    if not choice.evidence.sources:
        return replace(annotation_evidence(coco), provenance={"sources": []}), {}, {}
    fields = {field for detector in built for field in wanted(detector)}
    found = gather(coco, choice.evidence, fields, images=images, execution=execution)
    scores, details = {}, {}
    for detector in built:
        scores[detector.name] = run_detector(detector, found)
        details[detector.name] = dict(getattr(detector, "details_", None) or {})
    return found, scores, details


def _pictures(
    coco: CocoFile, images: Path | None, options: EvidenceOptions, execution: Execution
) -> Pictures:
    assert images is not None
    paths = {
        image.id: image_path(images, image) for image in coco.images.values() if image.file_name
    }
    there = {image_id: path for image_id, path in paths.items() if path.is_file()}
    backbone = make_backbone(options.backbone, options.device)
    return look_at_pictures(coco.images, there, backbone, execution.progress)


def _silent(details: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each detector whose evidence does not tell its errors from what is right."""
    names = [
        name
        for name, own in details.items()
        if any(key.startswith("share") and value is None for key, value in own.items())
    ]
    return [f"{name} names nothing: the evidence tells too little here" for name in names]


def of_unknown_categories(found: Evidence) -> list[str]:
    """A line where object detectors alone are asked, and know the fewer annotations' categories."""
    if not found.detections or found.features is not None:
        return []
    known = np.any([one.known for one in found.detections], axis=0)
    count = int(known[found.labels].sum())
    if count >= _LEAST_KNOWN * len(found):
        return []
    return [
        f"{count} of {len(found)} annotations are of categories that the object detectors know: "
        "of the others they tell little, and on such a file the head of the list was hardly "
        "better than chance (docs/joint.md)"
    ]


def _many(suspects: tuple[Any, ...], annotations: int) -> list[str]:
    """A line where most annotations are more probably wrong than right."""
    wrong = sum(one.annotation_id is not None and one.probability >= 0.5 for one in suspects)
    if wrong < _MOST * annotations:
        return []
    return [
        f"the list calls {wrong} of {annotations} annotations wrong: rather the evidence does not "
        "fit this file, or its labels mean something else"
    ]
