"""Evidence: what models say about annotations, and the makers of it. Detectors read it."""

from benchmark_n.evidence.annotations import annotation_evidence
from benchmark_n.evidence.arrays import evidence_of, instances_of
from benchmark_n.evidence.detection_evidence import DetectedBoxes, DetectionEvidence
from benchmark_n.evidence.evidence import Evidence
from benchmark_n.evidence.instance_set import InstanceSet
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.evidence.store import load_evidence, save_evidence

__all__ = [
    "DetectedBoxes",
    "DetectionEvidence",
    "Evidence",
    "EvidenceOptions",
    "InstanceSet",
    "annotation_evidence",
    "evidence_of",
    "instances_of",
    "load_evidence",
    "save_evidence",
]
