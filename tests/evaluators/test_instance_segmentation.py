"""AP of both engines against pycocotools on files, the lvis package, and published figures."""

from __future__ import annotations

import contextlib
import copy
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark_n.coco import read_coco
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.average_precision import vernier_engine
from benchmark_n.evaluators.average_precision.engines import Engine
from benchmark_n.evaluators.average_precision.evaluate import evaluate_instances
from benchmark_n.evaluators.average_precision.ground_truth import truth_arrays
from benchmark_n.evaluators.average_precision.options import PrecisionOptions
from benchmark_n.evaluators.average_precision.problem import Curves, IouType, Problem
from tests.evaluators.coco_samples import encode, parse, random_case
from tests.evaluators.oracles import oracle_statistics

ENGINES: tuple[Engine, ...] = ("pycocotools", "vernier")
NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
SAMPLES = {
    "masks": (
        "coco_val2014_100/instances_val2014_100.json",
        "coco_val2014_100/instances_val2014_fakesegm100_results.json",
    ),
    "boxes": (
        "coco_val2014_100/instances_val2014_100.json",
        "coco_val2014_100/instances_val2014_fakebbox100_results.json",
    ),
    "tumours": (
        "brain_tumor_maskrcnn/_annotations.coco.json",
        "brain_tumor_maskrcnn/coco_instances_results.json",
    ),
}
PUBLISHED: list[tuple[str, IouType, str | None, dict[str, float]]] = [
    ("masks", "segm", None, {"AP": 0.3195453, "AP50": 0.5623, "AP75": 0.2989}),
    ("boxes", "bbox", None, {"AP": 0.5045807, "AP50": 0.6969727, "AP75": 0.5729817}),
    ("tumours", "segm", None, {"AP": 0.4745210, "AP50": 0.6070249, "AP75": 0.5504156}),
    ("tumours", "bbox", None, {"AP": 0.4484462}),
    ("tumours", "segm", "pycocotools", {"AP": 0.4685002, "AP50": 0.6016488, "AP75": 0.5419135}),
    ("tumours", "bbox", "pycocotools", {"AP": 0.4413349}),
]


def listed(statistics: dict[str, float | None]) -> list[float]:
    return [-1.0 if value is None else value for value in statistics.values()]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("sample", "iou_type", "compat", "figures"), PUBLISHED)
def test_published_figures_come_out(
    shared_data: Path,
    sample: str,
    iou_type: IouType,
    compat: str | None,
    figures: dict[str, float],
    engine: Engine,
) -> None:
    truth, found = (shared_data / name for name in SAMPLES[sample])
    result = evaluate_instances(
        read_coco(truth),
        found,
        iou_type=iou_type,
        options=PrecisionOptions(engine=engine, compat=compat),
    )
    for name, figure in figures.items():
        digits = 5e-5 if figure in (0.5623, 0.2989) else 1e-6
        assert result.statistics[name] == pytest.approx(figure, abs=digits)


@pytest.mark.parametrize("class_agnostic", [False, True])
@pytest.mark.parametrize("compat", [None, "pycocotools"])
@pytest.mark.parametrize(
    ("sample", "iou_type"),
    [
        ("masks", "segm"),
        ("masks", "boundary"),
        ("masks", "bbox"),
        ("boxes", "bbox"),
        ("tumours", "segm"),
        ("tumours", "bbox"),
        ("tumours", "boundary"),
    ],
)
def test_engines_agree_on_real_data(
    shared_data: Path, sample: str, iou_type: IouType, compat: str | None, class_agnostic: bool
) -> None:
    truth, found = (shared_data / name for name in SAMPLES[sample])
    a, b = (
        evaluate_instances(
            read_coco(truth),
            found,
            iou_type=iou_type,
            options=PrecisionOptions(engine=engine, compat=compat, class_agnostic=class_agnostic),
        ).statistics
        for engine in ENGINES
    )
    assert listed(a) == pytest.approx(listed(b), abs=1e-12)


@pytest.mark.parametrize("iou_type", ["segm", "bbox", "boundary"])
def test_raw_oracle_is_reproduced_from_files(shared_data: Path, iou_type: IouType) -> None:
    truth, found = (shared_data / name for name in SAMPLES["tumours"])
    expected = oracle_statistics(
        json.loads(truth.read_text()), json.loads(found.read_text()), iou_type
    )
    for engine in ENGINES:
        result = evaluate_instances(
            read_coco(truth),
            found,
            iou_type=iou_type,
            options=PrecisionOptions(engine=engine, compat="pycocotools"),
        )
        assert listed(result.statistics) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["segm", "bbox", "boundary"]), st.booleans())
