"""How time and memory of `detect` grow with the number of annotations, stage by stage.

    python scripts/bench/detect_scale.py                    all stages and sizes that are lacking
    python scripts/bench/detect_scale.py --stages knn,heads --counts 1000,4000
    python scripts/bench/detect_scale.py --run before       kept under another name, to compare

The annotations are those of coco128 with every instance shifted by some pixels, as often as the
size asks for. Crops of 1,000 of them are embedded by EfficientNet-Lite0; the large sizes have
stand-ins for features: rows of these embeddings, each moved by half the difference of two other
rows, which has the covariance of the real ones. One label in five is drawn anew. Each stage of each
size is a process of its own; sizes that the results file has are not measured again. Seconds are of
the processor, for they hold on a shared machine too, and leave out Python's start.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(ROOT)

from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.units import image_units
from benchmark_n.detectors.base import build_detector, run_detector
from benchmark_n.evidence import Evidence, annotation_evidence, load_evidence, save_evidence
from benchmark_n.evidence.arrays import evidence_of
from benchmark_n.evidence.backbones.base import make_backbone
from benchmark_n.evidence.crops.evidence import embed
from benchmark_n.evidence.crops.linear_heads import cross_validate, fit_head
from benchmark_n.evidence.folds import plan_folds
from benchmark_n.files.provenance import environment
from benchmark_n.runtime.random_streams import uniforms
from benchmark_n.tables.scores import add_any, write_scores
from scripts.bench.make import SHARED
from scripts.bench.scale import machine, save

COCO128 = SHARED / "coco128"
COUNTS = (1_000, 4_000, 16_000, 64_000, 100_000)
PLANNED = (100_000, 860_000)
# From here on all that is made for many rows is at work.
FITTED_FROM = 16_000
RESULTS = ROOT / "scripts" / "results" / "detect-scale.json"
FOLDS, CATEGORIES, EPOCHS, PASSES, PRINCIPAL = 5, 80, 20, 10, 300
MOST_EMBEDDED = 1_000
_SHIFT = 4  # px
_WRONG = 0.2
# Measured with fewer repetitions than by default; the time of those is worked out.
REPEATED = {"recov": ("repeats", 20, 2000), "fastrecov": ("runs", 1, 10)}
# Detector to the fields that it reads.
DETECTORS = {
    "cleanlab": ("pred_probs",),
    "margin": ("pred_probs",),
    "entropy": ("pred_probs",),
    "mc_dropout": ("dropout_probs",),
    "loss_separation": ("class_losses", "mask_losses"),
    "knn": ("embeddings",),
    "recov": ("embeddings",),
    "fastrecov": ("embeddings",),
    "posterior": ("features", "folds"),
}


def jittered(out: Path, count: int, seed: int = 0) -> Path:
    """`count` annotations of coco128, repeated under new ids, each shifted by up to `_SHIFT` px."""
    data = json.loads((COCO128 / "instances_coco128.json").read_text())
    given = [a for a in data["annotations"] if isinstance(a["segmentation"], list)]
    tiles = -(-count // len(given))
    steps = max(i["id"] for i in data["images"]) + 1, max(a["id"] for a in given) + 1
    ids = np.array([a["id"] for a in given])
    images, annotations = [], []
    for tile in range(tiles):
        images += [{**i, "id": i["id"] + tile * steps[0]} for i in data["images"]]
        shifts = [2 * uniforms(seed, name, ids + tile * steps[1]) - 1 for name in "xy"]
        moves = np.round(_SHIFT * np.stack(shifts, axis=1), 1).tolist()
        for one, (x, y) in zip(given[: count - tile * len(given)], moves, strict=False):
            number = one["id"] + tile * steps[1]
            moved = [
                [v + (x, y)[i % 2] for i, v in enumerate(ring)] for ring in one["segmentation"]
            ]
            box = one["bbox"]
            fields = {"segmentation": moved, "bbox": [box[0] + x, box[1] + y, *box[2:]]}
            image = one["image_id"] + tile * steps[0]
            annotations.append({**one, "id": number, "image_id": image, **fields})
    out.write_text(json.dumps({**data, "images": images, "annotations": annotations}))
    return out


def noisy(labels: Any, seed: int = 0) -> Any:
    """Labels (N,) of which one in five is drawn anew."""
    rng = np.random.default_rng(seed)
    wrong = rng.random(len(labels)) < _WRONG
    return np.where(wrong, rng.integers(0, CATEGORIES, len(labels)), labels)


def stand_in(embedded: Path, count: int, seed: int = 0) -> tuple[Any, Any]:
    """Features float32 (N, D), mapped from a file, and noisy labels (N,)."""
    target = embedded.with_name(f"features-{count}.npy")
    with np.load(embedded) as box:
        real, known = box["features"], box["labels"]
    places = np.arange(count) % len(real)
    if not target.is_file():
        made = np.lib.format.open_memmap(target, "w+", np.float32, (count, real.shape[1]))
        for start in range(0, count, 4096):
            part = places[start : start + 4096]
            rng = np.random.default_rng((seed, start))
            one, two = rng.integers(0, len(real), (2, len(part)))
            made[start : start + len(part)] = real[part] + (real[one] - real[two]) / 2
        made.flush()
    return np.load(target, mmap_mode="r"), noisy(known[places])


def softmax_of(labels: Any, passes: int | None = None) -> Any:
    """Stand-ins for probabilities of 80 categories, float32 (N, K) or (T, N, K)."""
    rng = np.random.default_rng(1)
    shape = (len(labels), CATEGORIES) if passes is None else (passes, len(labels), CATEGORIES)
    logits = rng.normal(size=shape).astype(np.float32)
    likely = np.where(
        rng.random(len(labels)) < 0.7, labels, rng.integers(0, CATEGORIES, len(labels))
    )
    logits[..., np.arange(len(labels)), likely] += 5
    raised = np.exp(logits)
    return raised / raised.sum(axis=-1, keepdims=True)


def fields_for(names: tuple[str, ...], features: Any, labels: Any) -> dict[str, Any]:
    """The fields of the evidence that a detector reads."""
    count, rng = len(labels), np.random.default_rng(2)
    make: dict[str, Callable[[], Any]] = {
        "pred_probs": lambda: softmax_of(labels),
        "dropout_probs": lambda: softmax_of(labels, PASSES),
        "class_losses": lambda: rng.gamma(2, size=(EPOCHS, count)).astype(np.float32),
        "mask_losses": lambda: rng.gamma(2, size=(EPOCHS, count)).astype(np.float32),
        "embeddings": lambda: features,
        # Not components, but as wide, and as many are near zero.
        "features": lambda: np.asarray(features[:, :PRINCIPAL] * 0.05, np.float16),
        "folds": lambda: np.arange(count) % FOLDS,
    }
    return {name: make[name]() for name in names}


class Stages:
    """What is measured; each method prepares, and returns what is timed."""

    def __init__(self, count: int, folder: Path) -> None:
        self.count, self.folder = count, folder

    def _coco(self) -> CocoFile:
        return read_coco(self.folder / f"jittered-{self.count}.json")

    def _features(self) -> tuple[Any, Any]:
        return stand_in(self.folder / "embedded.npz", self.count)

    def _evidence(self, names: tuple[str, ...]) -> Evidence:
        features, labels = self._features()
        given = fields_for(names, features, labels)
        images = np.arange(self.count) // 7 + 1
        kinds = [f"category {number}" for number in range(CATEGORIES)]
        return evidence_of(labels, kinds, image_ids=images, **given)

    def read(self) -> Callable[[], Any]:
        """The file and its masks."""
        path = self._coco().path
        return lambda: annotation_evidence(read_coco(path))

    def embed(self) -> Callable[[], Any]:
        """Crops and EfficientNet-Lite0."""
        coco = self._coco()
        of = annotation_evidence(coco)
        # Images of several numbers are one file, which `image_files` refuses.
        paths = {i: COCO128 / "images" / (one.file_name or "") for i, one in coco.images.items()}
        backbone = make_backbone("lite0")
        assert backbone._network is not None  # type: ignore[attr-defined] # loaded before the clock

        def timed() -> None:
            made = embed(of, coco, paths, backbone, workers=1)
            np.savez(self.folder / "embedded.npz", features=made.features, labels=of.labels)

        return timed

    def folds(self) -> Callable[[], Any]:
        """The plan of the folds, by images."""
        coco = self._coco()
        of = annotation_evidence(coco)
        units = image_units(coco, of.image_ids, None)
        return lambda: plan_folds(of.labels, units, of.category_names, FOLDS, 0)

    def heads(self) -> Callable[[], Any]:
        """Linear heads out of fold."""
        features, labels = self._features()
        plan = np.arange(self.count) % FOLDS
        return lambda: cross_validate(features, labels, plan, CATEGORIES, workers=1)

    def one_head(self) -> Callable[[], Any]:
        """One of the five folds of `heads`."""
        features, labels = self._features()
        held = np.arange(self.count) % FOLDS == 0

        def timed() -> None:
            head = fit_head(features, labels, CATEGORIES, rows=np.flatnonzero(~held))
            head.probabilities(head.standardise(features[held]))

        return timed

    def heads_dropout(self) -> Callable[[], Any]:
        """The same with ten more predictions."""
        features, labels = self._features()
        plan = np.arange(self.count) % FOLDS
        return lambda: cross_validate(features, labels, plan, CATEGORIES, passes=PASSES, workers=1)

    def keep(self) -> Callable[[], Any]:
        """Evidence with features and probabilities written, and read again."""
        of = self._evidence(("embeddings", "pred_probs", "folds"))

        def timed() -> None:
            with tempfile.TemporaryDirectory(dir=self.folder) as name:
                save_evidence(of, Path(name) / "kept")
                load_evidence(Path(name) / "kept", of=of)

        return timed

    def write(self) -> Callable[[], Any]:
        """A scores table with rows of kind any, as Parquet."""
        of = self._evidence(("pred_probs",))
        scores = run_detector(build_detector("margin"), of)
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            path = Path(name)
        path.mkdir()
        return lambda: write_scores(add_any(scores), path / "scores.parquet")

    def command(self) -> Callable[[], Any]:
        """All of `benchmark-n detect` but evidence: the file read, scores, list and pages."""
        from benchmark_n.cli import run

        path, out = self.folder / f"jittered-{self.count}.json", self.folder / "command"
        shutil.rmtree(out, ignore_errors=True)
        words = ["detect", "-q", "--annotations", str(path), "--detector", "random"]

        def timed() -> None:
            with redirect_stdout(sys.stderr):
                assert run([*words, "--out", str(out)]) == 0

        return timed

    def detector(self, name: str, repeats: int | None = None) -> Callable[[], Any]:
        """A detector with its evidence made."""
        of = self._evidence(DETECTORS[name])
        option, value, _ = REPEATED.get(name, ("", 0, 0))
        built = build_detector(name, {option: repeats or value} if option else {})
        return lambda: run_detector(built, of)


STAGES = (
    "read",
    "embed",
    "folds",
    "keep",
    "one_head",
    "heads",
    "heads_dropout",
    *DETECTORS,
    "write",
    "command",
)


def child(stage: str, count: int, folder: Path) -> None:
    """Measure one stage of one size, and print it."""
    stages = Stages(count, folder)
    timed = stages.detector(stage) if stage in DETECTORS else getattr(stages, stage)()
    row: dict[str, Any] = {"stage": stage, "annotations": count, "cpu_seconds": seconds(timed)}
    if stage in REPEATED:
        option, value, default = REPEATED[stage]
        once = seconds(stages.detector(stage, 1)) if value > 1 else 0.0
        each = (row["cpu_seconds"] - once) / max(value - 1, 1)
        row |= {option: value, "cpu_seconds_default": row["cpu_seconds"] + (default - value) * each}
    row["peak_bytes"] = own_peak()
    print(json.dumps(row))


def own_peak() -> int:
    """Largest memory of this process, bytes; `getrusage` has that of the one it came from too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


