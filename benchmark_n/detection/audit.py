"""`audit`: how good the masks of a dataset look to Quality Sentinel, by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.benchmark.record_fields import image_records
from benchmark_n.coco import CocoFile, ReadOptions, read_coco
from benchmark_n.coco.lacking_masks import require_masks
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.label_quality.group_tests import Comparison, compare_groups
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.annotations import image_groups
from benchmark_n.evidence.collect import gather, notes
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.runtime.execution import Execution
from benchmark_n.runtime.progress import Progress

LOW = 0.8
_MOST_VALUES = 8
_PARTS = 3


@dataclass(frozen=True)
class Audit:
    """Predicted Dice coefficients of one annotation file.

    Parameters
    ----------
    file
        Its name.
    evidence
        With ``predicted_dsc``.
    groups, patients
        Of each annotation.
    patient_field
        Image field that the patients come from; ``image`` where there is none.
    by
        What the groups are of.
    comparisons
        Each two groups, tested on patients' means.
    """

    file: str
    evidence: Evidence
    by: str
    groups: tuple[str, ...]
    patients: tuple[str, ...]
    patient_field: str
    comparisons: tuple[Comparison, ...]

    @property
    def predicted(self) -> NDArray[np.floating]:
        """Predicted coefficients float32 (N,)."""
        assert self.evidence.predicted_dsc is not None
        return self.evidence.predicted_dsc

    def values_by_group(self) -> dict[str, NDArray[np.floating]]:
        """Predicted coefficients of each group, the lowest mean first."""
        names = np.array(self.groups, object)
        parts = {name: self.predicted[names == name] for name in dict.fromkeys(self.groups)}
        return dict(sorted(parts.items(), key=lambda item: (float(item[1].mean()), item[0])))

    def select(self, lowest: int = 0, highest: int = 0) -> dict[str, list[int]]:
        """Annotation ids to be annotated again, and to be used as pseudo-labels."""
        order = np.argsort(self.predicted, kind="stable")
        ids = self.evidence.annotation_ids[order].tolist()
        return {"lowest": ids[:lowest], "highest": ids[::-1][:highest]}

    def to_dict(self, lowest: int = 0, highest: int = 0) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "file": self.file,
            **summary(self.predicted),
            "by": self.by,
            "groups": {name: summary(part) for name, part in self.values_by_group().items()},
            "patients_by": self.patient_field,
            "comparisons": [one.to_dict() for one in self.comparisons],
            "selected": self.select(lowest, highest),
            "notes": notes(self.evidence),
        }


def audit(
    annotations: Sequence[Path | str],
    images: Sequence[Path | str],
    *,
    by: str = "category",
    weights: Path | str | None = None,
    evidence_dir: Path | str | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
    reading: ReadOptions = ReadOptions(),
) -> list[Audit]:
    """Predict the Dice coefficient of each mask of one or more annotation files.

    Parameters
    ----------
    annotations, images
        COCO files and the folders of their images: one folder for all, or one each.
    by
        ``"category"``, or a field of the image records such as ``"sex"``; numbers of many values
        are cut into thirds. Of a benchmark's annotations it may be one that is withheld.
    weights
        Of Quality Sentinel; by default those that come with the package.
    reading
        How the files are read.

    Raises
    ------
    UsageError
        As many folders as there are neither files nor one.
    InputError
        Anything wrong with a file, one without masks, or an image record without the field.
    """
    if len(images) not in (1, len(annotations)):
        raise UsageError(
            f"{len(images)} folders of images for {len(annotations)} annotation files: "
            "give one for all, or one each"
        )
    folders = [Path(folder) for folder in images] * (len(annotations) if len(images) == 1 else 1)
    options = EvidenceOptions(
        ("quality",), device=device, weights=weights, evidence_dir=evidence_dir
    )
    execution = Execution(progress=progress)
    found = []
    for path, folder in zip(annotations, folders, strict=True):
        coco = require_masks(read_coco(path, reading), "an audit of masks")
        evidence = gather(coco, options, {"predicted_dsc"}, images=folder, execution=execution)
        found.append(_audit(coco, evidence, by))
    return found


def summary(predicted: NDArray[np.floating]) -> dict[str, float | int]:
    """Number, mean, and share below `LOW`."""
    return {
        "annotations": len(predicted),
        "mean": float(predicted.mean()),
        "share_below_0.8": float((predicted < LOW).mean()),
    }


def _audit(coco: CocoFile, evidence: Evidence, by: str) -> Audit:
    assert evidence.predicted_dsc is not None
    codes, field = image_groups(coco, evidence.image_ids, None)
    patients = tuple(str(code) for code in codes.tolist())
    groups = _groups(coco, evidence, by)
    compared = compare_groups(evidence.predicted_dsc, groups, patients)
    return Audit(coco.path.name, evidence, by, groups, patients, field, tuple(compared))


def _groups(coco: CocoFile, evidence: Evidence, by: str) -> tuple[str, ...]:
    if by == "category":
        return tuple(evidence.category_names[i] for i in evidence.labels.tolist())
    records: Mapping[int, Mapping[str, Any]] = {r["id"]: r for r in image_records(coco)}
    values = []
    for image_id in evidence.image_ids.tolist():
        if by not in records[image_id]:
            raise InputError(f"{coco.path.name}: image {image_id} has no field '{by}' to group by")
        values.append(records[image_id][by])
    distinct = sorted({v for v in values if isinstance(v, int | float)})
    if len(distinct) > _MOST_VALUES and all(isinstance(v, int | float) for v in values):
        return _thirds(by, np.array(values, float))
    return tuple(f"{by} {value}" for value in values)


def _thirds(by: str, values: NDArray[np.float64]) -> tuple[str, ...]:
    cuts = np.unique(np.quantile(values, np.arange(1, _PARTS) / _PARTS))
    edges = [float(values.min()), *cuts.tolist(), float(values.max())]
    names = [f"{by} {low:g} to {high:g}" for low, high in pairwise(edges)]
    places = np.searchsorted(cuts, values, side="left")
    return tuple(names[min(i, len(names) - 1)] for i in places.tolist())
