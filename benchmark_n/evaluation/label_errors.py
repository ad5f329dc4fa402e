"""A scores table against a benchmark directory: reads what `label_errors` needs from it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmark_n.benchmark import Benchmark
from benchmark_n.benchmark.record_fields import record_field, with_image_fields
from benchmark_n.coco import CocoFile
from benchmark_n.coco.annotation_masks import has_mask, read_mask
from benchmark_n.coco.boxes import box_mask, read_box
from benchmark_n.coco.records import split_record
from benchmark_n.coco.units import IMAGE, Units, image_units, numbered
from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_errors import alignment
from benchmark_n.evaluators.label_errors.blind import blind_scores
from benchmark_n.evaluators.label_errors.evaluate import evaluate_label_errors
from benchmark_n.evaluators.label_errors.floors import BlindScores
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.evaluators.label_errors.results import LabelErrorResult
from benchmark_n.evaluators.slices import field_labels
from benchmark_n.masks import Rle

UNIT = "benchmark_n_unit"
_log = logging.getLogger(__name__)
_MADE = ("noise", "category", "supercategory")


def score_benchmark(
    scores: Any,
    benchmark: Benchmark,
    options: LabelErrorOptions = LabelErrorOptions(),
    *,
    blind: BlindScores | None = None,
) -> LabelErrorResult:
    """`evaluate_label_errors` on a benchmark directory.

    Parameters
    ----------
    options
        As there; besides, what it breaks down by and groups by may be any field of the image or
        annotation records (``view``, ``patient``), published or not. By default whole units are
        resampled, as `benchmark_n.coco.units` has them.
    blind
        The blind floor's scores of this benchmark, where they were made before.

    Raises
    ------
    InputError
        As there, or the benchmark was made in a way that gives its errors away.
    """
    recipe = benchmark.recipe
    if recipe.get("detection") is False:
        raise InputError(
            f"{benchmark.path}: made with masks '{recipe.get('masks')}': the form of its records "
            "tells what was changed, so it is unfit for label-error detection: "
            "make it with `masks='rle'`"
        )
    noisy = benchmark.noisy()
    manifest = benchmark.manifest()
    if options.units_in_order:  # they are numbered as they come
        manifest = manifest.sort_by("image_id")
    manifest, units = with_units(manifest, benchmark, noisy, options.group_by)
    names = [name for name in (*options.slices, *options.by) if name not in _MADE]
    manifest = with_record_fields(manifest, benchmark, noisy, names, in_bins=options.slices)
    needs_masks = pc.any(pc.equal(scores["kind"], "missing")).as_py() if len(scores) else False
    result = evaluate_label_errors(
        scores,
        manifest,
        categories=noisy.categories,
        deleted_masks=deleted_masks(benchmark, noisy) if needs_masks else None,
        blind=blind_scores(noisy, recipe) if blind is None else blind,
        options=replace(options, group_by=UNIT),
    )
    return replace(result, settings={**result.settings, **units.to_settings()})


def with_record_fields(
    manifest: Any,
    benchmark: Benchmark,
    noisy: CocoFile,
    names: Iterable[str],
    in_bins: Collection[str] = (),
) -> Any:
    """The manifest with a text column for each named field of the image or annotation records.

    Fields that the benchmark does not publish count too. Many numbers of a field in `in_bins` are
    cut into thirds.
    """
    for name in dict.fromkeys(names):
        if name in manifest.column_names:
            continue
        found = record_field(benchmark, noisy, name)
        if found is not None:
            key, values = found
            given = list(values.values())
            shown = field_labels(name, given) if name in in_bins else map(_text, given)
            labels = dict(zip(values, shown, strict=True))
            texts = [labels.get(i) for i in manifest[key].to_pylist()]
            manifest = manifest.append_column(name, pa.array(texts, pa.string()))
    return manifest


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def with_units(
    manifest: Any, benchmark: Benchmark, noisy: CocoFile, group_by: str | None
) -> tuple[Any, Units]:
    """The manifest with a column `UNIT`, and the units of its rows.

    Raises
    ------
    InputError
        A field that neither images nor annotations have.
    """
    if group_by is not None and group_by not in (IMAGE, "id", "image_id"):
        manifest = with_record_fields(manifest, benchmark, noisy, [group_by])
        alignment.require(manifest, group_by)
        texts = [str(value) for value in manifest[group_by].to_pylist()]
        units = numbered(texts, group_by)
    else:
        ids = np.asarray(manifest["image_id"].to_numpy(), np.int64)
        described = with_image_fields(noisy)
        units = image_units(described, ids, None if group_by is None else IMAGE)
    for line in units.warnings:
        _log.warning(line)
    return manifest.append_column(UNIT, pa.array(units.codes)), units


def deleted_masks(benchmark: Benchmark, noisy: CocoFile) -> dict[int, dict[int, Rle]]:
    """Image id to annotation id to clean mask of the instances that the noisy file lacks.

    An annotation without a mask has its box, filled.
    """
    names = ["annotation_id", "image_id", "deleted", "crowd", "clean_record"]
    rows = benchmark.manifest(names)
    rows = rows.filter(pc.and_(rows["deleted"], pc.invert(rows["crowd"])))
    masks: dict[int, dict[int, Rle]] = {}
    for row in rows.to_pylist():
        image = noisy.images[row["image_id"]]
        fields = split_record(row["clean_record"])
        if has_mask(fields.get("segmentation")):
            mask = read_mask(fields, image.height, image.width)
        else:
            box = read_box(fields, image.height, image.width)
            mask = box_mask(box, image.height, image.width)
        masks.setdefault(image.id, {})[row["annotation_id"]] = mask
    return masks
