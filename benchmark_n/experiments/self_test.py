"""How far to trust the joint list on a file: errors planted in it, and found again."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from benchmark_n.benchmark import Benchmark
from benchmark_n.coco import ReadOptions
from benchmark_n.coco.exports import open_export
from benchmark_n.coco.images import named_folder
from benchmark_n.coco.units import units_line
from benchmark_n.datasets import SourceOptions
from benchmark_n.detection.joint.result import JointResult
from benchmark_n.detection.joint.run import detect_jointly
from benchmark_n.errors import InputError
from benchmark_n.evaluation.label_errors import UNIT, deleted_masks, with_units
from benchmark_n.evaluators.label_errors import truth as error_truth
from benchmark_n.evaluators.label_errors.missing import deleted_rows, match_proposals
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.experiments.list_rates import TOPS, AtTop, at_tops
from benchmark_n.generation.make import make
from benchmark_n.generation.options import RecipeOptions
from benchmark_n.runtime.execution import Execution

# People's outlines, other categories and missing annotations, each where few are touched.
RECIPE = "human-lvis-crowd"
SPARSE = {
    "contour.probability": 0.05,
    "class_confusion.probability": 0.05,
    "deletion.probability": 0.03,
}


@dataclass(frozen=True)
class SelfTest:
    """What the list found of the errors that were planted.

    Parameters
    ----------
    recipe, seed
        What planted them.
    planted
        Kind to their number: ``class``, ``spatial``, ``missing``; one annotation may be of two.
    found
        Top to kind to the number found by then.
    at
        Of all kinds together.
    units
        What the intervals resample, a line.
    """

    recipe: str
    seed: int
    planted: Mapping[str, int]
    found: Mapping[int, Mapping[str, int]]
    at: tuple[AtTop, ...]
    listed: int
    units: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class _Planted:
    """P errors: a key each (an annotation's published id), the kinds of each, and its unit.

    `of_image` is the unit of each image that has an annotation.
    """

    kinds: Mapping[int, tuple[str, ...]]
    units: Mapping[int, int]
    of_image: Mapping[int, int]
    num_units: int
    line: str


def self_test(
    annotations: Path | str,
    images: Path | str | None = None,
    *,
    recipe: str | Path | None = None,
    seed: int = 0,
    evidence: EvidenceOptions = EvidenceOptions(),
    execution: Execution = Execution(),
    reading: ReadOptions = ReadOptions(),
) -> SelfTest:
    """Plant known errors in a file, run the joint list on it, and see what it finds.

    Parameters
    ----------
    annotations, images
        As for `detect_jointly`.
    recipe
        A recipe's name or file. By default `RECIPE`, which is as people draw and name, with 5 %
        of the outlines and of the categories changed and 3 % of the annotations removed.
    seed
        Of the noise.

    Raises
    ------
    UsageError, InputError
        As for `make` and `detect_jointly`, or a recipe that planted no error here.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> benchmark = make("scenes", "easy", source=SourceOptions(num_images=3), out="easy")
    >>> found = self_test(benchmark.annotations)  # without images: the rules of `check` alone
    >>> found.planted, found.at[0].top
    ({'class': 1, 'missing': 1}, 50)
    """
    export = open_export(annotations)
    folder = named_folder(images) or export.images
    name, overrides = (recipe, {}) if recipe else (RECIPE, SPARSE)
    with tempfile.TemporaryDirectory(prefix="benchmark-n-self-test-") as place:
        made = make(
            "custom",
            recipe=RecipeOptions(name, overrides=overrides),
            seed=seed,
            out=Path(place) / "planted",
            source=_source(export.annotations, folder, reading),
            execution=replace(execution, progress=None),
        )
        planted = _planted(made)
        found = detect_jointly(made.noisy(), folder, evidence=evidence, execution=execution)
        return _measured(str(name), seed, planted, _hits(found, made, planted), found)


def _source(annotations: Path, images: Path | None, reading: ReadOptions) -> SourceOptions:
    return SourceOptions(
        annotations=annotations,
        images=images,
        repair=reading.repair,
        strict=reading.strict,
        crowds_as_instances=reading.crowds_as_instances,
    )


def _planted(made: Benchmark) -> _Planted:
    """The errors by the manifest."""
    rows, units = with_units(made.manifest(), made, made.noisy(), None)
    kinds: dict[int, tuple[str, ...]] = {}
    there = error_truth.surviving(rows)
    truths = {
        "class": error_truth.class_errors(there),
        "spatial": error_truth.spatial_errors(there),
    }
    for kind, truth in truths.items():
        for identity in there["annotation_id"].filter(truth.wrong).to_pylist():
            kinds[identity] = (*kinds.get(identity, ()), kind)
    for identity in deleted_rows(rows)["annotation_id"].to_pylist():
        kinds[identity] = ("missing",)
    if not kinds:
        raise InputError(f"recipe {made.recipe['name']}: planted no error in {made.annotations}")
    unit = rows[UNIT].to_pylist()
    of_row = dict(zip(rows["annotation_id"].to_pylist(), unit, strict=True))
    of_image = dict(zip(rows["image_id"].to_pylist(), unit, strict=True))
    line = units_line(units.field, len(units))
    return _Planted(kinds, {i: of_row[i] for i in kinds}, of_image, len(units), line)


def _hits(found: JointResult, made: Benchmark, planted: _Planted) -> list[int | None]:
    """The planted error that each suspect is, None for none; each error once."""
    scores = found.scores
    proposals = scores.filter(pc.equal(scores["kind"], "missing"))
    matched = iter(match_proposals(proposals, deleted_masks(made, made.noisy())).tolist())
    hits: list[int | None] = []
    for one in found.suspects:
        identity = one.annotation_id if one.annotation_id is not None else next(matched)
        hits.append(identity if identity in planted.kinds else None)
    return hits


def _measured(
    recipe: str,
    seed: int,
    planted: _Planted,
    hits: list[int | None],
    found: JointResult,
) -> SelfTest:
    of_image = dict(planted.of_image)
    # Images without an annotation are in no unit of the manifest: each is one of its own.
    count = planted.num_units
    units = []
    for one in found.suspects:
        if one.image_id not in of_image:
            of_image[one.image_id], count = count, count + 1
        units.append(of_image[one.image_id])
    right = np.array([hit is not None for hit in hits], np.float64)
    per_unit = np.bincount([*planted.units.values()], minlength=count).astype(np.float64)
    at = at_tops(right, np.array(units, np.int64), per_unit, seed)
    kinds = dict.fromkeys(kind for own in planted.kinds.values() for kind in own)
    counted = {kind: sum(kind in own for own in planted.kinds.values()) for kind in sorted(kinds)}
    by_top = {
        top: {
            kind: sum(hit is not None and kind in planted.kinds[hit] for hit in hits[:top])
            for kind in counted
        }
        for top in TOPS
    }
    return SelfTest(recipe, seed, counted, by_top, at, len(hits), planted.line)