def test_all_twelve_are_the_oracles_on_drawn_cases(
    seed: int, iou_type: IouType, class_agnostic: bool
) -> None:
    document, detections = random_case(seed)
    if iou_type != "bbox":
        for detection in detections:
            del detection["bbox"]
    if not document["annotations"]:
        return
    use_categories = not class_agnostic
    if class_agnostic and iou_type == "boundary":
        return
    expected = oracle_statistics(document, detections, iou_type, use_categories=use_categories)
    for engine in ENGINES:
        result = evaluate_instances(
            parse(document),
            detections,
            iou_type=iou_type,
            options=PrecisionOptions(engine=engine, class_agnostic=class_agnostic),
        )
        assert tuple(result.statistics) == NAMES
        assert listed(result.statistics) == pytest.approx(expected, abs=1e-12)


def lvis_detections(path: Path) -> list[dict[str, Any]]:
    from pycocotools import mask as coco_mask

    truth = read_coco(path)
    images = {image["id"]: image for image in truth.section("images")}
    rng = np.random.default_rng(0)
    rows, _ = truth_arrays(truth, masks=True)
    assert rows.masks is not None
    known = np.unique(rows.category_ids)
    detections = []
    for place, rle in enumerate(rows.masks):
        image = images[int(rows.image_ids[place])]
        near = image["neg_category_ids"] + image["not_exhaustive_category_ids"]
        for _ in range(4):
            moved = np.roll(coco_mask.decode(rle), tuple(rng.integers(-6, 7, 2)), (0, 1))
            kind = rng.random()
            category = (
                rows.category_ids[place]
                if kind < 0.6
                else rng.choice(near if near and kind < 0.9 else known)
            )
            detections.append(
                {
                    "image_id": image["id"],
                    "category_id": int(category),
                    "segmentation": encode(moved),
                    "score": round(float(rng.random()), 2),
                }
            )
    return detections


