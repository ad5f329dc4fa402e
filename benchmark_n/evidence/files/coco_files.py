"""Sources of evidence that the user's own COCO files give: predictions, annotators."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.joining import JOINING, join_files
from benchmark_n.coco.predictions import detection_arrays, read_predictions
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evidence.annotations import annotation_evidence, category_index
from benchmark_n.evidence.collect import MakerInput
from benchmark_n.evidence.detections.instances import detections_of_instances
from benchmark_n.evidence.evidence import Evidence
from benchmark_n.evidence.instance_set import InstanceSet
from benchmark_n.files.provenance import file_digest

# Of how instances are read from a results file: kept evidence of another version is made anew.
VERSION = 3


class PredictionMaker:
    """Evidence ``predictions:FILE``: instances in COCO results format, with masks."""

    def __init__(self, given: MakerInput) -> None:
        self._base, self._coco = given.base, given.coco
        self._trained_on = given.options.trained_on
        self._path = _path(given.argument, "predictions:FILE")

    def inputs(self) -> dict[str, Any]:
        """The file, and what its model was trained on."""
        return {
            "file": file_digest(self._path),
            "trained_on": self._trained_on,
            "version": VERSION,
        }

    def make(self) -> Evidence:
        """Read and check the file."""
        found = read_predictions(self._path, self._coco)
        arrays = detection_arrays(found, self._coco.images, masks=True, box_areas=False)
        assert arrays.masks is not None
        assert arrays.scores is not None
        instances = InstanceSet(
            image_ids=arrays.image_ids,
            labels=category_index(self._base.category_ids, arrays.category_ids),
            scores=arrays.scores,
            boxes=arrays.boxes,
            masks=tuple(arrays.masks),
            annotators=np.zeros(len(found), np.int64),
        )
        provenance = file_provenance("predictions", [self._path], self._trained_on)
        said = detections_of_instances("predictions", instances, self._base)
        return replace(self._base, predictions=instances, detections=(said,), provenance=provenance)


class AnnotatorMaker:
    """Evidence ``annotators:FILE,FILE``: COCO files of the same images by other annotators.

    Their images and categories are found by name (`benchmark_n.coco.joining`).
    """

    def __init__(self, given: MakerInput) -> None:
        self._base, self._coco = given.base, given.coco
        self._match = given.options.match
        self._paths = [_path(name, "annotators:FILE,FILE") for name in given.argument.split(",")]

    def inputs(self) -> dict[str, Any]:
        """The files in their order, what they are joined to, and how."""
        digest = hashlib.sha256()
        for image in self._coco.images.values():
            place = [image.id, image.file_name, image.width, image.height]
            digest.update(json.dumps(place).encode())
        return {
            "files": [file_digest(path) for path in self._paths],
            "images": digest.hexdigest(),
            "match": self._match,
            "joining": JOINING,
        }

    def make(self) -> Evidence:
        """Read and check the files."""
        joins = [join_files(self._coco, read_coco(path), self._match) for path in self._paths]
        parts = [self._instances(join.coco, number) for number, join in enumerate(joins)]
        joined = InstanceSet(
            image_ids=np.concatenate([p.image_ids for p in parts]),
            labels=np.concatenate([p.labels for p in parts]),
            scores=np.concatenate([p.scores for p in parts]),
            boxes=np.concatenate([p.boxes for p in parts]),
            masks=tuple(mask for p in parts for mask in p.masks),
            annotators=np.concatenate([p.annotators for p in parts]),
        )
        provenance = file_provenance("annotators", self._paths, "other")
        for entry, join in zip(provenance["files"], joins, strict=True):
            entry["matched"] = join.record
        return replace(self._base, annotators=joined, provenance=provenance)

    def _instances(self, coco: CocoFile, number: int) -> InstanceSet:
        drawn = annotation_evidence(coco)
        labels = category_index(self._base.category_ids, drawn.category_ids[drawn.labels])
        return InstanceSet(
            image_ids=drawn.image_ids,
            labels=labels,
            scores=np.ones(len(drawn)),
            boxes=drawn.boxes.astype(float),
            masks=drawn.masks,
            annotators=np.full(len(drawn), number, np.int64),
        )


def _path(text: str, form: str) -> Path:
    if not text:
        raise UsageError(f"evidence {form}: name a file")
    path = Path(text)
    if not path.is_file():
        raise InputError(f"{path}: no such file (evidence {form})")
    return path


def file_provenance(kind: str, paths: list[Path], trained_on: str) -> dict[str, Any]:
    """Provenance of evidence of this kind that the user's own files gave."""
    notes = []
    if trained_on == "clean":
        notes.append("the model was trained on clean labels: on these images it leaks the truth")
    if trained_on == "unknown":
        notes.append(
            "it is not known what labels the model was trained on (`trained_on`): clean labels of "
            "these images would leak the truth"
        )
    files = [{"file": path.name, "sha256": file_digest(path)} for path in paths]
    return {"evidence": kind, "files": files, "trained_on": trained_on, "notes": notes}
