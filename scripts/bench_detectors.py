"""How well the detectors find what `make` did: the tables of the README.

Each part repeats an experiment over noise seeds and writes mean and standard deviation to
``scripts/results/detectors-PART.json`` and ``.md``.

    python scripts/bench_detectors.py --part scenes-hog [--seeds 5] [--out scripts/results]

Parts: ``scenes-hog``, ``scenes-lite0``, ``mid``, ``digits``, ``digits-losses``, ``coco128``
(extra ``deep``), ``brain`` and ``losses``. ``coco128`` and ``brain`` read the shared samples
($BENCHMARK_N_SHARED_DATA).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import benchmark_n
from benchmark_n import Benchmark
from benchmark_n._version import __version__
from benchmark_n.benchmark.scores import add_any
from benchmark_n.detectors import build_detector, run_detector
from benchmark_n.detectors.base import Plot
from benchmark_n.detectors.evidence import Evidence, annotation_evidence
from benchmark_n.detectors.evidence.annotations import image_groups
from benchmark_n.detectors.evidence.backbones import make_backbone
from benchmark_n.detectors.evidence.crops import embed, with_probabilities
from benchmark_n.detectors.evidence.folds import plan_folds
from benchmark_n.detectors.evidence.pixels import image_files
from benchmark_n.evaluators.label_error_inputs import score_benchmark

SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", "../shared/data"))
RESULTS = Path(__file__).parent / "results"
MEASURES = ("f1", "best_f1", "auprc", "auroc", "prevalence")
CLASS_DETECTORS: dict[str, dict[str, Any]] = {
    "cleanlab": {},
    "disagreement": {},
    "margin": {},
    "entropy": {},
    "mc_dropout": {},
    "recov": {},
    "usdnl": {"noise_rate": 0.2},
    "random": {},
}
ON_DEMAND = ("dropout_probs", "repeated_probs")
Row = dict[str, Any]


def measured(name: str, scores: Any, benchmark: Benchmark, kinds: Iterable[str]) -> Iterator[Row]:
    """A row for each kind of error that the table has scores and the benchmark errors of."""
    result = score_benchmark(add_any(scores), benchmark, by=(), bootstrap=2)
    for kind in kinds:
        found = result.kinds.get(kind)
        if found is not None and found.measures["errors"]:
            values = {measure: found.measures.get(measure) for measure in MEASURES}
            yield {"detector": name, "kind": kind, "errors": found.measures["errors"], **values}


def class_noise(
    make: Callable[[int, Path], Benchmark], backbone: str, seeds: range, wanted: Iterable[str]
) -> Iterator[Row]:
    """Detectors of class errors on benchmarks that differ in the noise seed alone.

    Class noise leaves the masks as they are, so that the features are made once.
    """
    features = None
    network = make_backbone(backbone)
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            benchmark = make(seed, Path(folder) / "benchmark")
            coco = benchmark.noisy()
            base = annotation_evidence(coco)
            if features is None:
                paths = image_files(benchmark.images, coco.images, base.image_ids)
                features = embed(base, coco, paths, network)
            groups = image_groups(coco, base.image_ids, None)[0]
            plan, _ = plan_folds(base.labels, groups, base.category_names, 5, 0)
            evidence = with_probabilities(
                replace(base, embeddings=features, folds=plan), groups, seed=0, wanted=wanted
            )
            for name, options in CLASS_DETECTORS.items():
                detector = build_detector(name, options)
                if all(getattr(evidence, field) is not None for field in detector.needs):
                    table = run_detector(detector, evidence)
                    for row in measured(name, table, benchmark, ["class"]):
                        yield {"backbone": backbone, "seed": seed, **row}


def scenes(recipe: str, only: tuple[str, ...] = ()) -> Callable[[int, Path], Benchmark]:
    """Makes `recipe` on the embedded dataset."""
    return lambda seed, out: benchmark_n.make("scenes", recipe, seed=seed, only=only, out=out)


def part_scenes(backbone: str, seeds: range) -> Iterator[Row]:
    """Symmetric class noise, 20 %."""
    wanted = ON_DEMAND if backbone == "hog" else ()
    for row in class_noise(scenes("sym-20"), backbone, seeds, wanted):
        yield {"noise": "sym-20", **row}


def part_mid(seeds: range) -> Iterator[Row]:
    """The mid tier's class confusion alone."""
    for row in class_noise(scenes("mid", ("class_confusion",)), "hog", seeds, ()):
        yield {"noise": "mid class confusion", **row}


