"""The parts of a piece of the baseline grid: which detectors run on what, and how often."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark_n import Benchmark, EvidenceOptions
from benchmark_n.evidence.collect import gather
from benchmark_n.experiments.baseline_grid import GridRun
from benchmark_n.files.atomic import write_whole
from benchmark_n.files.provenance import file_digest

# Each trains networks of its own, or repeats fits thousands of times: with five seeds they would
# take more than the eight core-hours that the grid may.
FIRST_ALONE = (
    "posterior", "mirror", "recov", "fastrecov", "usdnl", "dynacor", "bundl", "sample_weights"
)  # fmt: skip
# Reads instances that a model predicted: those of an object detector, where it knows categories.
OF_PREDICTIONS = ("objectlab",)
LENT = 0.02


@dataclass(frozen=True)
class Part:
    """Detectors that run alike.

    Parameters
    ----------
    drawings
        Numbers of noise seeds or annotators, the first of the piece's.
    """

    run: GridRun
    drawings: Sequence[int]


def parts(
    detectors: Sequence[str], drawings: Sequence[int], kept: Path, *, begun: bool
) -> list[Part]:
    """The detectors in the parts that they run in.

    Parameters
    ----------
    kept
        Folder of the evidence, and of files of predictions.
    begun
        Whether there is a piece that they are added to; otherwise the first part has all drawings,
        if only for the floors.
    """
    plain = GridRun(evidence=lambda _: EvidenceOptions(evidence_dir=kept))
    predicted = GridRun(evidence=lambda benchmark: predictions(benchmark, kept))
    lent = replace(plain, clean_subset=LENT)
    special = (*FIRST_ALONE, *OF_PREDICTIONS)
    made = [
        (plain, [one for one in detectors if one not in special], drawings),
        (predicted, [one for one in detectors if one in OF_PREDICTIONS], drawings),
        (plain, [n for n in detectors if n in FIRST_ALONE and n != "sample_weights"], drawings[:1]),
        (lent, [one for one in detectors if one == "sample_weights"], drawings[:1]),
    ]
    first = [] if begun else made[:1]
    return [
        Part(replace(run, detectors=names), which)
        for run, names, which in [*first, *(one for one in made[len(first) :] if one[1])]
    ]


def predictions(benchmark: Benchmark, kept: Path) -> EvidenceOptions:
    """Boxes that the default object detector finds, as a COCO results file.

    Raises
    ------
    InputError
        It is not there, or knows none of the categories.
    """
    coco, options = benchmark.noisy(), EvidenceOptions(evidence_dir=kept)
    asked = replace(options, sources=("detections",))
    evidence = gather(coco, asked, ("detections",), images=benchmark.images)
    assert evidence.detections
    found = evidence.detections[0].found
    records = [
        {
            "image_id": int(found.image_ids[n]),
            "category_id": int(evidence.category_ids[found.labels[n]]),
            "bbox": [float(value) for value in found.boxes[n]],
            # The reader asks for masks; ObjectLab reads boxes.
            "segmentation": [_rectangle(*map(float, found.boxes[n]))],
            "score": float(found.scores[n]),
        }
        for n in range(len(found))
    ]
    path = kept / f"predictions-{file_digest(benchmark.annotations)}.json"
    write_whole(path, json.dumps(records).encode())
    return replace(options, sources=(f"predictions:{path}",), trained_on="other")


def _rectangle(x: float, y: float, width: float, height: float) -> list[float]:
    return [x, y, x + width, y, x + width, y + height, x, y + height]
