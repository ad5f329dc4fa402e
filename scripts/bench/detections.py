"""Cost of the evidence of object detectors; how often the largest support is the given category.

    python scripts/bench/detections.py ANNOTATIONS IMAGES [--detectors nanodet,centernet] [--json]

Everything is made anew, in a folder that is removed. Prints CPU seconds of all threads for 1,000
annotations, imports and reading included, and peak memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(Path(__file__).resolve().parents[2])

from benchmark_n.coco import read_coco
from benchmark_n.evidence.collect import gather
from benchmark_n.evidence.options import EvidenceOptions


def measure(annotations: Path, images: Path, detectors: str) -> dict[str, object]:
    """The figures of one run."""
    coco = read_coco(annotations)
    with TemporaryDirectory() as folder:
        options = EvidenceOptions((f"detections:{detectors}",), evidence_dir=folder)
        evidence = gather(coco, options, (), images=images)
    return {
        "annotations": len(evidence),
        "images": len(coco.images),
        "cpu_s_per_1000": round(1000 * time.process_time() / len(evidence), 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "largest_is_given": {
            one.detector: round(float((one.support.argmax(axis=1) == evidence.labels).mean()), 3)
            for one in evidence.require("detections")
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("annotations", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("--detectors", default="nanodet,centernet")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    figures = measure(asked.annotations, asked.images, asked.detectors)
    if asked.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"{name}: {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