def part_coco128(seeds: range) -> Iterator[Row]:
    """Class noise on 128 real images, inside supercategories and symmetric."""
    folder = SHARED / "coco128"
    annotations = folder / "instances_coco128.json"
    images = next(path.parent for path in sorted(folder.rglob("*.jpg")))
    for name, scope in (("20 % in supercategories", "supercategory"), ("20 % symmetric", "all")):

        def make(seed: int, out: Path, scope: str = scope) -> Benchmark:
            return benchmark_n.make(
                "custom",
                "sym-20",
                annotations=annotations,
                images=images,
                overrides={"class_confusion.scope": scope},
                seed=seed,
                out=out,
            )

        for backbone in ("lite0", "hog"):
            for row in class_noise(make, backbone, seeds, ()):
                yield {"noise": name, **row}


def part_brain(seeds: range) -> Iterator[Row]:
    """Spatial and missing errors, by detections of a really trained Mask R-CNN."""
    folder = SHARED / "brain_tumor_maskrcnn"
    for seed in seeds:
        with tempfile.TemporaryDirectory() as temporary:
            benchmark = benchmark_n.make(
                "custom",
                "hard",
                annotations=folder / "_annotations.coco.json",
                images=folder / "images",
                seed=seed,
                out=Path(temporary) / "benchmark",
            )
            found = benchmark_n.evaluate_detectors(
                benchmark,
                ["mask_disagreement", "objectlab", "random"],
                evidence=[f"predictions:{folder / 'coco_instances_results.json'}"],
                evidence_dir=Path(temporary) / "evidence",
                bootstrap=2,
            )
            for one in found:
                kinds = ["spatial", "spatial_boundary", "missing"]
                for row in measured(one.detector, one.scores, benchmark, kinds):
                    yield {"noise": "hard", "seed": seed, **row}


def part_losses(seeds: range) -> Iterator[Row]:
    """The paper's Fig. 10: class and spatial noise on 40 % each, by the losses of a small CNN."""
    plots = []
    for seed in seeds:
        for recipe, kind in (("fig10-class-40", "class"), ("fig10-spatial-40", "spatial")):
            with tempfile.TemporaryDirectory() as temporary:
                benchmark = scenes(recipe)(seed, Path(temporary) / "benchmark")
                for method in ("gmm", "beta", "aum"):
                    found = benchmark_n.evaluate_detectors(
                        benchmark,
                        "loss_separation",
                        options={"loss_separation.method": method},
                        evidence_dir=Path(temporary) / "evidence",
                        bootstrap=2,
                    )
                    if seed == seeds[0] and method == "gmm":
                        plots += [p for p in found[0].plots if p.title == f"{kind} loss"]
                    for row in measured(method, found[0].scores, benchmark, [kind]):
                        if method != "aum" or kind == "class":
                            yield {"noise": recipe, "seed": seed, **row}
    draw_plots(plots, RESULTS / "loss-separation.png")


def draw_plots(plots: list[Plot], path: Path) -> None:
    """The fitted densities side by side."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="tight")
    FigureCanvasAgg(figure)
    for axes, plot in zip(figure.subplots(1, len(plots)), plots, strict=True):
        axes.stairs(plot.counts, plot.edges, fill=True, color="#cccccc")
        for name, x, density in plot.curves:
            axes.plot(x, density, label=f"{name} losses")
        axes.set_title(f"{plot.title}, noise on 40 %")
        axes.set_xlabel("loss, scaled to 0 to 1")
        axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def digits() -> tuple[Any, Any]:
    """Scikit-learn's digits: images (n, 8, 8) from 0 to 16, and labels."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return data.images, data.target.astype(np.int64)


def flipped(labels: Any, rate: float, seed: int) -> Any:
    """Labels of which a share `rate` is another one, uniformly."""
    rng = np.random.default_rng([7, seed])
    chosen = rng.permutation(len(labels))[: round(rate * len(labels))]
    noisy = labels.copy()
    noisy[chosen] = (labels[chosen] + rng.integers(1, 10, len(chosen))) % 10
    return noisy


def digit_evidence(labels: Any, **fields: Any) -> Evidence:
    """Evidence about the digits; masks are whole pictures."""
    count = len(labels)
    return Evidence(
        annotation_ids=np.arange(count),
        image_ids=np.arange(count),
        labels=labels,
        category_ids=np.arange(10),
        category_names=tuple("0123456789"),
        boxes=np.tile([0, 0, 8, 8], (count, 1)),
        masks=tuple({"size": [8, 8], "counts": b"0P2"} for _ in range(count)),
        **fields,
    )


def digit_row(name: str, table: Any, wrong: Any) -> Row:
    """Measures by scikit-learn."""
    from sklearn import metrics

    scores, flagged = table["score"].to_numpy(), table["flagged"].to_numpy()
    precision, recall, _ = metrics.precision_recall_curve(wrong, scores)
    best = (2 * precision * recall / np.maximum(precision + recall, 1e-12)).max()
    return {
        "detector": name,
        "kind": "class",
        "errors": int(wrong.sum()),
        "f1": float(metrics.f1_score(wrong, flagged)),
        "best_f1": float(best),
        "auprc": float(metrics.average_precision_score(wrong, scores)),
        "auroc": float(metrics.roc_auc_score(wrong, scores)),
        "prevalence": float(wrong.mean()),
    }


