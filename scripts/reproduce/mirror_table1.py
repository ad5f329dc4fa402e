"""MIRROR's Table 1: symmetric class noise of 5 % on folders of medical images, beside its rivals.

    python scripts/reproduce/mirror_table1.py --data BrainTumour=DIR --data COVID=DIR [--seeds 5]
    python scripts/reproduce/mirror_table1.py --only digits --group features --group models

DIR holds one folder of images a class (or is an ``.npz`` file with images and labels). The paper's
data (brain-tumour MRI, COVID X-ray) are not part of this package; where no --data is given, the
script runs on scikit-learn's digits and on the re-cut of PneumoniaMNIST among the shared samples
($BENCHMARK_N_SHARED_DATA). MIRROR's classifiers are trained in sample with early stopping, as in
the paper, and out of fold: small networks from scratch, and three families at 96 px. ``models``
leaves models out (one to five), ``family mix`` sets three of one family against three families.
Every detector is measured by its own flags and at a budget of as many flags as there are
errors, as the paper measures most of its rows; floors stand beside. Rows are appended to
``mirror-rivals.jsonl``, so that a stopped run goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from mirror_units import mirror_parts
from scipy import stats

import benchmark_n
from benchmark_n import Benchmark, EvidenceOptions, LabelErrorOptions
from benchmark_n.detection.lending import lent_annotations
from benchmark_n.detectors import Evidence, build_detector, run_detector
from benchmark_n.detectors.base import told_to
from benchmark_n.evaluation.label_errors import score_benchmark
from benchmark_n.evidence.caveats import told_by_evidence
from benchmark_n.evidence.collect import gather
from benchmark_n.experiments.detector_seeds import measured_floors
from benchmark_n.experiments.mirror_ablation import mirror_ablation
from benchmark_n.experiments.seed_tables import cell, markdown, spread

SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", "../shared/data"))
RESULTS = Path(__file__).parents[1] / "results"
CLEAN_SUBSET, RATE = 0.02, 0.05
NAMES = ("precision", "recall", "f1", "f1_at_budget", "auprc", "lifted_auprc", "chance_f1")
COMPARED = {"f1": "F1", "f1_at_budget": "F1 at budget", "auprc": "AUPRC"}
Row = dict[str, Any]
Scored = tuple[str, Any, tuple[str, ...]]


@dataclass(frozen=True)
class Models:
    """MIRROR's classifiers, the backbone of frozen features, and what is trained for the rivals."""

    saliency: tuple[str, ...]
    backbone: str
    trainings: str


FAMILIES = ("lite0", "resnet:lite1", "shufflenet:lite2")
MIXED = ("lite0", "lite1", "lite2", "resnet:lite1", "shufflenet:lite2")
SHAPES = ("scratch:plain", "scratch:wide", "scratch:deep", "scratch:slim", "scratch:long")
# Name to the places in MIXED.
MIXES = {"one family (lite0, lite1, lite2)": (0, 1, 2), f"three ({', '.join(FAMILIES)})": (0, 3, 4)}
SMALL = Models(SHAPES[:3], "hog", "trainings:scratch")
LARGE = Models(FAMILIES, "lite0", "trainings:lite0")
# Detectors of frozen features, and those with a training of their own.
FROZEN = ("recov", "fastrecov", "knn", "mc_dropout")
TRAINED = ("usdnl", "dynacor", "bundl", "sample_weights")
FITS = ("out-of-fold", "in-sample")
GROUPS = ("out-of-fold", "features", "trainings", "in-sample", "families, in-sample")
# Hours on digits: asked for by name.
MORE = ("families, out-of-fold", "models", "family mix")


