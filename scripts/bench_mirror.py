"""MIRROR beside other detectors of wrong categories: the tables of the README.

A unit is one benchmark (a noise and a seed). Its rows are kept in the cache, so that a run that was
stopped goes on where it was; the table is written from what there is.

    python scripts/bench_mirror.py --part scenes [--seeds 5] [--first 1] [--out scripts/results]

Parts: ``scenes``, ``digits``, ``pneumonia``, ``coco128`` (symmetric class noise, 5 %), ``tiers``
(easy, mid and hard on scenes) and ``models`` (scenes: one model to five, d and alpha apart).
``pneumonia`` and ``coco128`` read the shared samples ($BENCHMARK_N_SHARED_DATA).

Features of a frozen backbone depend on the image and the mask alone: they are kept in the cache
and made anew only where a noise has changed the mask.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import benchmark_n
from benchmark_n import Benchmark
from benchmark_n._version import __version__
from benchmark_n.datasets.base import cache_folder
from benchmark_n.detectors import build_detector, run_detector
from benchmark_n.detectors.evidence import Evidence, annotation_evidence
from benchmark_n.detectors.evidence.annotations import image_groups
from benchmark_n.detectors.evidence.backbones import make_backbone
from benchmark_n.detectors.evidence.crops import with_probabilities
from benchmark_n.detectors.evidence.cutting import Cut, Cutter, cut_crops, instances_alone
from benchmark_n.detectors.evidence.explained import Lesson, explain_maps
from benchmark_n.detectors.evidence.folds import plan_folds
from benchmark_n.detectors.evidence.pixels import image_files
from benchmark_n.detectors.evidence.saliency_maker import crop_size
from benchmark_n.detectors.evidence.scratch import train_losses
from benchmark_n.detectors.evidence.scratch_classifiers import explain_scratch
from benchmark_n.detectors.rows import annotation_scores
from benchmark_n.evaluators.label_error_inputs import score_benchmark
from benchmark_n.mirror_ablation import mirror_ablation

SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", "../shared/data"))
RESULTS = Path(__file__).parent / "results"
LITE = ("lite0", "lite1", "lite2")
SCRATCH = ("scratch:plain", "scratch:wide", "scratch:deep")
FIVE = (*LITE, "scratch:plain", "scratch:deep")
MEASURES = ("precision", "recall", "f1", "f1_at_budget", "auprc", "auroc", "prevalence")
BOOTSTRAP = 200
Row = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """Benchmarks that a table is about.

    `losses` and `repeats` say whether the detectors that train often are among those compared.
    """

    noises: tuple[str, ...]
    make: Callable[[str, int, Path], Benchmark]
    models: tuple[str, ...] = LITE
    losses: bool = True
    repeats: bool = True
    ablation: bool = False


def scenes(recipe: str, seed: int, out: Path) -> Benchmark:
    """The embedded dataset."""
    return benchmark_n.make("scenes", recipe, seed=seed, out=out)


def digits(recipe: str, seed: int, out: Path) -> Benchmark:
    """Scikit-learn's digits, 8x8."""
    from sklearn.datasets import load_digits

    data = load_digits()
    path = out.parent / "digits.npz"
    pixels = np.rint(data.images * 255 / 16).astype(np.uint8)
    np.savez(path, images=pixels, labels=data.target.astype(np.int64))
    return benchmark_n.make("imagefolder", recipe, root=path, seed=seed, out=out)


def pneumonia(recipe: str, seed: int, out: Path) -> Benchmark:
    """The test split of PneumoniaMNIST's re-cut, 624 chest X-rays of 28x28."""
    root = SHARED / "pneumoniamnist" / "pneumoniamnist.npz"
    return benchmark_n.make("imagefolder", recipe, root=root, split="test", seed=seed, out=out)


def coco128(recipe: str, seed: int, out: Path) -> Benchmark:
    """128 images of COCO."""
    folder = SHARED / "coco128"
    images = next(path.parent for path in sorted(folder.rglob("*.jpg")))
    annotations = folder / "instances_coco128.json"
    return benchmark_n.make(
        "custom", recipe, annotations=annotations, images=images, seed=seed, out=out
    )


PARTS = {
    "scenes": Part(("sym-5",), scenes),
    "digits": Part(("sym-5",), digits, models=SCRATCH),
    "pneumonia": Part(("sym-5",), pneumonia, models=SCRATCH),
    "coco128": Part(("sym-5",), coco128, repeats=False),
    "tiers": Part(("easy", "mid", "hard"), scenes, losses=False, repeats=False),
    "models": Part(("sym-5",), scenes, models=FIVE, ablation=True),
}