def part_digits(seeds: range) -> Iterator[Row]:
    """Five-fold logistic regression on the 64 grey levels."""
    from benchmark_n.detectors.evidence.heads import cross_validate

    images, labels = digits()
    features = images.reshape(len(images), -1).astype(np.float32)
    for rate in (0.05, 0.2):
        for seed in seeds:
            noisy = flipped(labels, rate, seed)
            folds, _ = plan_folds(noisy, np.arange(len(noisy)), tuple("0123456789"), 5, 0)
            probs = cross_validate(features, noisy, folds, 10, inverse_penalty=DIGITS_C)[0]
            evidence = digit_evidence(noisy, pred_probs=probs)
            for name in ("cleanlab", "disagreement", "margin"):
                table = run_detector(build_detector(name), evidence)
                row = digit_row(name, table, noisy != labels)
                yield {"noise": f"symmetric {rate:.0%}", "seed": seed, **row}


DIGITS_C = 0.02


def part_digits_losses(seeds: range) -> Iterator[Row]:
    """Losses of the small network, digits enlarged to 16 px."""
    from benchmark_n.detectors.evidence.scratch import train_losses

    images, labels = digits()
    pixels = np.kron(images / 16 * 255, np.ones((1, 2, 2))).astype(np.uint8)
    crops = np.repeat(pixels[..., None], 3, axis=3)
    for seed in seeds:
        noisy = flipped(labels, 0.2, seed)
        losses = train_losses(crops, np.full_like(pixels, 255), noisy, 10, seed=seed)
        evidence = digit_evidence(noisy, class_losses=losses.class_losses, margins=losses.margins)
        for method in ("gmm", "beta", "aum"):
            table = run_detector(build_detector("loss_separation", {"method": method}), evidence)
            row = digit_row(method, table, noisy != labels)
            yield {"noise": "symmetric 20%", "seed": seed, **row}


PARTS: dict[str, Callable[[range], Iterator[Row]]] = {
    "scenes-hog": lambda seeds: part_scenes("hog", seeds),
    "scenes-lite0": lambda seeds: part_scenes("lite0", seeds),
    "mid": part_mid,
    "digits": part_digits,
    "digits-losses": part_digits_losses,
    "coco128": part_coco128,
    "brain": part_brain,
    "losses": part_losses,
}


def summarise(rows: list[Row]) -> list[Row]:
    """Mean and standard deviation (n - 1) over the seeds."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        key = tuple(str(row.get(name, "")) for name in ("noise", "backbone", "detector", "kind"))
        groups.setdefault(key, []).append(row)
    return [
        {
            "noise": key[0],
            "backbone": key[1],
            "detector": key[2],
            "kind": key[3],
            "seeds": len(group),
            "errors": float(np.mean([row["errors"] for row in group])),
            **{name: _spread([row[name] for row in group]) for name in MEASURES},
        }
        for key, group in groups.items()
    ]


def _spread(values: list[float | None]) -> list[float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return [float(np.mean(known)), float(np.std(known, ddof=1)) if len(known) > 1 else 0.0]


def as_markdown(rows: list[Row]) -> str:
    """The table of the README: means ± standard deviations."""
    headers = [
        "noise",
        "backbone",
        "detector",
        "kind",
        "errors",
        "F1",
        "best F1",
        "AUPRC",
        "AUROC",
        "chance",
    ]
    lines = ["| " + " | ".join(headers) + " |", "|---" * len(headers) + "|"]
    for row in rows:
        cells = [
            row["noise"],
            row["backbone"],
            row["detector"],
            row["kind"],
            f"{row['errors']:.0f}",
            *(_cell(row[name]) for name in MEASURES),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(value: list[float] | None) -> str:
    return "-" if value is None else f"{value[0]:.3f} ± {value[1]:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=list(PARTS), required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    started, cpu = time.time(), time.process_time()
    rows = list(PARTS[arguments.part](range(1, arguments.seeds + 1)))
    summary = summarise(rows)
    report: Mapping[str, Any] = {
        "part": arguments.part,
        "benchmark-n": __version__,
        "seeds": arguments.seeds,
        "wall_seconds": round(time.time() - started, 1),
        "cpu_seconds_of_main_process": round(time.process_time() - cpu, 1),
        "summary": summary,
        "rows": rows,
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / f"detectors-{arguments.part}"
    path.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")
    path.with_suffix(".md").write_text(as_markdown(summary))
    print(as_markdown(summary))


if __name__ == "__main__":
    main()
