"""Sources of evidence that the user's own files give: predictions, annotators, arrays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.benchmark.records import measure
from benchmark_n.benchmark.writer import file_digest
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.detectors.evidence.annotations import annotation_evidence, category_index
from benchmark_n.detectors.evidence.evidence import PER_ANNOTATION, Evidence, InstanceSet
from benchmark_n.detectors.evidence.gather import Progress, Request
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.predictions import detection_arrays, read_predictions

_IDS = "annotation_ids.npy"
_SUM_TOLERANCE = 1e-3


class PredictionMaker:
    """Evidence ``predictions:FILE``: instances in COCO results format, with masks."""

    def __init__(
        self, base: Evidence, coco: CocoFile, argument: str, request: Request, wanted: set[str]
    ) -> None:
        self._base, self._coco, self._request = base, coco, request
        self._path = _path(argument, "predictions:FILE")

    def inputs(self) -> dict[str, Any]:
        """The file, and what its model was trained on."""
        return {"file": file_digest(self._path), "trained_on": self._request.trained_on}

    def make(self, progress: Progress | None) -> Evidence:
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
        provenance = _provenance("predictions", [self._path], self._request)
        return replace(self._base, predictions=instances, provenance=provenance)


class AnnotatorMaker:
    """Evidence ``annotators:FILE,FILE``: COCO files of the same images by other annotators."""

    def __init__(
        self, base: Evidence, coco: CocoFile, argument: str, request: Request, wanted: set[str]
    ) -> None:
        self._base, self._coco, self._request = base, coco, request
        self._paths = [_path(name, "annotators:FILE,FILE") for name in argument.split(",")]

    def inputs(self) -> dict[str, Any]:
        """The files in their order."""
        return {"files": [file_digest(path) for path in self._paths]}

    def make(self, progress: Progress | None) -> Evidence:
        """Read and check the files."""
        parts = [self._read(path, number) for number, path in enumerate(self._paths)]
        joined = InstanceSet(
            image_ids=np.concatenate([p.image_ids for p in parts]),
            labels=np.concatenate([p.labels for p in parts]),
            scores=np.concatenate([p.scores for p in parts]),
            boxes=np.concatenate([p.boxes for p in parts]),
            masks=tuple(mask for p in parts for mask in p.masks),
            annotators=np.concatenate([p.annotators for p in parts]),
        )
        provenance = _provenance("annotators", self._paths, self._request)
        return replace(self._base, annotators=joined, provenance=provenance)

    def _read(self, path: Path, number: int) -> InstanceSet:
        coco = read_coco(path)
        for what, theirs, ours in (
            ("image", coco.images, self._coco.images),
            ("category", coco.categories, self._coco.categories),
        ):
            strange = next((i for i in theirs if i not in ours), None)
            if strange is not None:
                raise InputError(
                    f"{path.name}: {what} id {strange} is not in {self._coco.path.name}: expected "
                    "annotations of the same images and categories"
                )
        drawn = annotation_evidence(coco)
        labels = category_index(self._base.category_ids, drawn.category_ids[drawn.labels])
        return InstanceSet(
            image_ids=drawn.image_ids,
            labels=labels,
            scores=np.ones(len(drawn)),
            boxes=np.array([box for _, box in map(measure, drawn.masks)], float).reshape(-1, 4),
            masks=drawn.masks,
            annotators=np.full(len(drawn), number, np.int64),
        )


class FileMaker:
    """Evidence ``files:DIR``: arrays as ``.npy`` files named as the fields of `Evidence`.

    ``annotation_ids.npy`` gives their order; ``category_ids.npy``, where it is there, that of the
    categories, else they are in the annotation file's order.
    """

    def __init__(
        self, base: Evidence, coco: CocoFile, argument: str, request: Request, wanted: set[str]
    ) -> None:
        self._base, self._request = base, request
        self._folder = Path(argument)
        if not (self._folder / _IDS).is_file():
            raise InputError(f"{self._folder}: no {_IDS}: expected it beside pred_probs.npy")
        known = [*PER_ANNOTATION, "annotation_ids", "category_ids"]
        self._paths = [p for p in sorted(self._folder.glob("*.npy")) if p.stem in known]

    def inputs(self) -> dict[str, Any]:
        """The files, and what their model was trained on."""
        files = {path.name: file_digest(path) for path in self._paths}
        return {"files": files, "trained_on": self._request.trained_on}

    def make(self, progress: Progress | None) -> Evidence:
        """Read the arrays and bring them into the order of the annotations."""
        arrays = {path.stem: _load(path) for path in self._paths}
        order = self._order(arrays.pop("annotation_ids"))
        categories = arrays.pop("category_ids", self._base.category_ids)
        made: dict[str, Any] = {}
        for name, array in arrays.items():
            axis = PER_ANNOTATION[name]
            if array.ndim <= axis or array.shape[axis] != len(order[1]):
                raise InputError(
                    f"{name}.npy: shape {array.shape}, expected {len(order[1])} along axis {axis}"
                )
            made[name] = np.take(array, order[0], axis=axis)
            if name.endswith("_probs"):
                made[name] = self._spread(name, made[name], categories)
        provenance = _provenance("files", self._paths, self._request)
        return replace(self._base, **made, provenance=provenance)

    def _order(self, ids: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[Any]]:
        """Place of each annotation among `ids`."""
        lacking = np.setdiff1d(self._base.annotation_ids, ids)
        if lacking.size:
            raise InputError(
                f"{_IDS}: annotation {lacking[0]} is missing ({lacking.size} such): expected "
                "evidence of all annotations of this file"
            )
        return category_index(ids, self._base.annotation_ids), ids

    def _spread(self, name: str, probs: NDArray[Any], categories: NDArray[Any]) -> NDArray[Any]:
        """Probabilities with a column for each category of the annotation file."""
        if probs.shape[-1] != len(categories):
            raise InputError(
                f"{name}.npy: {probs.shape[-1]} categories, expected {len(categories)}"
            )
        strange = np.setdiff1d(categories, self._base.category_ids)
        if strange.size:
            raise InputError(f"category_ids.npy: category id {strange[0]} is not in the file")
        total = probs.sum(axis=-1)
        if not (np.isfinite(probs).all() and (np.abs(total - 1) < _SUM_TOLERANCE).all()):
            raise InputError(f"{name}.npy: rows that do not sum to 1, expected probabilities")
        spread = np.zeros((*probs.shape[:-1], len(self._base.category_ids)), np.float32)
        spread[..., category_index(self._base.category_ids, categories)] = probs
        return spread


def _path(text: str, form: str) -> Path:
    if not text:
        raise UsageError(f"evidence {form}: name a file")
    path = Path(text)
    if not path.is_file():
        raise InputError(f"{path}: no such file (evidence {form})")
    return path


def _load(path: Path) -> NDArray[Any]:
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (OSError, ValueError) as error:
        raise InputError(f"{path.name}: cannot be read as an array: {error}") from None


def _provenance(kind: str, paths: list[Path], request: Request) -> dict[str, Any]:
    trained_on = "other" if kind == "annotators" else request.trained_on
    notes = []
    if trained_on == "clean":
        notes.append("the model was trained on clean labels: on these images it leaks the truth")
    if trained_on == "unknown":
        notes.append(
            "it is not known what labels the model was trained on (--trained-on): clean labels of "
            "these images would leak the truth"
        )
    files = [{"file": path.name, "sha256": file_digest(path)} for path in paths]
    return {"evidence": kind, "files": files, "trained_on": trained_on, "notes": notes}