class Unit:
    """A benchmark with what is needed to make evidence about it."""

    def __init__(self, benchmark: Benchmark) -> None:
        self.benchmark = benchmark
        self.coco = benchmark.noisy()
        self.base = annotation_evidence(self.coco)
        self.paths = image_files(benchmark.images, self.coco.images, self.base.image_ids)
        self.groups = image_groups(self.coco, self.base.image_ids, None)[0]
        names = self.base.category_names
        self.folds, _ = plan_folds(self.base.labels, self.groups, names, 5, 0)
        self.lesson = Lesson(self.base.labels, len(names), self.folds, workers=1)
        self._crops: Any = None

    def crops(self) -> tuple[Any, Any]:
        """Crops (N, S, S, 3) and masks (N, S, S) for networks from scratch."""
        if self._crops is None:
            size = crop_size(self.base.boxes)
            pixels = np.zeros((len(self.base), size, size, 3), np.uint8)
            masks = np.zeros(pixels.shape[:3], np.uint8)
            for cut in self._cut(self.base, size):
                pixels[cut.indices], masks[cut.indices] = cut.crops, cut.masks
            self._crops = pixels, masks
        return self._crops

    def _cut(self, evidence: Evidence, size: int) -> Iterator[Cut]:
        """Crops as the evidence ``saliency`` shows them."""
        parts = cut_crops(evidence, self.coco, self.paths, Cutter(size, None), 1)
        return map(instances_alone, parts)

    def described(self, name: str) -> tuple[Any, Any]:
        """Features and last maps of a backbone, out of the cache where the mask is the same."""
        kept = Kept(cache_folder() / "bench-mirror" / name)
        names = [self.coco.images[i].file_name for i in self.base.image_ids.tolist()]
        keys = [
            f"{self.benchmark.recipe['dataset']}:{name}:{mask['size']}:{mask['counts'].decode()}"
            for name, mask in zip(names, self.base.masks, strict=True)
        ]
        lacking = np.array([i for i, key in enumerate(keys) if not kept.has(key)], np.int64)
        if lacking.size:
            backbone: Any = make_backbone(name)
            some = subset(self.base, lacking)
            for cut in self._cut(some, backbone.size):
                features, maps = backbone.describe_with_maps(cut.crops, cut.masks)
                features = np.concatenate([features, cut.silhouettes], axis=1)
                kept.add([keys[lacking[i]] for i in cut.indices.tolist()], features, maps)
        return kept.get(keys)


