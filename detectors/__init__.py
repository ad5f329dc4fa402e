"""Label-error detectors: evidence in, a score per annotation and kind of error out.

A detector of another package is a dataclass with `name`, `kinds`, `needs`, `reference`, `fit` and
`scores_` (see `Detector`), named by an entry point of the group ``benchmark_n.detectors``.
"""

from benchmark_n.detectors.base import DETECTORS, Detector, build_detector, run_detector
from benchmark_n.detectors.common.score_tables import (
    annotation_scores,
    join_scores,
    proposal_scores,
)
from benchmark_n.evidence import Evidence

__all__ = [
    "DETECTORS",
    "Detector",
    "Evidence",
    "annotation_scores",
    "build_detector",
    "join_scores",
    "proposal_scores",
    "run_detector",
]
