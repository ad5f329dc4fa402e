"""The vernier engine: the same curves from compiled code (extra ``fast``).

It runs in strict parity with pycocotools. Areas of detections are the problem's (`_detections`),
and every detection gets a box, since vernier takes none without.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import msgspec
import numpy as np

from benchmark_n.coco.instances import Instances, by_image
from benchmark_n.errors import InputError
from benchmark_n.evaluators.average_precision.problem import (
    AREA_RANGES,
    IOU_THRESHOLDS,
    RECALLS,
    Curves,
    Problem,
)
from benchmark_n.masks.batch import rle_areas

_MOST_CELLS = 1 << 22


def available() -> bool:
    """Whether vernier can be imported.

    Examples
    --------
    >>> available() == (importlib.util.find_spec("vernier") is not None)
    True
    """
    return importlib.util.find_spec("vernier") is not None


def run(problem: Problem, *, keep_cells: bool = False) -> Curves:
    """Evaluate with vernier; with `keep_cells` what matched is kept too, which takes longer.

    Some categories at a time, where there are many images: vernier takes about 100 bytes for each
    category, area range and image, be it empty.
    """
    core, count = _core(), len(problem.category_ids)
    step = max(1, _MOST_CELLS // (len(AREA_RANGES) * max(len(problem.image_ids), 1)))
    if step >= count:
        return _evaluate(core, problem, keep_cells)
    parts = [
        _evaluate(core, problem.of_categories(problem.category_ids[i : i + step]), keep_cells)
        for i in range(0, count, step)
    ]
    return Curves(
        np.concatenate([part.precision for part in parts], axis=2),
        np.concatenate([part.recall for part in parts], axis=1),
        [cell for part in parts for cell in part.cells or ()] if keep_cells else None,
    )


def _evaluate(core: Any, problem: Problem, keep_cells: bool) -> Curves:
    evaluate = getattr(core, f"evaluate_{problem.iou_type}_grid")
    extra = {"dilation_ratio": problem.dilation_ratio} if problem.iou_type == "boundary" else {}
    detections, area = _detections(problem)
    grid = evaluate(
        _ground_truth(problem, core),
        detections,
        parity_mode="strict",
        max_dets_per_image=problem.max_detections[-1],
        use_cats=True,
        iou_thresholds=IOU_THRESHOLDS.tolist(),
        recall_thresholds=RECALLS.tolist(),
        dt_area=area,
        retain_meta=keep_cells,
        **extra,
    )
    done = grid.accumulate(list(problem.max_detections))
    cells = grid.eval_imgs() if keep_cells else None
    return Curves(np.array(done.precision), np.array(done.recall), cells)


def _core() -> Any:
    try:
        return importlib.import_module("vernier._core")
    except ImportError:
        raise InputError(
            "engine vernier is not installed: run pip install '.[fast]' in the clone"
        ) from None


def _ground_truth(problem: Problem, core: Any) -> Any:
    if problem.federated is not None:
        return core.CocoDataset.from_lvis_json(_lvis_json(problem))
    truth = problem.truth
    sizes = np.array([problem.sizes[i] for i in problem.image_ids], np.int64).reshape(-1, 2)
    annotations: dict[str, Any] = {
        "id": truth.ids,
        "image_id": truth.image_ids,
        "category_id": truth.category_ids,
        "bbox": np.ascontiguousarray(truth.boxes),
        "area": truth.areas,
        "iscrowd": truth.crowd,
    }
    if truth.masks is not None:
        annotations["segmentation"] = list(truth.masks)
    return core.CocoDataset.from_arrays(
        {
            "id": np.array(problem.image_ids, np.int64),
            "height": np.ascontiguousarray(sizes[:, 0]),
            "width": np.ascontiguousarray(sizes[:, 1]),
        },
        annotations,
        [{"id": int(i), "name": str(i)} for i in problem.category_ids],
    )


def _detections(problem: Problem) -> tuple[list[dict[str, Any]], str]:
    """The detections, and where vernier has their areas from.

    They go by image, as columns, which has a tenth of the objects that records have; areas can then
    be those of boxes or of masks alone. Where they are both, records say them.
    """
    found = problem.detections
    if np.array_equal(found.areas, found.boxes[:, 2] * found.boxes[:, 3]):
        area = "bbox"
    elif found.masks is not None and np.array_equal(found.areas, rle_areas(found.masks)):
        area = "mask"
    else:
        return _records(found, text=False), "supplied"
    batches = []
    for image, rows in by_image(found.image_ids).items():
        own: dict[str, Any] = {
            "image_id": image,
            "boxes": found.boxes[rows],
            "scores": found.scores[rows],
            "labels": found.category_ids[rows],
        }
        if found.masks is not None:
            own["rles"] = [found.masks[i] for i in rows.tolist()]
        batches.append(own)
    return batches, area


def _lvis_json(problem: Problem) -> bytes:
    federated, known = problem.federated, frozenset(problem.category_ids)
    assert federated is not None
    images = [
        {
            "id": i,
            "height": problem.sizes[i][0],
            "width": problem.sizes[i][1],
            "neg_category_ids": sorted(known & federated.negative.get(i, frozenset())),
            "not_exhaustive_category_ids": sorted(
                known & federated.not_exhaustive.get(i, frozenset())
            ),
        }
        for i in problem.image_ids
    ]
    categories = [
        {"id": i, "name": str(i), "frequency": federated.frequency.get(i, "f")}
        for i in problem.category_ids
    ]
    document = {
        "images": images,
        "categories": categories,
        "annotations": _records(problem.truth, text=True),
    }
    return msgspec.json.encode(document)


def _records(instances: Instances, *, text: bool) -> list[dict[str, Any]]:
    """One record an instance; `text`: with RLE counts as JSON has them."""
    names = ("id", "image_id", "category_id", "bbox", "area", "iscrowd", "score")
    records = [dict(zip(names, row, strict=True)) for row in instances.rows()]
    for record, mask in zip(records, instances.masks or (), strict=instances.masks is not None):
        counts = mask["counts"].decode() if text else mask["counts"]
        record["segmentation"] = {"size": mask["size"], "counts": counts}
    return records
