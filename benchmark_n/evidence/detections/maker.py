"""Evidence ``detections``: what object detectors say of annotations, and what else they find."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmark_n.coco.images import image_path
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evidence.collect import MakerInput
from benchmark_n.evidence.detection_evidence import DetectedBoxes, DetectionEvidence
from benchmark_n.evidence.detections.base import ObjectDetector, make_object_detector
from benchmark_n.evidence.detections.categories import (
    CategoryMap,
    check_category_map,
    map_categories,
    read_category_map,
)
from benchmark_n.evidence.detections.locating import locate_all
from benchmark_n.evidence.evidence import Evidence
from benchmark_n.evidence.image_tasks import ImageTask, image_tasks
from benchmark_n.evidence.row_store import RowBlock, Rows, image_blocks, stored_rows
from benchmark_n.evidence.store_detections import array_masks
from benchmark_n.runtime.progress import part_of

VERSION = 1
DEFAULT = "nanodet"
_IMAGES_A_BLOCK = 16
_MOST_NAMED = 12


class DetectionMaker:
    """Evidence ``detections:NAME,NAME``: object detectors that were trained elsewhere."""

    def __init__(self, given: MakerInput) -> None:
        self._given, self._base = given, given.base
        self._names = [name.strip() for name in (given.argument or DEFAULT).split(",")]
        if len(set(self._names)) < len(self._names):
            raise UsageError(f"evidence detections:{given.argument}: a detector is named twice")
        path = given.options.category_map
        self._chosen = {} if path is None else read_category_map(Path(path))

    @cached_property
    def _detectors(self) -> list[ObjectDetector]:
        made = [make_object_detector(name, self._given.options.device) for name in self._names]
        names = [name for one in made for name in one.categories]
        check_category_map(self._chosen, self._base.category_names, names)
        return made

    @cached_property
    def _blocks(self) -> list[RowBlock[list[ImageTask]]]:
        tasks = list(image_tasks(self._base, self._given.coco, self._paths))
        return image_blocks(
            tasks,
            _IMAGES_A_BLOCK,
            lambda task: task.path,
            lambda task: [task.places.tolist(), task.boxes.tolist()],
        )

    @cached_property
    def _paths(self) -> dict[int, Path]:
        """The images with annotations, which have to be there, and those without that are."""
        paths = dict(self._given.paths)
        root = self._given.images
        for image_id, image in self._given.coco.images.items():
            if image_id not in paths and root is not None and image.file_name:
                path = image_path(root, image)
                if path.is_file():
                    paths[image_id] = path
        return paths

    def inputs(self) -> dict[str, Any]:
        """Images, detectors, and what of the categories is chosen."""
        return {
            "images": [block.key for block in self._blocks],
            "detectors": [[one.name, one.version] for one in self._detectors],
            "category_map": self._chosen,
            "version": VERSION,
        }

    def make(self) -> Evidence:
        """Run the detectors, one after another."""
        base, count, names = self._base, len(self._detectors), self._base.category_names
        maps = [self._map(detector) for detector in self._detectors]
        made, notes = [], self._left_out()
        for number, (detector, mapped) in enumerate(zip(self._detectors, maps, strict=True)):
            rows = stored_rows(
                self._given.options.folder / "detections",
                {"detector": [detector.name, detector.version], "version": VERSION},
                self._blocks,
                partial(locate_all, detector, self._given.options.device),
                part_of(self._given.execution.progress, number, count),
            )
            made.append(_evidence(detector, rows, mapped, len(base)))
            notes += _notes(detector, mapped, names)
        provenance = {
            "evidence": "detections",
            "detectors": [
                {
                    "name": one.name,
                    "version": one.version,
                    "unknown_categories": mapped.lacks(names),
                }
                for one, mapped in zip(self._detectors, maps, strict=True)
            ],
            "category_map": self._chosen,
            "trained_on": "other",
            "notes": notes,
        }
        return replace(base, detections=tuple(made), provenance=provenance)

    def _map(self, detector: ObjectDetector) -> CategoryMap:
        mapped = map_categories(self._base.category_names, detector.categories, self._chosen)
        if not mapped.known.any():
            raise InputError(
                f"{detector.name} knows none of the categories of {self._given.coco.path.name}: "
                "name some in `category_map=FILE`, or leave it out"
            )
        return mapped

    def _left_out(self) -> list[str]:
        """A line where images without annotations are not there to be looked at."""
        lacking = len(self._given.coco.images) - len(self._paths)
        if not lacking:
            return []
        return [f"{lacking} images without annotations have no file: nothing was looked for there"]


def _evidence(
    detector: ObjectDetector, rows: Rows, mapped: CategoryMap, count: int
) -> DetectionEvidence:
    """The rows in the file's categories, in the order of its annotations."""
    ordered = np.zeros((count, len(mapped.columns)), np.float32)
    ordered[rows["places"]] = mapped.spread(rows["support"])
    labels = mapped.labels(rows["kinds"])
    kept = np.flatnonzero(labels >= 0)
    x0, y0, x1, y1 = rows["boxes"][kept].T
    masks = array_masks(rows)
    found = DetectedBoxes(
        image_ids=np.array(rows["image_ids"][kept]),
        labels=labels[kept],
        scores=np.array(rows["scores"][kept]),
        boxes=np.stack([x0, y0, x1 - x0, y1 - y0], axis=1),
        masks=tuple(masks[i] for i in kept) if masks else None,
    )
    return DetectionEvidence(detector.name, ordered, mapped.known, found)


def _notes(detector: ObjectDetector, mapped: CategoryMap, names: tuple[str, ...]) -> list[str]:
    lines = [
        f"{detector.name} was trained on {detector.trained_on}: of pictures among them it has "
        "seen the labels"
    ]
    unknown = mapped.lacks(names)
    if unknown:
        shown = ", ".join([*unknown[:_MOST_NAMED], *(["…"] if len(unknown) > _MOST_NAMED else [])])
        lines.append(
            f"{detector.name} does not know {len(unknown)} of {len(names)} categories, which are "
            f"left to other evidence: {shown}"
        )
    lines += [
        f"'{names[first]}' and '{names[second]}' are one category to {detector.name}"
        for first, second in mapped.shared()
    ]
    return lines
