"""What a detector found, with what it read and, where there is truth, how good it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from benchmark_n.coco import CocoFile
from benchmark_n.detectors.base import Plot
from benchmark_n.evaluators.label_errors.results import LabelErrorResult
from benchmark_n.evidence import Evidence

# Flags of a larger share of the annotations choose nothing.
MOST_FLAGS = 0.5


@dataclass(frozen=True)
class DetectionResult:
    """What one detector found.

    Parameters
    ----------
    detector
        Its name.
    scores
        The scores table, with rows of kind ``any``.
    evidence
        What it read.
    result
        The scores against the truth; None where there is none.
    images
        Folder of the image files.
    provenance
        Version of the package, detector and options, evidence, source of the annotations, and
        what these are known to tell of their errors (``leaks``); where all detectors were asked
        for, those that could not run, with the reason (``left_out``).
    warnings
        Lines to be shown beside the results.
    plots
        What the detector offers to draw (see `benchmark_n.detectors.base.Plot`).

    Examples
    --------
    >>> from benchmark_n import SourceOptions, detect, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> (found,) = detect(benchmark.annotations, benchmark.images, "random")
    >>> found
    <DetectionResult of random on instances_train.json: flagged 9 class, 5 spatial, 14 any>
    >>> found.detector, found.scores.num_rows, found.result  # no truth was read
    ('random', 78, None)
    >>> found.to_dict()["flagged"]
    {'class': 9, 'spatial': 5, 'any': 14}
    """

    detector: str
    scores: Any
    evidence: Evidence
    result: LabelErrorResult | None
    coco: CocoFile
    images: Path | None
    provenance: Mapping[str, Any]
    warnings: tuple[str, ...] = ()
    plots: tuple[Plot, ...] = ()

    def __repr__(self) -> str:
        """One line: the tables that it holds would fill a screen."""
        flags = ", ".join(f"{count} {kind}" for kind, count in flag_counts(self.scores).items())
        return f"<DetectionResult of {self.detector} on {self.coco.path.name}: flagged {flags}>"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "detector": self.detector,
            "provenance": dict(self.provenance),
            "warnings": list(self.warnings),
            "flagged": flag_counts(self.scores),
            "results": None if self.result is None else self.result.to_dict(),
        }


def most_flagged(detector: str, scores: Any) -> list[str]:
    """A line for each kind of error that a detector sees in more than half of the annotations.

    Proposals of missing instances are not counted: they are not annotations.
    """
    counts = flag_counts(scores)
    lines = []
    for kind in (kind for kind in counts if kind not in ("any", "missing")):
        rows = int(pc.sum(pc.equal(scores["kind"], kind)).as_py() or 0)
        if counts[kind] > MOST_FLAGS * rows:
            lines.append(
                f"{detector} flags {counts[kind]} of {rows} annotations as {kind}: a list of most "
                "annotations chooses none: go by the order of its scores"
            )
    return lines


def left_out_lines(provenance: Mapping[str, Any]) -> list[str]:
    """A line for each detector that was left out of all, with the reason."""
    return [f"left out: {reason}" for reason in provenance.get("left_out", {}).values()]


def flag_counts(scores: Any) -> dict[str, int]:
    """Kind to the number of flagged rows of a scores table."""
    flagged = scores.filter(scores["flagged"])["kind"]
    kinds = pc.unique(scores["kind"]).to_pylist()
    return {kind: int(pc.sum(pc.equal(flagged, kind)).as_py() or 0) for kind in kinds}