def test_lvis_protocol_is_the_lvis_packages(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lvis = pytest.importorskip("lvis")
    # The package was written for numpy 1, which had this name for float.
    monkeypatch.setattr(np, "float", float, raising=False)
    path = shared_data / "lvis_val_100/lvis_val_100.json"
    detections = lvis_detections(path)
    with contextlib.redirect_stdout(io.StringIO()):
        gold = lvis.LVIS(str(path))
        evaluation = lvis.LVISEval(gold, lvis.LVISResults(gold, copy.deepcopy(detections)), "segm")
        evaluation.run()
    expected = {name.replace("@", ""): value for name, value in evaluation.results.items()}
    for engine in ENGINES:
        options = PrecisionOptions(engine=engine)
        found = evaluate_instances(read_coco(path), detections, options=options).statistics
        for name in ("AP", "AP50", "AP75", "APs", "APm", "APl", "APr", "APc", "APf", "AR300"):
            assert found[name] == pytest.approx(expected[name], abs=1e-12)


@pytest.mark.parametrize("lvis", [False, True])
@pytest.mark.parametrize("iou_type", ["segm", "bbox", "boundary"])
def test_categories_some_at_a_time_are_all_at_once(
    lvis: bool, iou_type: IouType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many images vernier is given the categories in blocks; here one by one."""
    document, detections = random_case(8, images=9)
    if lvis:
        for record in document["images"]:
            own = {
                a["category_id"] for a in document["annotations"] if a["image_id"] == record["id"]
            }
            negative = [i for i in (1, 2) if i not in own]
            partly = [i for i in (3,) if i in own]
            record |= {"neg_category_ids": negative, "not_exhaustive_category_ids": partly}
        for category, frequency in zip(document["categories"], "rcf", strict=True):
            category["frequency"] = frequency
    blocks, evaluate = [], vernier_engine._evaluate

    def watched(core: Any, problem: Problem, keep_cells: bool) -> Curves:
        blocks.append(problem.category_ids)
        return evaluate(core, problem, keep_cells)

    monkeypatch.setattr(vernier_engine, "_MOST_CELLS", 1)
    monkeypatch.setattr(vernier_engine, "_evaluate", watched)
    found, expected = (
        evaluate_instances(
            parse(document),
            detections,
            iou_type=iou_type,
            options=PrecisionOptions(engine=engine, bootstrap=4),
        )
        for engine in ("vernier", "pycocotools")
    )
    assert blocks == [[1], [2], [3]]
    assert found.settings["protocol"] == ("lvis" if lvis else "coco")
    assert listed(found.statistics) == pytest.approx(listed(expected.statistics), abs=1e-12)
    assert found.per_category.keys() == expected.per_category.keys()
    for name, values in expected.replicates.items():
        assert found.replicates[name] == pytest.approx(values, abs=1e-12)


def test_per_category_and_supercategory_are_means_of_the_whole() -> None:
    document, detections = random_case(4, images=12)
    result = evaluate_instances(parse(document), detections)
    per_category = [values["AP"] for values in result.per_category.values()]
    assert np.mean(per_category) == pytest.approx(result.statistics["AP"])  # type: ignore[arg-type]
    assert result.per_supercategory["even"] == result.per_category["c2"]
    for name in ("c1", "c2", "c3"):
        category = int(name[1])
        alone = dict(document)
        alone["annotations"] = [a for a in document["annotations"] if a["category_id"] == category]
        mine = [{**d} for d in detections if d["category_id"] == category]
        for detection in mine:
            del detection["bbox"]
        expected = oracle_statistics(alone, mine, "segm")
        assert result.per_category[name]["AP"] == pytest.approx(expected[0], abs=1e-12)


def test_headline_is_there_for_any_number_of_detections() -> None:
    document, detections = random_case(7)
    usual = evaluate_instances(parse(document), detections).statistics
    many, few = (
        evaluate_instances(
            parse(document), detections, options=PrecisionOptions(max_detections=most)
        ).statistics
        for most in (300, 5)
    )
    assert many["AP"] == usual["AP"]
    assert few["AP"] is not None
    assert {"AR1", "AR5"} <= set(few)


def test_identical_detections_are_perfect_and_inputs_stay() -> None:
    document, _ = random_case(2)
    document["annotations"] = [a for a in document["annotations"] if not a["iscrowd"]]
    document["annotations"][0]["id"] = 0
    detections = [
        {key: a[key] for key in ("image_id", "category_id", "segmentation")} | {"score": 1.0}
        for a in document["annotations"]
    ]
    before = copy.deepcopy(detections)
    result = evaluate_instances(parse(document), detections)
    assert result.statistics["AP"] == pytest.approx(1.0)
    assert detections == before


def test_empty_detections_give_zero_and_a_warning() -> None:
    document, _ = random_case(2)
    for engine in ENGINES:
        result = evaluate_instances(parse(document), [], options=PrecisionOptions(engine=engine))
        assert result.statistics["AP"] == 0
        assert result.warnings == ["predictions: no detections: every result is 0"]


def test_missing_iscrowd_is_said_once() -> None:
    document, detections = random_case(2)
    for annotation in document["annotations"]:
        del annotation["iscrowd"]
    warnings = evaluate_instances(parse(document), detections).warnings
    count = len(document["annotations"])
    assert warnings == [f"truth.json: {count} annotations without iscrowd, read as 0"]


def test_unknown_settings_are_refused() -> None:
    document, detections = random_case(2)
    with pytest.raises(UsageError, match="`engine` must be one of"):
        PrecisionOptions(engine="fast")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="`max_detections` must be 1 or more"):
        PrecisionOptions(max_detections=0)
    with pytest.raises(UsageError, match="`dilation_ratio` must be between 0 and 1, but got 1"):
        PrecisionOptions(dilation_ratio=1)
    with pytest.raises(UsageError, match="`protocol` must be one of coco, lvis, but got 'voc'"):
        PrecisionOptions(protocol="voc")
    with pytest.raises(UsageError, match="`compat` must be one of None, pycocotools, but got 'r'"):
        PrecisionOptions(compat="r")
    with pytest.raises(UsageError, match="`iou_type` must be one of bbox, segm, boundary"):
        evaluate_instances(parse(document), detections, iou_type="mask")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="needs neg_category_ids"):
        evaluate_instances(parse(document), detections, options=PrecisionOptions(protocol="lvis"))


def test_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    document, detections = random_case(2)
    options = PrecisionOptions(engine="pycocotools")
    evaluate_instances(parse(document), detections, options=options)
    assert capsys.readouterr().out == ""


def test_a_mask_of_the_truth_that_is_no_number_is_named(tmp_path: Path) -> None:
    document, detections = random_case(4)
    document["annotations"][1]["segmentation"] = [[1, 1, 9, 1, 9, 9]]
    text = json.dumps(document).replace("[[1, 1, 9, 1, 9, 9]]", "[[1e400, 1, 9, 1, 9, 9]]")
    (tmp_path / "truth.json").write_text(text)
    identity = document["annotations"][1]["id"]
    with pytest.raises(InputError, match=f"truth.json: annotation {identity}: Number out of range"):
        evaluate_instances(read_coco(tmp_path / "truth.json"), detections)
