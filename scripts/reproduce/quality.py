"""How well Quality Sentinel predicts the Dice coefficient of masks: the tables of the README.

    python scripts/reproduce/quality.py --part PART [--out scripts/results]

Parts: ``heldout``, ``detector``, ``losses``, ``brain`` and ``cost``. Each writes
``quality-PART.json`` and ``.md``. The weights are those of the package, trained on data seeds 901
to 907; test pictures have the data seeds 1 to 3, benchmarks data seed 0. ``brain`` reads the shared
samples ($BENCHMARK_N_SHARED_DATA).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import benchmark_n
from benchmark_n import EvidenceOptions, Execution, LabelErrorOptions
from benchmark_n._version import __version__
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.pixels import image_files
from benchmark_n.detectors.quality_sentinel.conditions import conditions_of
from benchmark_n.detectors.quality_sentinel.crops import cut_pair, read_pixels
from benchmark_n.detectors.quality_sentinel.degrade import KINDS, LEAST_AREA, TRAINING_KINDS, dice
from benchmark_n.detectors.quality_sentinel.pair_making import PairMaker, make_pairs
from benchmark_n.detectors.quality_sentinel.pairs import Pairs
from benchmark_n.detectors.quality_sentinel.scoring import Sentinel, predict
from benchmark_n.detectors.quality_sentinel.weights import SHIPPED, load_sentinel
from benchmark_n.evaluators.label_quality.regression import evaluate_label_quality
from benchmark_n.evidence import annotation_evidence
from benchmark_n.experiments.detector_seeds import MEASURES, measured_floors
from benchmark_n.experiments.seed_tables import cell, markdown, spread
from benchmark_n.masks import intersection_area, rle_to_crop, segmentation_to_rle
from benchmark_n.training.quality_sentinel import PairRequest, dataset_pairs

SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", "../shared/data"))
RESULTS = Path(__file__).parents[1] / "results"
SHIPPED_PATH = Path(__file__).parents[2] / "detectors" / "quality_sentinel" / SHIPPED
BRAIN = SHARED / "brain_tumor_maskrcnn"
SEEDS = (1, 2, 3)
IMAGES = {"scenes": 60, "phantom": 80}
Row = dict[str, Any]
Values = NDArray[np.float32]


def predicted(sentinel: Sentinel, pairs: Pairs, *, named: bool = True) -> Values:
    """Predictions of pairs of any categories; without `named` no category has a condition."""
    names = pairs.names if named else tuple(f"\N{ZERO WIDTH SPACE}{n}" for n in pairs.names)
    condition = sentinel.settings.condition if named else "one-hot"
    table, _ = conditions_of(condition, names, sentinel.names, sentinel.table)
    return predict(sentinel, pairs.crops, pairs.labels, table)


def measures(made: Values, pairs: Pairs) -> Row:
    """What the tables say of one test."""
    found = evaluate_label_quality(
        made, pairs.dsc, [pairs.names[i] for i in pairs.labels.tolist()], pairs.kinds
    )
    good = pairs.dsc > 0.8
    upper = evaluate_label_quality(made[good], pairs.dsc[good], ["all"] * int(good.sum()))
    return {
        "pairs": len(pairs),
        "LCC": found.lcc,
        "SROCC": found.srocc,
        "MAP@5": found.map_at[5],
        "MAP@10": found.map_at[10],
        "MAE": found.mae,
        "MAE of a constant": found.constant_mae,
        "LCC within classes": _mean(found.within_class),
        "LCC within degradations": _mean(found.within_degradation),
        "LCC, DSC > .8": upper.lcc,
        "share below .5": float((pairs.dsc < 0.5).mean()),
        **{
            f"LCC {kind}": found.within_degradation[kind]["lcc"]
            for kind in sorted(set(pairs.kinds))
        },
    }


def _mean(groups: Mapping[str, Mapping[str, Any]]) -> float | None:
    values = [group["lcc"] for group in groups.values() if group["lcc"] is not None]
    return float(np.mean(values)) if values else None


def part_heldout() -> list[Row]:
    """The fixed mix of all kinds, and erosion and dilation alone, on pictures never seen."""
    sentinel = load_sentinel()
    rows = []
    for dataset, count in IMAGES.items():
        for seed in SEEDS:
            for name, kinds in (
                ("mix", tuple(KINDS)),
                ("erosion", ("erosion",)),
                ("dilation", ("dilation",)),
            ):
                rounds = 3 if name == "mix" else 1
                request = PairRequest(
                    dataset, seed, count, rounds=rounds, kinds=kinds, unet_epochs=(), own=False
                )
                pairs = dataset_pairs(request, size=sentinel.settings.size, seed=seed, workers=1)
                made = measures(predicted(sentinel, pairs), pairs)
                rows.append({"test": f"{dataset}, {name}", "seed": seed, **made})
    return rows


def part_detector() -> list[Row]:
    """Spatial errors of the mid tier on scenes, five noise seeds."""
    return [row for seed in range(1, 6) for row in _detect(seed, ["quality_sentinel", "random"])]


def part_losses() -> list[Row]:
    """The same by mask-loss separation, one noise seed."""
    return _detect(1, ["loss_separation"])


def _detect(seed: int, detectors: Sequence[str]) -> list[Row]:
    kept = (*MEASURES, "errors")
    with tempfile.TemporaryDirectory() as folder:
        benchmark = benchmark_n.make(
            "scenes",
            "mid",
            seed=seed,
            out=Path(folder) / "b",
            execution=benchmark_n.Execution(workers=1),
        )
        floors = [
            {"test": row["detector"], "seed": seed, **{name: row[name] for name in kept}}
            for row in measured_floors(benchmark, ["spatial"])
        ]
        found = benchmark_n.evaluate_detectors(
            benchmark,
            detectors,
            evidence=EvidenceOptions(evidence_dir=Path(folder) / "evidence"),
            scoring=LabelErrorOptions(bootstrap=2),
            execution=Execution(workers=1),
        )
    rows = []
    for one in found:
        assert one.result is not None
        if "spatial" not in one.result.kinds:
            continue
        values = one.result.kinds["spatial"].measures
        rows.append(
            {"test": one.detector, "seed": seed, **{name: values.get(name) for name in kept}}
        )
    return [*rows, *floors]


def part_brain() -> list[Row]:
    """Brain MRI: weights from scenes, weights from a half of the images, real predicted masks."""
    coco = read_coco(BRAIN / "_annotations.coco.json")
    halves = _halves(coco)
    evidence = annotation_evidence(coco)
    paths = image_files(BRAIN / "images", coco.images, evidence.image_ids)
    shipped = load_sentinel()
    size = shipped.settings.size
    maker = PairMaker(4, tuple(KINDS), size, 1, own=False)
    pairs = make_pairs(evidence, coco, paths, maker, workers=1)
    rows = [
        {"test": "degraded, weights of the package", **measures(predicted(shipped, pairs), pairs)},
        {
            "test": "degraded, weights of the package, category left out",
            **measures(predicted(shipped, pairs, named=False), pairs),
        },
    ]
    for seed in SEEDS:
        for test in (0, 1):
            trained = _train_on(coco, evidence, paths, halves != test, seed, shipped)
            held = pairs.take(
                np.isin(evidence.image_ids[pairs.annotations], _ids(coco, halves, test))
            )
            made = measures(predicted(trained, held), held)
            rows.append({"test": "degraded, trained on the other half", "seed": seed, **made})
            real = _real_pairs(coco, paths, set(_ids(coco, halves, test).tolist()), size)
            for name, sentinel in (
                ("trained on the other half", trained),
                ("the package's", shipped),
            ):
                made = measures(predicted(sentinel, real), real)
                rows.append({"test": f"Mask R-CNN's masks, {name}", "seed": seed, **made})
    return rows


def _halves(coco: CocoFile) -> NDArray[np.int64]:
    """0 or 1 for each image, by the order of a seeded shuffle."""
    return np.random.default_rng(0).permutation(len(coco.images)) % 2


def _ids(coco: CocoFile, halves: NDArray[np.int64], half: int) -> NDArray[np.int64]:
    return np.array(list(coco.images), np.int64)[halves == half]


def _train_on(
    coco: CocoFile,
    evidence: Any,
    paths: Any,
    chosen: NDArray[np.bool_],
    seed: int,
    start: Sentinel,
) -> Sentinel:
    """The weights of the package, trained further on clean masks of some of the images."""
    from benchmark_n.detectors.quality_sentinel.train import train

    ids = np.array(list(coco.images), np.int64)[chosen]
    settings = replace(start.settings, epochs=3, rate=start.settings.rate / 4, seed=seed)
    maker = PairMaker(16, TRAINING_KINDS, settings.size, 100 + seed)
    pairs = make_pairs(evidence, coco, paths, maker, workers=1)
    chosen_pairs = pairs.take(np.isin(evidence.image_ids[pairs.annotations], ids))
    return train(chosen_pairs, settings, start=start)


def _real_pairs(coco: CocoFile, paths: Any, ids: set[int], size: int) -> Pairs:
    """The masks that a Mask R-CNN predicted, with their Dice with the best-overlapping truth."""
    evidence = annotation_evidence(coco)
    truth: dict[int, list[Any]] = {}
    for image_id, rle in zip(evidence.image_ids.tolist(), evidence.masks, strict=True):
        truth.setdefault(image_id, []).append(rle_to_crop(rle))
    crops, dsc, places = [], [], []
    for row in json.loads((BRAIN / "coco_instances_results.json").read_text()):
        image_id = row["image_id"]
        if image_id not in ids or image_id not in truth:
            continue
        image = coco.images[image_id]
        mask = rle_to_crop(segmentation_to_rle(row["segmentation"], image.height, image.width))
        best = max(truth[image_id], key=lambda one: intersection_area(one, mask))
        if mask.area < LEAST_AREA or not intersection_area(best, mask):
            continue
        crops.append(cut_pair(read_pixels(paths[image_id], image), mask, size))
        dsc.append(dice(best, mask))
        places.append(len(places))
    label = int(evidence.labels[0])
    return Pairs(
        np.stack(crops),
        np.zeros((len(crops), 1, 1), np.uint8),
        np.array(dsc, np.float32),
        np.full(len(crops), label),
        np.array(places),
        ("real",) * len(crops),
        evidence.category_names,
    )


def part_cost() -> list[Row]:
    """Time, memory and disk of scoring scenes, each in its own process."""
    rows = []
    for detector in ("quality_sentinel", "entropy", "mc_dropout"):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, __file__, "--measure", detector, "--out", folder],
                check=True,
                capture_output=True,
                text=True,
            )
            rows.append({"test": detector, **json.loads(done.stdout)})
    return rows


def measure(detector: str, folder: Path) -> Row:
    """What one detector needs for the 300 images of scenes."""
    benchmark = benchmark_n.make(
        "scenes", "mid", out=folder / "benchmark", execution=benchmark_n.Execution(workers=1)
    )
    started, cpu = time.time(), time.process_time()
    found = benchmark_n.evaluate_detectors(
        benchmark,
        detector,
        evidence=EvidenceOptions(backbone="lite0", evidence_dir=folder / "evidence"),
        scoring=LabelErrorOptions(bootstrap=2),
    )
    wall = time.time() - started
    kept = sum(path.stat().st_size for path in (folder / "evidence").rglob("*") if path.is_file())
    count = len(found[0].evidence)
    shipped = SHIPPED_PATH.stat().st_size if detector == "quality_sentinel" else 0
    return {
        "instances": count,
        "wall s": round(wall, 1),
        "CPU s (main process)": round(time.process_time() - cpu, 1),
        "instances a second": round(count / wall, 1),
        "peak memory GB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "evidence MB": round(kept / 2**20, 2),
        "weights MB": round(shipped / 2**20, 2),
    }


PARTS: dict[str, Callable[[], list[Row]]] = {
    "heldout": part_heldout,
    "detector": part_detector,
    "losses": part_losses,
    "brain": part_brain,
    "cost": part_cost,
}


def summarise(rows: Sequence[Row]) -> list[Row]:
    """Mean and standard deviation (n - 1) of each test over its repetitions."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["test"], []).append(row)
    made = []
    for test, group in groups.items():
        line: Row = {"test": test, "repetitions": len(group)}
        for name in group[0]:
            figure = None if name in ("test", "seed") else spread(row.get(name) for row in group)
            if figure is not None:
                line[name] = figure
        made.append(line)
    return made


def as_markdown(rows: Sequence[Row]) -> str:
    """A table with a row for each test."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return markdown(names, [[_cell(row.get(name)) for name in names] for row in rows])


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return cell(value, ".3f" if abs(value[0]) < 10 else ".0f")
    return "-" if value is None else str(value)


def write(part: str, rows: Sequence[Row], out: Path) -> None:
    """The results as JSON and as a table."""
    out.mkdir(parents=True, exist_ok=True)
    summary = summarise(rows)
    report = {"part": part, "benchmark-n": __version__, "summary": summary, "rows": list(rows)}
    path = out / f"quality-{part}"
    path.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")
    path.with_suffix(".md").write_text(as_markdown(summary))
    print(as_markdown(summary))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=list(PARTS))
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure, arguments.out)))
        return
    write(arguments.part, PARTS[arguments.part](), arguments.out)


if __name__ == "__main__":
    main()
