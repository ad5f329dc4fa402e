"""COCO files, results, run-length strings and scores."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from pycocotools import mask as coco_mask

import benchmark_n
from benchmark_n.coco import read_coco
from benchmark_n.coco.annotation_masks import MASK_FORMS
from benchmark_n.detection.correct import correct
from benchmark_n.errors import BenchmarkNError, InputError
from benchmark_n.evaluation.evaluation_input import EvaluationInput
from benchmark_n.evaluation.predictions import evaluate_predictions
from benchmark_n.evaluators.average_precision.options import PrecisionOptions
from benchmark_n.masks import SegmentationError, rle_to_crop, segmentation_to_rle
from benchmark_n.masks.batch import segmentations_to_rles
from benchmark_n.review import export_review
from tests import making, samples
from tests.fuzzing.formats import Format
from tests.fuzzing.large_tables import LARGE_TABLES
from tests.fuzzing.tables import strange_table
from tests.fuzzing.values import SCRIPT, Verbatim, damaged, json_bytes, nested, to_json

FILE, RESULTS, SCORES = "instances.json", "results.json", "scores.parquet"
_PIXELS = 10**9


def _prepare(folder: Path) -> None:
    from tests.review.samples import source

    source(folder)


def _document(valid: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((valid / FILE).read_bytes())
    return data


def _write_coco(rng: Random, folder: Path, valid: Path) -> None:
    data = _document(valid)
    if rng.random() < 0.2:
        data["annotations"][0]["segmentation"] = {"size": [48, 64], "counts": rng.choice(RUNS)}
    for image in data["images"]:
        shutil.copy(valid / image["file_name"], folder)
    (folder / FILE).write_bytes(json_bytes(data, rng))


def _read_coco(folder: Path, out: Path) -> None:
    """Made into a benchmark, which has to be whole and to have lost no annotation."""
    masks = MASK_FORMS[(folder / FILE).stat().st_size % len(MASK_FORMS)]
    path = folder / FILE
    made = making.make(
        "custom", "hard", annotations=path, images=folder, out=out / "b", masks=masks, workers=1
    )
    assert made.verify() == []
    ids = read_coco(path).annotation_ids.tolist()
    assert sorted(made.manifest(["source_id"])["source_id"].to_pylist()) == sorted(ids)
    assert sorted(made.clean().annotation_ids.tolist()) == sorted(ids)
    if (folder / FILE).stat().st_size % 8 == 0:  # the slowest of all
        benchmark_n.show(made, out / "picture.png")


def _coco_bomb(change: Any) -> Any:
    def write(folder: Path, valid: Path) -> None:
        data = _document(valid)
        change(data)
        (folder / FILE).write_text(to_json(data))

    return write


def _set(*keys: Any) -> Any:
    *path, last, value = keys

    def change(data: Any) -> None:
        for key in path:
            data = data[key]
        data[last] = value

    return _coco_bomb(change)


def _raw(text: str) -> Any:
    def write(folder: Path, valid: Path) -> None:
        (folder / FILE).write_text(text)

    return write


def _categories(count: int) -> list[dict[str, Any]]:
    return [{"id": i + 1, "name": f"c{i}"} for i in range(count)]


_FIRST = ("annotations", 0, "segmentation")
COCO_BOMBS = {
    "image of 10^9 px": _set("images", 0, "height", _PIXELS),
    "image of 10^9 x 10^9 px": _coco_bomb(
        lambda d: d["images"][0].update(height=_PIXELS, width=_PIXELS)
    ),
    "image of 2^26 px": _coco_bomb(lambda d: d["images"][0].update(height=2**14, width=2**12)),
    "mask of 2^26 px": _coco_bomb(
        lambda d: (
            d["images"][0].update(height=2**14, width=2**12),
            d["annotations"][0].update(
                segmentation={"size": [2**14, 2**12], "counts": [1, 2**26 - 1]}
            ),
        )
    ),
    "rle size of 10^9 px": _set(*_FIRST, {"size": [_PIXELS, _PIXELS], "counts": [_PIXELS**2]}),
    "runs beyond 64 bits": _set(*_FIRST, {"size": [48, 64], "counts": [2**64, -(2**64) + 3072]}),
    "runs that wrap around": _set(
        *_FIRST, {"size": [48, 64], "counts": [2**63 - 1, 3073, 2**63 - 1]}
    ),
    "counts that overflow": _set(*_FIRST, {"size": [48, 64], "counts": "o" * 500_000 + "0"}),
    "long outline": _set(*_FIRST, [[0, 0, 500, 400] * 50_000]),
    "many polygons": _set(*_FIRST, [[0, 0, 9, 0, 9, 9]] * 30_000),
    "polygon of 10^9 px": _set(*_FIRST, [[0, 0, 1e9, 0, 1e9, 1e9]]),
    "nested segmentation": _set(*_FIRST, nested(200_000)),
    "nested unknown field": _set("annotations", 0, "extra", nested(200_000)),
    "nested section": _set("info", nested(200_000)),
    "nested document": _raw("[" * 500_000),
    "nested objects": _raw('{"a":' * 150_000),
    "many keys": _raw("{" + ",".join(f'"{i}":0' for i in range(80_000)) + "}"),
    "long number": _set("annotations", 0, "area", Verbatim("9" * 900_000)),
    "long id": _set("annotations", 0, "id", Verbatim("9" * 5000)),
    "path traversal": _set("images", 0, "file_name", "../../../../etc/passwd"),
    "absolute path": _set("images", 0, "file_name", "/etc/passwd"),
    "device as image": _set("images", 0, "file_name", "/dev/zero"),
    "null in path": _set("images", 0, "file_name", "a\x00b"),
    "20,000 categories": _coco_bomb(lambda d: d.update(categories=_categories(20_000))),
    "20,001 categories": _coco_bomb(lambda d: d.update(categories=_categories(20_001))),
    "script as category": _set("categories", 0, "name", SCRIPT),
}
RUNS = ("PPYo10", "0", "", "oooooooooo", "`0", "\x7f", "P" * 50, "n_O1", "1" * 3000, "`Y2`0h0`1")


def _prepare_results(folder: Path) -> None:
    data = samples.document()
    (folder / FILE).write_text(json.dumps(data))
    rows = [
        {**{k: a[k] for k in ("image_id", "category_id", "bbox", "segmentation")}, "score": 0.9}
        for a in data["annotations"]
    ]
    mask = segmentation_to_rle(samples.SQUARE, 48, 64)
    rows[1]["segmentation"] = {"size": [48, 64], "counts": mask["counts"].decode()}
    (folder / RESULTS).write_text(json.dumps(rows))


def _write_results(rng: Random, folder: Path, valid: Path) -> None:
    shutil.copy(valid / FILE, folder)
    (folder / RESULTS).write_bytes(json_bytes(json.loads((valid / RESULTS).read_bytes()), rng))


def _read_results(folder: Path, out: Path) -> None:
    truth = EvaluationInput(ground_truth=folder / FILE)
    evaluate_predictions(truth, folder / RESULTS, options=PrecisionOptions(engine="pycocotools"))


def _result_bomb(text: str) -> Any:
    def write(folder: Path, valid: Path) -> None:
        shutil.copy(valid / FILE, folder)
        (folder / RESULTS).write_text(text)

    return write


_ROW = '{"image_id":1,"category_id":1,"score":0.5,"bbox":[0,0,9,9],"segmentation":%s}'
RESULT_BOMBS = {
    "nested": _result_bomb("[" * 500_000),
    "nested segmentation": _result_bomb(f"[{_ROW % nested(200_000)}]"),
    "rle of 10^9 px": _result_bomb(
        f"[{_ROW % json.dumps({'size': [_PIXELS, _PIXELS], 'counts': [_PIXELS**2]})}]"
    ),
    "counts that overflow": _result_bomb(
        f"[{_ROW % json.dumps({'size': [48, 64], 'counts': 'o' * 500_000 + '0'})}]"
    ),
    "box of 1e308 px": _result_bomb(
        '[{"image_id":1,"category_id":1,"score":1,"bbox":[0,0,1e308,1e308]}]'
    ),
    "ten thousand detections": _result_bomb(
        "[" + ",".join(['{"image_id":1,"category_id":1,"score":1,"bbox":[0,0,9,9]}'] * 10_000) + "]"
    ),
}


def _write_rle(rng: Random, folder: Path, valid: Path) -> None:
    height, width = rng.choice([(48, 64), (1, 1), (7, 1), (1, 900), (2000, 3000), (2**14, 2**12)])
    runs: list[int] = []
    while sum(runs) < height * width and len(runs) < 200:
        runs.append(rng.choice([0, 1, 2, height, rng.randint(0, height * width)]))
    if runs and sum(runs) > height * width and rng.random() < 0.8:
        runs[-1] -= sum(runs) - height * width
    how = rng.random()
    counts: Any = runs
    if how < 0.7:
        try:
            mask = coco_mask.frPyObjects({"size": [height, width], "counts": runs}, height, width)
            counts = damaged(mask["counts"], rng).decode("latin-1")
        except (OverflowError, ValueError):
            counts = "".join(chr(rng.randint(40, 120)) for _ in range(rng.randint(0, 40)))
    elif how < 0.8:
        counts = "".join(chr(rng.randint(48, 111)) for _ in range(rng.choice([1, 9, 5000])))
    size = rng.choice([[height, width], [height, width], [width, height], [0, 0], [-1, 5]])
    (folder / "rle.json").write_text(json.dumps({"size": size, "counts": counts}))


def _read_rle(folder: Path, out: Path) -> None:
    """The same alone and in a batch; what is taken is the mask that pycocotools reads."""
    rle = json.loads((folder / "rle.json").read_bytes())
    height, width = (abs(side) or 1 for side in rle["size"])
    alone = batch = None
    try:
        alone = segmentation_to_rle(rle, height, width)
    except SegmentationError as error:
        fault = str(error)
    with suppress(BenchmarkNError):
        (batch,) = segmentations_to_rles([rle], [(height, width)], lambda _, t: InputError(t))
    assert alone == batch
    if alone is None:
        raise InputError(fault)
    crop = rle_to_crop(alone)
    assert crop.area == int(coco_mask.area(alone))
    if height * width < 10**7:
        assert np.array_equal(crop.full(), coco_mask.decode(alone))


def _prepare_scores(folder: Path) -> None:
    from tests.review.samples import ROWS, scores, source

    path = source(folder)
    making.make(
        "custom",
        "clean",
        annotations=path,
        out=folder / "benchmark",
        workers=1,
        keep_ids=True,  # which the scores are of
    )
    scores(folder / SCORES, [row for row in ROWS])


def _write_scores(rng: Random, folder: Path, valid: Path) -> None:
    shutil.copytree(valid / "benchmark", folder / "benchmark")
    table = pq.read_table(valid / SCORES)
    strange_table(table, rng, folder / SCORES)


def _read_scores(folder: Path, out: Path) -> None:
    path = folder / SCORES
    export_review([path], "csv", out / "review", benchmark=folder / "benchmark")
    correct(folder / "benchmark", path, out=out / "corrected")


def _scores_bomb(make: Callable[[Path], None]) -> Any:
    def write(folder: Path, valid: Path) -> None:
        shutil.copytree(valid / "benchmark", folder / "benchmark")
        make(folder / SCORES)

    return write


SCORES_BOMBS = {name: _scores_bomb(make) for name, make in LARGE_TABLES.items()}

FORMATS = (
    Format("coco", _prepare, _write_coco, _read_coco, 16, COCO_BOMBS),
    Format("results", _prepare_results, _write_results, _read_results, 12, RESULT_BOMBS),
    Format("rle", lambda folder: None, _write_rle, _read_rle, 14),
    Format("scores", _prepare_scores, _write_scores, _read_scores, 4, SCORES_BOMBS),
)