def seconds(timed: Callable[[], Any]) -> float:
    """Of the processor."""
    start = time.process_time()
    timed()
    return time.process_time() - start


def measure(stage: str, count: int, folder: Path) -> dict[str, Any]:
    """One stage of one size in a process of its own, whose peak is not that of making its file."""
    path = folder / f"jittered-{count}.json"
    if not path.is_file():
        jittered(path, count)
    command = [sys.executable, __file__, "--child", stage, "--counts", str(count)]
    done = subprocess.run(
        [*command, "--folder", str(folder)],
        check=True,
        stdout=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row


def exponents(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Stage to how its time and memory grow: the slope of their logarithms over that of the size.

    Of the sizes from `FITTED_FROM` on, where starts weigh little.
    """
    made = {}
    for stage in STAGES:
        own = [r for r in rows if r["stage"] == stage and r["annotations"] >= FITTED_FROM]
        if len(own) > 1:
            size = np.log([r["annotations"] for r in own])
            made[stage] = {
                field: round(float(np.polyfit(size, np.log([r[field] for r in own]), 1)[0]), 3)
                for field in ("cpu_seconds", "peak_bytes")
            }
    return made


def extrapolated(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each stage at the sizes `PLANNED`, by the line through the two largest that were measured.

    Seconds are of the default number of repetitions.
    """
    made = []
    for stage in STAGES:
        own = sorted((r["annotations"], r) for r in rows if r["stage"] == stage)
        pair = [
            (count, r.get("cpu_seconds_default", r["cpu_seconds"]), r["peak_bytes"])
            for count, r in own[-2:]
        ]
        if len(pair) < 2 or pair[1][0] < FITTED_FROM:
            continue
        (size, *first), (large, *last) = pair
        for count in (one for one in PLANNED if one > large):
            share = (count - large) / (large - size)
            line = [b + max(b - a, 0) * share for a, b in zip(first, last, strict=True)]
            made.append({"stage": stage, "annotations": count, "extrapolated": True})
            made[-1] |= {"cpu_seconds": line[0], "peak_bytes": line[1]}
    return made


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--counts", default=",".join(map(str, COUNTS)))
    parser.add_argument("--stages", default=",".join(STAGES))
    parser.add_argument("--run", default="after", help="name under which results are kept")
    parser.add_argument("--folder", type=Path, help="where files between stages are kept")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    counts = [int(count) for count in arguments.counts.split(",")]
    if arguments.child:
        child(arguments.child, counts[0], arguments.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.folder or Path(name)
        if not (folder / "embedded.npz").is_file():
            measure("embed", MOST_EMBEDDED, folder)
        for count in counts:
            for stage in arguments.stages.split(","):
                results = json.loads(arguments.out.read_text()) if arguments.out.is_file() else {}
                rows = results.get(arguments.run, [])
                known = any(r["stage"] == stage and r["annotations"] == count for r in rows)
                if known or (stage == "embed" and count > MOST_EMBEDDED):
                    continue
                rows.append(measure(stage, count, folder))
                print(json.dumps(rows[-1]), file=sys.stderr)
                results |= {"machine": machine(), "environment": environment()}
                results[arguments.run] = rows
                results.setdefault("exponents", {})[arguments.run] = exponents(rows)
                results.setdefault("extrapolated", {})[arguments.run] = extrapolated(rows)
                save(results, arguments.out)


if __name__ == "__main__":
    main()