class Kept:
    """Features and maps on disk, a file for each batch, by the hash of what they are of."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._places: dict[str, tuple[str, int]] = {}
        for path in sorted(folder.glob("*.json")):
            for row, key in enumerate(json.loads(path.read_text())):
                self._places[key] = (path.stem, row)

    def has(self, key: str) -> bool:
        """Whether it was made before."""
        return _digest(key) in self._places

    def add(self, keys: list[str], features: Any, maps: Any) -> None:
        """Keep a batch."""
        digests = [_digest(key) for key in keys]
        name = _digest("".join(digests))
        np.save(self._folder / f"{name}.features.npy", features)
        np.save(self._folder / f"{name}.maps.npy", maps)
        (self._folder / f"{name}.json").write_text(json.dumps(digests))
        self._places |= {digest: (name, row) for row, digest in enumerate(digests)}

    def get(self, keys: list[str]) -> tuple[Any, Any]:
        """Features (N, D) and maps (N, C, h, w) of these."""
        places = [self._places[_digest(key)] for key in keys]
        made: list[Any] = []
        for kind in ("features", "maps"):
            files = {
                name: np.load(self._folder / f"{name}.{kind}.npy", mmap_mode="r")
                for name in {name for name, _ in places}
            }
            made.append(np.stack([files[name][row] for name, row in places]))
        return made[0], made[1]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def subset(evidence: Evidence, places: Any) -> Evidence:
    """Some of the annotations."""
    return replace(
        evidence,
        annotation_ids=evidence.annotation_ids[places],
        image_ids=evidence.image_ids[places],
        labels=evidence.labels[places],
        boxes=evidence.boxes[places],
        masks=tuple(evidence.masks[i] for i in places.tolist()),
    )


def explained(unit: Unit, models: tuple[str, ...]) -> Evidence:
    """Evidence of the models, and the mean of their probabilities."""
    made = []
    for name in models:
        kind, _, shape = name.partition(":")
        if kind == "scratch":
            made.append(explain_scratch(shape, unit.crops()[0], unit.lesson))
        else:
            made.append(explain_maps(*unit.described(name), unit.lesson))
    probs = np.stack([one.probs for one in made])
    maps = np.stack([one.maps for one in made])
    return replace(unit.base, model_probs=probs, saliency=maps, pred_probs=probs.mean(axis=0))


def tables(unit: Unit, part: Part) -> Iterator[tuple[str, Any]]:
    """Name and scores of each detector."""
    evidence = explained(unit, part.models)
    mirror = run_detector(build_detector("mirror"), evidence)
    yield "mirror", mirror
    flagged = mirror["flagged"].to_numpy()
    for column in ("d", "alpha", "s"):
        values = np.nan_to_num(mirror[column].cast("float64").to_numpy(zero_copy_only=False))
        flags = flagged if column != "alpha" else np.zeros_like(flagged)
        yield f"mirror, {column} alone", annotation_scores(evidence, "class", values, flags)
    for name in ("cleanlab", "entropy", "random"):
        yield name, run_detector(build_detector(name), evidence)
    if part.repeats:
        simple = unit.described(LITE[0])[0] if LITE[0] in part.models else _grey(unit)
        features = replace(unit.base, embeddings=simple, folds=unit.folds)
        wanted = ("dropout_probs", "repeated_probs")
        heads = with_probabilities(features, unit.groups, seed=0, wanted=wanted, workers=1)
        for name, options in (("mc_dropout", {}), ("usdnl", {"noise_rate": 0.05}), ("recov", {})):
            yield name, run_detector(build_detector(name, options), heads)
    if part.losses:
        crops, masks = unit.crops()
        count = len(unit.base.category_ids)
        losses = train_losses(crops, masks, unit.base.labels, count)
        seen = replace(unit.base, class_losses=losses.class_losses)
        yield "loss_separation", run_detector(build_detector("loss_separation"), seen)


def _grey(unit: Unit) -> Any:
    """Grey levels of the crops, (N, S * S), for heads without a backbone."""
    return unit.crops()[0].mean(axis=3).reshape(len(unit.base), -1).astype(np.float32) / 255


def measured(name: str, table: Any, benchmark: Benchmark) -> Row:
    """Measures of class errors, the AUPRC with its bootstrap interval."""
    found = score_benchmark(table, benchmark, by=(), bootstrap=BOOTSTRAP).kinds["class"]
    row: Row = {"detector": name, "errors": found.measures["errors"]}
    row |= {measure: found.measures.get(measure) for measure in MEASURES}
    if name == "mirror, alpha alone":
        row |= dict.fromkeys(("precision", "recall", "f1"))
    return {**row, "auprc_interval": found.intervals["auprc"]}


def run_unit(part: Part, noise: str, seed: int) -> list[Row]:
    """The rows of one benchmark."""
    with tempfile.TemporaryDirectory() as folder:
        unit = Unit(part.make(noise, seed, Path(folder) / "benchmark"))
        if part.ablation:
            made = mirror_ablation(explained(unit, part.models), unit.benchmark)
            rows = [{"detector": f"{r['part']}, {r['models']} models", **r} for r in made["models"]]
            rows += [
                {"detector": f"tau {r['tau']}, tau* {r['tau_star']}", **r} for r in made["sweep"]
            ]
        else:
            rows = [measured(name, table, unit.benchmark) for name, table in tables(unit, part)]
    return [{"noise": noise, "seed": seed, **row} for row in rows]


def summarise(rows: list[Row]) -> list[Row]:
    """Mean and standard deviation (n - 1) over the seeds; intervals averaged."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["noise"], row["detector"]), []).append(row)
    made = []
    for (noise, detector), group in groups.items():
        spans = [row["auprc_interval"] for row in group if row.get("auprc_interval")]
        made.append(
            {
                "noise": noise,
                "detector": detector,
                "seeds": len(group),
                **{name: _spread([row.get(name) for row in group]) for name in MEASURES},
                "auprc_interval": np.mean(spans, axis=0).tolist() if spans else None,
            }
        )
    return made


def _spread(values: list[float | None]) -> list[float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return [float(np.mean(known)), float(np.std(known, ddof=1)) if len(known) > 1 else 0.0]


def as_markdown(rows: list[Row]) -> str:
    """The table of the README: means ± standard deviations."""
    heads = ["noise", "detector", "seeds", "P", "R", "F1", "F1 at budget", "AUPRC", "95 %"]
    heads += ["AUROC", "chance"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in rows:
        cells = [_cell(row[name]) for name in MEASURES]
        span = row["auprc_interval"]
        cells.insert(5, f"{span[0]:.3f} to {span[1]:.3f}" if span else "-")
        lines.append(
            "| " + " | ".join([row["noise"], row["detector"], str(row["seeds"]), *cells]) + " |"
        )
    return "\n".join(lines) + "\n"


def _cell(value: list[float] | None) -> str:
    return "-" if value is None else f"{value[0]:.3f} ± {value[1]:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=list(PARTS), required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=1, help="First seed.")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    part = PARTS[arguments.part]
    folder = cache_folder() / "bench-mirror" / "rows"
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        for noise in part.noises:
            path = folder / f"{arguments.part}-{noise}-{seed}.json"
            if not path.is_file():
                started = time.process_time()
                made = run_unit(part, noise, seed)
                path.write_text(json.dumps(made))
                print(f"{path.stem}: {time.process_time() - started:.0f} CPU s", flush=True)
            rows += json.loads(path.read_text())
    rows.sort(key=lambda row: part.noises.index(row["noise"]))
    summary = summarise(rows)
    report = {
        "part": arguments.part,
        "benchmark-n": __version__,
        "models": part.models,
        "summary": summary,
        "rows": rows,
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    stem = arguments.out / f"mirror-{arguments.part}"
    stem.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")
    stem.with_suffix(".md").write_text(as_markdown(summary))
    print(as_markdown(summary))


if __name__ == "__main__":
    main()
