"""Noisy labels back in CAMUS's format, for code that reads that."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmark_n.benchmark import Benchmark
from benchmark_n.coco.file import Buffer
from benchmark_n.datasets.camus.adapter import NAMES
from benchmark_n.datasets.camus.files import INSTANTS, VIEWS, patient_number
from benchmark_n.datasets.camus.scans import Scan, write_scan
from benchmark_n.errors import InputError
from benchmark_n.files.atomic import staged
from benchmark_n.masks import rle_to_crop, segmentation_to_rle
from benchmark_n.runtime.execution import Execution
from benchmark_n.runtime.parallel import ordered_map

# The last one painted is on top: atrium, myocardium, ventricle.
_ORDER = (3, 2, 1)
_FIELDS = ("patient", "view", "instant", "spacing")


@dataclass(frozen=True)
class _Job:
    record: dict[str, Any]
    annotations: list[Buffer]


def export_labelmaps(
    benchmark: Benchmark,
    out: Path,
    execution: Execution = Execution(),
) -> int:
    """Write ``<out>/<patient>/<patient>_<view>_<instant>_gt.nii.gz`` for each noisy image.

    Maps are uint8 with CAMUS's labels; the atrium is painted first, the myocardium over it, the
    ventricle on top. Returns the number of maps. The header holds the pixel spacing (mm).

    Raises
    ------
    InputError
        The benchmark is not one of CAMUS or the phantom, or `out` exists.
    """
    noisy = benchmark.noisy()
    names = {category.id: category.name for category in noisy.categories.values()}
    if names != NAMES:
        raise InputError(
            f"{benchmark.path.name}: categories {', '.join(names.values()):.80}, "
            f"expected CAMUS's {', '.join(NAMES.values())}"
        )
    records: dict[int, list[Buffer]] = defaultdict(list)
    for image_id, record in zip(noisy.image_ids.tolist(), noisy.annotations, strict=True):
        records[image_id].append(bytes(record))
    images = noisy.section("images")
    for image in images:
        missing = [name for name in _FIELDS if not image.get(name)]
        if missing:
            raise InputError(
                f"{noisy.path.name}: image {image['id']}: field '{missing[0]}' is missing"
            )
        _check_names(noisy.path, image)
    jobs = (_Job(image, records[image["id"]]) for image in images)
    with staged(out) as stage:
        done = ordered_map(partial(_write_map, stage), jobs, workers=execution.workers)
        for place, _ in enumerate(done, start=1):
            if execution.progress is not None:
                execution.progress(place, len(images))
    return len(images)


def _check_names(path: Path, image: dict[str, Any]) -> None:
    """The fields that the file is named by: nothing that leads out of the folder."""
    patient_number(str(image["patient"]))
    for name, known in (("view", VIEWS), ("instant", INSTANTS)):
        if image[name] not in known:
            raise InputError(
                f"{path.name}: image {image['id']}: {name} is {image[name]!r:.40}, expected one "
                f"of {', '.join(known)}"
            )


def _write_map(folder: Path, job: _Job) -> None:
    image = job.record
    height, width = image["height"], image["width"]
    labels = np.zeros((height, width), np.uint8)
    annotations = [msgspec.json.decode(record) for record in job.annotations]
    for annotation in sorted(annotations, key=lambda a: _ORDER.index(a["category_id"])):
        mask = rle_to_crop(segmentation_to_rle(annotation["segmentation"], height, width))
        h, w = mask.pixels.shape
        window = labels[mask.y : mask.y + h, mask.x : mask.x + w]
        window[mask.pixels > 0] = annotation["category_id"]
    name = f"{image['patient']}_{image['view']}_{image['instant']}_gt.nii.gz"
    x, y = image["spacing"]
    write_scan(folder / image["patient"] / name, Scan(labels, (x, y)))