def default_data(folder: Path) -> dict[str, tuple[Path, str]]:
    """Name to file and split of what is at hand without the paper's data."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    path = folder / "digits.npz"
    pixels = np.rint(digits.images * 255 / 16).astype(np.uint8)
    np.savez(path, images=pixels, labels=digits.target.astype(np.int64))
    found = {"digits": (path, "all")}
    pneumonia = SHARED / "pneumoniamnist" / "pneumoniamnist.npz"
    if pneumonia.is_file():
        found["pneumoniamnist, test"] = (pneumonia, "test")
    return found


def mirror_and_parts(evidence: Evidence) -> Iterator[Scored]:
    """MIRROR, its parts, and confident learning on the mean of the same classifiers."""
    yield from ((name, table, ()) for name, table in mirror_parts(evidence))
    yield "cleanlab", run_detector(build_detector("cleanlab"), evidence), ()


def run(names: tuple[str, ...], evidence: Evidence, suffix: str = "") -> Iterator[Scored]:
    """Detectors on evidence, and what they are told."""
    for name in names:
        detector = build_detector(name)
        told = (*told_to(detector), *told_by_evidence(evidence, detector.needs))
        yield f"{name}{suffix}", run_detector(detector, evidence), told


def chosen(evidence: Evidence, places: tuple[int, ...]) -> Evidence:
    """Evidence of some of the models, and the mean of their probabilities."""
    assert evidence.model_probs is not None
    assert evidence.saliency is not None
    probs, maps = evidence.model_probs[[*places]], evidence.saliency[[*places]]
    return replace(evidence, model_probs=probs, saliency=maps, pred_probs=probs.mean(axis=0))


class Gathered:
    """What detectors find on one benchmark, a group of them at a time."""

    def __init__(self, benchmark: Benchmark, models: Models, folder: Path) -> None:
        self._benchmark, self._models = benchmark, models
        lent = lent_annotations(benchmark, CLEAN_SUBSET)
        self._options = EvidenceOptions(
            evidence_dir=folder, backbone=models.backbone, clean_subset=lent
        )

    def _made(self, source: str, names: tuple[str, ...], **changed: Any) -> Evidence:
        fields = {field for name in names for field in build_detector(name).needs}
        asked = replace(self._options, sources=(source,), **changed)
        return gather(self._benchmark.noisy(), asked, fields, images=self._benchmark.images)

    def _explained(self, names: tuple[str, ...], fit: str) -> Evidence:
        return self._made(f"saliency:{','.join(names)}", ("mirror",), fit=fit)

    def scored(self, group: str) -> Iterator[Scored]:
        """Scores of the detectors of a group that ranks and flags."""
        if group in FITS:
            yield from mirror_and_parts(self._explained(self._models.saliency, group))
        elif group.startswith("families"):
            fit = group.partition(", ")[2]
            yield from mirror_and_parts(self._explained(FAMILIES, fit))
        elif group == "family mix":
            evidence = self._explained(MIXED, "out-of-fold")
            for name, places in MIXES.items():
                for detector, table, told in mirror_and_parts(chosen(evidence, places)):
                    yield f"{detector}, {name}", table, told
        elif group == "features":
            yield from run((*FROZEN, "random"), self._made("crops", FROZEN))
        else:
            yield from run(TRAINED, self._made(self._models.trainings, TRAINED))
            told = self._made(self._models.trainings, ("usdnl",), noise_rate=RATE)
            yield from run(("usdnl",), told, ", told the rate")

    def ablation(self) -> Iterator[Row]:
        """d, alpha and both, averaged over the subsets of one model to five."""
        names = SHAPES if self._models is SMALL else MIXED
        made = mirror_ablation(self._explained(names, "out-of-fold"), self._benchmark)
        for row in made["models"]:
            named = {"detector": f"{row['part']}, {row['models']} models", "told": ""}
            yield {**named, **{name: row.get(name) for name in NAMES}}


def rows(group: str, data: tuple[Path, str], seed: int, models: Models) -> Iterator[Row]:
    """The measures of one group on one benchmark."""
    root, split = data
    with tempfile.TemporaryDirectory() as folder:
        benchmark = benchmark_n.make(
            "imagefolder",
            recipe="sym-5",
            seed=seed,
            out=Path(folder) / "benchmark",
            source=benchmark_n.SourceOptions(root=root, split=split),
            execution=benchmark_n.Execution(workers=1),
        )
        gathered = Gathered(benchmark, models, Path(folder) / "evidence")
        if group == "models":
            yield from gathered.ablation()
            return
        for name, table, told in gathered.scored(group):
            result = score_benchmark(table, benchmark, LabelErrorOptions(by=(), bootstrap=2))
            found = result.kinds["class"].measures
            row = {"detector": name, "told": ", ".join(told), "errors": found["errors"]}
            yield {**row, **{measure: found.get(measure) for measure in NAMES}}
        if group == "features":
            for floor in measured_floors(benchmark, ["class"]):
                kept = ("detector", "errors", *NAMES)
                yield {"told": "", **{name: floor.get(name) for name in kept}}


def measure(
    data: Mapping[str, tuple[Path, str]],
    models: Models,
    seeds: int,
    groups: tuple[str, ...],
    path: Path,
) -> list[Row]:
    """All rows, those in `path` and new ones, which are appended to it."""
    found: list[Row] = []
    if path.is_file():
        found = [json.loads(line) for line in path.read_text().splitlines()]
    done = {(row["data"], row["group"], row["seed"]) for row in found}
    for seed in range(1, seeds + 1):
        for name, source in data.items():
            for group in groups:
                key: Row = {"data": name, "group": group, "seed": seed}
                if tuple(key.values()) in done:
                    continue
                fresh = [{**key, **row} for row in rows(group, source, seed, models)]
                with path.open("a") as file:
                    file.writelines(json.dumps(row) + "\n" for row in fresh)
                found += fresh
                print(f"{name}, {group}, seed {seed}: done", flush=True)
    return found


def as_markdown(found: list[Row]) -> str:
    """Means ± standard deviations over the seeds, then MIRROR's differences."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in found:
        key = (row["data"], row["group"], row["detector"], row["told"] or "-")
        groups.setdefault(key, []).append(row)
    cells = [
        [*key, len(group), *(cell(spread(row[name] for row in group)) for name in NAMES)]
        for key, group in sorted(groups.items())
    ]
    heads = ["data", "group", "detector", "told", "seeds", "P", "R", "F1", "F1 at budget"]
    heads += ["AUPRC", "lifted AUPRC", "chance F1"]
    return f"{markdown(heads, cells)}\n{differences(found)}"


