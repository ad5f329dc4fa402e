"""`evaluate_labels`: how far a benchmark's noisy labels are from the clean ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from benchmark_n.benchmark import Benchmark
from benchmark_n.benchmark.record_fields import with_image_fields
from benchmark_n.coco import CocoFile
from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.coco.lacking_masks import check_masks, with_masks
from benchmark_n.coco.units import image_units
from benchmark_n.errors import UsageError
from benchmark_n.evaluation.evaluation_input import EvaluationInput, evaluation_input
from benchmark_n.evaluation.result import Evaluation, evaluation
from benchmark_n.evaluators.label_errors.bootstrap import default_replicates
from benchmark_n.evaluators.label_quality.agreement_slices import LabelSlices, label_slices
from benchmark_n.evaluators.label_quality.label_pairs import of_masks
from benchmark_n.evaluators.label_quality.mask_agreement import mask_agreement
from benchmark_n.evaluators.slices import AgreementOptions, Slice, image_labels
from benchmark_n.masks import CropMask, rle_to_crop


def evaluate_labels(
    benchmark: EvaluationInput | Benchmark | Path | str,
    options: AgreementOptions = AgreementOptions(),
) -> Evaluation:
    """Agreement of the noisy labels with the clean ones, as the manifest tells it.

    Parameters
    ----------
    options
        What to slice by, whether distances between boundaries are measured, and the bootstrap.

    Raises
    ------
    UsageError
        There is no benchmark, or the labels asked for are those of its validation images.
    InputError
        Anything wrong with a file, or labels that are boxes without masks.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> round(evaluate_labels(benchmark).results["mean_iou"], 2)
    0.72
    """
    labels = evaluation_input(benchmark)
    labels.require_predictions()
    opened = labels.opened
    if opened is None:
        raise UsageError("masks noisy needs a benchmark: its manifest tells what was changed")
    noisy = with_image_fields(opened.noisy())
    manifest = opened.manifest()
    rows = manifest.filter(pc.invert(manifest["crowd"]))
    masked = of_masks(rows)
    check_masks(noisy.path.name, len(rows) - len(masked), len(rows), "agreement of masks")
    units = image_units(noisy, masked["image_id"].to_numpy().astype(np.int64), options.group_by)
    replicates = options.bootstrap or default_replicates(len(units))
    parts = label_slices(masked, units, replicates, options.seed)
    results: dict[str, Any] = {
        **mask_agreement(masked, noisy.categories).to_dict(),
        "intervals": parts.intervals(),
        "settings": {"bootstrap": parts.replicates, "seed": parts.seed, **units.to_settings()},
        "slices": {by: [s.to_dict() for s in _slices(parts, noisy, by)] for by in options.by},
        "warnings": list(units.warnings),
    }
    if options.surface:
        results["surface"] = _surface(opened, noisy, masked, options.tolerance)
    return evaluation("masks", labels, results, {})


def _slices(parts: LabelSlices, noisy: CocoFile, by: str) -> list[Slice]:
    if by == "size":
        return parts.by_size()
    if by in ("category", "supercategory"):
        return parts.by_category(noisy.categories, supercategory=by == "supercategory")
    return parts.by_image(image_labels(noisy, by))


def _surface(opened: Benchmark, noisy: CocoFile, rows: Any, tolerance: float) -> dict[str, Any]:
    """Distances between boundaries, in mm where the images tell their spacing, else in px.

    The clean labels are found by their ids in the source, the noisy ones by the published ids.
    """
    # Brings parts of SciPy that take as long as a small evaluation; nothing else wants them.
    from benchmark_n.evaluators.surface.labels import PIXELS, pixel_sizes, surface_agreement

    sizes = pixel_sizes(noisy.section("images"))
    wanted = rows.select(["source_id", "annotation_id", "image_id"]).to_pylist()
    clean, given = _masks(opened.clean()), _masks(noisy)

    def pairs() -> Iterator[tuple[CropMask | None, CropMask | None, tuple[float, float]]]:
        for row in wanted:
            masks = clean.get(row["source_id"]), given.get(row["annotation_id"])
            first, second = (None if mask is None else rle_to_crop(mask) for mask in masks)
            yield first, second, PIXELS if sizes is None else sizes[row["image_id"]]

    return surface_agreement(pairs(), tolerance, "px" if sizes is None else "mm")


def _masks(coco: CocoFile) -> dict[int, Any]:
    """Annotation id to mask, without crowds and boxes."""
    kept = np.flatnonzero(~coco.crowd & with_masks(coco))
    masks = masks_of(coco, kept.tolist())
    return dict(zip(coco.annotation_ids[kept].tolist(), masks, strict=True))
