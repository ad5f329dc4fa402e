"""`audit`: how good the masks of a dataset look to Quality Sentinel, by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.benchmark.record_fields import with_image_fields
from benchmark_n.coco import CocoFile, ReadOptions, read_coco
from benchmark_n.coco.lacking_masks import require_masks
from benchmark_n.coco.units import Units, image_units
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.label_quality.group_tests import Comparison, compare_groups
from benchmark_n.evaluators.label_quality.trend import Trend, rank_trend
from benchmark_n.evaluators.slices import BINS, binned
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.collect import gather, notes
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.runtime.execution import Execution
from benchmark_n.runtime.options import check_whole
from benchmark_n.runtime.progress import Progress

LOW = 0.8
_MOST_VALUES = 8


@dataclass(frozen=True)
class Audit:
    """Predicted Dice coefficients of one annotation file.

    Parameters
    ----------
    file
        Its name.
    evidence
        With ``predicted_dsc``.
    by, groups
        What the groups are of, and that of each annotation.
    units
        Of the annotations: what is independent (`benchmark_n.coco.units`).
    comparisons
        Each two groups, tested on units' means.
    trend
        How the coefficients go along with a field of many numbers; None for other fields.
    """

    file: str
    evidence: Evidence
    by: str
    groups: tuple[str, ...]
    units: Units
    comparisons: tuple[Comparison, ...]
    trend: Trend | None = None

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
            "units": {**self.units.to_settings(), "text": str(self.units)},
            "comparisons": [one.to_dict() for one in self.comparisons],
            "trend": None if self.trend is None else self.trend.to_dict(),
            "selected": self.select(lowest, highest),
            "notes": [*notes(self.evidence), *self.units.warnings],
        }


def audit(
    annotations: Sequence[Path | str],
    images: Sequence[Path | str],
    *,
    by: str = "category",
    bins: int = BINS,
    group_by: str | None = None,
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
        ``"category"``, or a field of the image records such as ``"sex"``. Numbers of many values
        are cut into `bins` of equally many units, and correlated with the coefficients besides.
        Of a benchmark's annotations it may be a field that is withheld, and so may `group_by`.
    group_by
        Image field that names the units; by default as `benchmark_n.coco.units` finds them.
    weights
        Of Quality Sentinel; by default those that come with the package.
    reading
        How the files are read.

    Raises
    ------
    UsageError
        As many folders as there are neither files nor one, or fewer than two bins.
    InputError
        Anything wrong with a file, one without masks, or an image record without the field.
    """
    check_whole("`bins`", bins, least=2)
    folders = _folders(images, len(annotations))
    # It compares groups; of how many the pictures are strange to the weights is among its notes.
    options = EvidenceOptions(
        ("quality",), device=device, weights=weights, out_of_domain=True, evidence_dir=evidence_dir
    )
    execution = Execution(progress=progress)
    found = []
    for path, folder in zip(annotations, folders, strict=True):
        coco = require_masks(read_coco(path, reading), "an audit of masks")
        evidence = gather(coco, options, {"predicted_dsc"}, images=folder, execution=execution)
        found.append(_audit(coco, evidence, by, bins, group_by))
    return found


def _folders(images: Sequence[Path | str], files: int) -> list[Path]:
    """The folder of each file's images."""
    if len(images) not in (1, files):
        raise UsageError(
            f"{len(images)} folders of images for {files} annotation files: "
            "give one for all, or one each"
        )
    return [Path(folder) for folder in images] * (files if len(images) == 1 else 1)


def summary(predicted: NDArray[np.floating]) -> dict[str, float | int]:
    """Number, mean, and share below `LOW`."""
    return {
        "annotations": len(predicted),
        "mean": float(predicted.mean()),
        "share_below_0.8": float((predicted < LOW).mean()),
    }


def _audit(coco: CocoFile, evidence: Evidence, by: str, bins: int, group_by: str | None) -> Audit:
    assert evidence.predicted_dsc is not None
    predicted = evidence.predicted_dsc
    described = with_image_fields(coco)
    units = image_units(described, evidence.image_ids, group_by)
    names = [units.names[code] for code in units.codes.tolist()]
    trend = None
    if by == "category":
        groups = tuple(evidence.category_names[i] for i in evidence.labels.tolist())
    else:
        values = _field(described, evidence, by)
        numbers = _many_numbers(values)
        if numbers is None:
            groups = tuple(f"{by} {value}" for value in values)
        else:
            means = np.bincount(units.codes, numbers) / np.bincount(units.codes)
            cuts = np.quantile(means, np.arange(1, bins) / bins)
            groups = tuple(binned(by, numbers, cuts))
            trend = rank_trend(predicted, numbers, units.codes)
    compared = compare_groups(predicted, groups, names)
    return Audit(coco.path.name, evidence, by, groups, units, tuple(compared), trend)


def _field(coco: CocoFile, evidence: Evidence, by: str) -> list[Any]:
    """The field of each annotation's image."""
    records: Mapping[int, Mapping[str, Any]] = {r["id"]: r for r in coco.section("images")}
    for image_id in evidence.image_ids.tolist():
        if by not in records[image_id]:
            raise InputError(f"{coco.path.name}: image {image_id} has no field '{by}' to group by")
    return [records[image_id][by] for image_id in evidence.image_ids.tolist()]


def _many_numbers(values: list[Any]) -> NDArray[np.float64] | None:
    """The values as numbers, where all are and are more than a few."""
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        return None
    return np.array(values, float) if len(set(values)) > _MOST_VALUES else None