def differences(found: list[Row]) -> str:
    """MIRROR less its d and less confident learning on the same classifiers, by Student's t."""
    values = {
        (row["data"], row["group"], row["detector"], name, row["seed"]): row[name]
        for row in found
        for name in COMPARED
    }
    heads, cells = ["data", "group", "mirror less", "seeds", *COMPARED.values()], []
    for data, group in sorted({(row["data"], row["group"]) for row in found}):
        for other in ("mirror, d alone", "cleanlab"):
            pairs = {
                name: [
                    values[data, group, "mirror", name, seed] - less
                    for (*key, measure, seed), less in values.items()
                    if key == [data, group, other] and measure == name
                ]
                for name in COMPARED
            }
            if len(pairs["f1"]) > 1:
                cells.append(
                    [data, group, other, len(pairs["f1"]), *map(_interval, pairs.values())]
                )
    return markdown(heads, cells)


def _interval(values: list[float]) -> str:
    """Mean and its 95 % interval."""
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    mean = np.mean(values)
    return f"{mean:+.3f} ({mean - half:+.3f} to {mean + half:+.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", action="append", default=[], metavar="NAME=DIR")
    parser.add_argument("--only", metavar="NAME", help="One of the default data.")
    parser.add_argument(
        "--group", action="append", choices=(*GROUPS, *MORE), help=f"[default: {', '.join(GROUPS)}]"
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / "mirror-rivals.jsonl"
    named = dict(text.split("=", 1) for text in arguments.data)
    data = {name: (Path(where), "all") for name, where in named.items()}
    models = LARGE if data else SMALL
    with tempfile.TemporaryDirectory() as folder:
        data = data or default_data(Path(folder))
        if arguments.only:
            data = {arguments.only: data[arguments.only]}
        groups = tuple(arguments.group or GROUPS)
        found = measure(data, models, arguments.seeds, groups, path)
    path.with_suffix(".md").write_text(as_markdown(found))
    print(as_markdown(found))


if __name__ == "__main__":
    main()
