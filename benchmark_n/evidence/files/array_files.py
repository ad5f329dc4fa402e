"""The source of evidence that the user's own arrays give."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.errors import InputError
from benchmark_n.evidence.annotations import category_index
from benchmark_n.evidence.collect import MakerInput
from benchmark_n.evidence.evidence import PER_ANNOTATION, Evidence
from benchmark_n.evidence.files.coco_files import file_provenance
from benchmark_n.files.npy import read_npy
from benchmark_n.files.provenance import file_digest

_IDS = "annotation_ids.npy"
_SUM_TOLERANCE = 1e-3


class ArrayMaker:
    """Evidence ``files:DIR``: arrays as ``.npy`` files named as the fields of `Evidence`.

    ``annotation_ids.npy`` gives their order; ``category_ids.npy``, where it is there, that of the
    categories, else they are in the annotation file's order.
    """

    def __init__(self, given: MakerInput) -> None:
        self._base, self._trained_on = given.base, given.options.trained_on
        self._folder = Path(given.argument)
        if not (self._folder / _IDS).is_file():
            raise InputError(f"{self._folder}: no {_IDS}: expected it beside pred_probs.npy")
        known = [*PER_ANNOTATION, "annotation_ids", "category_ids"]
        self._paths = [p for p in sorted(self._folder.glob("*.npy")) if p.stem in known]

    def inputs(self) -> dict[str, Any]:
        """The files, and what their model was trained on."""
        files = {path.name: file_digest(path) for path in self._paths}
        return {"files": files, "trained_on": self._trained_on}

    def make(self) -> Evidence:
        """Read the arrays and bring them into the order of the annotations."""
        arrays = {path.stem: read_npy(path) for path in self._paths}
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
        provenance = file_provenance("files", self._paths, self._trained_on)
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
