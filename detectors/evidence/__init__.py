"""Evidence: what models say about annotations, and the makers of it. Detectors read it."""

from benchmark_n.detectors.evidence.annotations import annotation_evidence
from benchmark_n.detectors.evidence.evidence import Evidence, InstanceSet
from benchmark_n.detectors.evidence.store import load_evidence, save_evidence

__all__ = [
    "Evidence",
    "InstanceSet",
    "annotation_evidence",
    "load_evidence",
    "save_evidence",
]
