"""Two engines behind one function: pycocotools, the oracle, and vernier, the fast one."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from benchmark_n.coco import CocoFile
from benchmark_n.coco.predictions import Predictions, detection_arrays
from benchmark_n.evaluators.average_precision import pycocotools_engine as coco_oracle
from benchmark_n.evaluators.average_precision import vernier_engine
from benchmark_n.evaluators.average_precision.ground_truth import truth_arrays
from benchmark_n.evaluators.average_precision.problem import Curves, IouType, Problem
from benchmark_n.evaluators.average_precision.statistics import ladder

Engine = Literal["auto", "pycocotools", "vernier"]
ENGINES = ("auto", "pycocotools", "vernier")


def build_problem(
    truth: CocoFile,
    predictions: Predictions,
    iou_type: IouType,
    most: int,
    dilation_ratio: float,
    compat: str | None,
) -> tuple[Problem, int]:
    """The arrays of an evaluation, and how many ground truths had no ``iscrowd``."""
    masks = iou_type != "bbox"
    raw = compat == "pycocotools"
    gold, silent = truth_arrays(truth, masks=masks, keep_ids=raw)
    found = detection_arrays(predictions, truth.images, masks=masks, box_areas=raw)
    problem = Problem(
        iou_type,
        sorted(truth.images),
        sorted(truth.categories),
        {image.id: (image.height, image.width) for image in truth.images.values()},
        gold,
        found,
        ladder(most),
        dilation_ratio,
    )
    return problem, silent


def run(problem: Problem, engine: Engine, *, keep_cells: bool = False) -> tuple[str, Curves]:
    """The engine that was used, and its curves; with `keep_cells` also what matched.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> from benchmark_n.coco.predictions import read_predictions
    >>> truth = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard").clean()
    >>> found = read_predictions([{**record, "score": 0.9} for record in truth.records()], truth)
    >>> problem, _ = build_problem(truth, found, "segm", 100, 0.02, None)
    >>> engine, curves = run(problem, "pycocotools")
    >>> engine, curves.recall.max().item()
    ('pycocotools', 1.0)
    """
    if engine == "auto":
        engine = "vernier" if vernier_engine.available() else "pycocotools"
    if engine == "pycocotools":
        return engine, coco_oracle.run(problem)
    curves = vernier_engine.run(problem, keep_cells=keep_cells)
    unmatchable = set(problem.truth.category_ids[problem.truth.ids == 0].tolist())
    if unmatchable and keep_cells:
        return "pycocotools", coco_oracle.run(problem)
    for category in unmatchable:
        # Only with `compat`: vernier matches a ground truth of id 0, the raw oracle does not.
        place = problem.category_ids.index(category)
        alone = coco_oracle.run(replace(problem, category_ids=[category]))
        curves.precision[:, :, place] = alone.precision[:, :, 0]
        curves.recall[:, place] = alone.recall[:, 0]
    return engine, curves
