"""Benchmarks for `mirror.py`: crops, folds, and features that are made once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark_n import Benchmark
from benchmark_n.coco.pixels import image_files
from benchmark_n.coco.units import image_units
from benchmark_n.detectors import annotation_scores
from benchmark_n.detectors.mirror import Mirror
from benchmark_n.evidence import Evidence, annotation_evidence
from benchmark_n.evidence.backbones.base import make_backbone
from benchmark_n.evidence.backbones.silhouette import LENGTH
from benchmark_n.evidence.crops.cutting import Cut, Cutter, cut_crops, instances_alone
from benchmark_n.evidence.folds import plan_folds
from benchmark_n.evidence.saliency.explained import explain_maps
from benchmark_n.evidence.saliency.lesson import Lesson
from benchmark_n.evidence.saliency.maker import crop_size
from benchmark_n.evidence.saliency.small_classifiers import explain_scratch
from benchmark_n.files.cache import cache_folder

KEPT = "bench-mirror"
Arrays = tuple[Any, Any]


class Unit:
    """A benchmark with what is needed to make evidence about it."""

    def __init__(self, benchmark: Benchmark) -> None:
        self.benchmark = benchmark
        self.coco = benchmark.noisy()
        self.base = annotation_evidence(self.coco)
        self.paths = image_files(benchmark.images, self.coco.images, self.base.image_ids)
        self.units = image_units(self.coco, self.base.image_ids)
        names = self.base.category_names
        self.folds, _ = plan_folds(self.base.labels, self.units, names, 5, 0)
        self.lesson = Lesson(self.base.labels, len(names), self.folds, workers=1)

    def crops(self, size: int | None = None, alone: bool = True) -> Arrays:
        """Crops (N, S, S, 3) and masks (N, S, S), as the evidence ``saliency`` has them."""
        size = size or crop_size(self.base.boxes)
        pixels = np.zeros((len(self.base), size, size, 3), np.uint8)
        masks = np.zeros(pixels.shape[:3], np.uint8)
        for cut in self._cut(self.base, size, alone):
            pixels[cut.indices], masks[cut.indices] = cut.crops, cut.masks
        return pixels, masks

    def _cut(self, evidence: Evidence, size: int, alone: bool = True) -> Iterator[Cut]:
        parts = cut_crops(evidence, self.coco, self.paths, Cutter(size, None), 1)
        return map(instances_alone, parts) if alone else iter(parts)

    def described(self, name: str) -> Arrays:
        """Features, the outline's last, and last maps; made only where image and mask are new."""
        name = name.removeprefix("frozen:")
        kept = Kept(cache_folder() / KEPT / name)
        images = {number: _digest(path.read_bytes()) for number, path in self.paths.items()}
        keys = [
            _digest(f"{images[number]}:{mask['counts'].decode()}".encode())
            for number, mask in zip(self.base.image_ids.tolist(), self.base.masks, strict=True)
        ]
        lacking = np.array([i for i, key in enumerate(keys) if key not in kept.places], np.int64)
        if lacking.size:
            backbone: Any = make_backbone(name)
            for cut in self._cut(subset(self.base, lacking), backbone.size):
                features, maps = backbone.describe_with_maps(cut.crops, cut.masks)
                features = np.concatenate([features, cut.silhouettes], axis=1)
                kept.add([keys[lacking[i]] for i in cut.indices.tolist()], features, maps)
        return kept.get(keys)


class Kept:
    """Features and maps on disk, a file for each batch, by the digest of what they are of."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.places: dict[str, tuple[str, int]] = {}
        for path in sorted(folder.glob("*.json")):
            self._note(path.stem, json.loads(path.read_text()))

    def _note(self, name: str, keys: list[str]) -> None:
        self.places |= {key: (name, row) for row, key in enumerate(keys)}

    def add(self, keys: list[str], features: Any, maps: Any) -> None:
        """Keep a batch; its list of keys is written last, so that a stopped run leaves no half."""
        name = _digest("".join(keys).encode())
        np.save(self._folder / f"{name}.features.npy", features)
        np.save(self._folder / f"{name}.maps.npy", maps)
        (self._folder / f"{name}.json").write_text(json.dumps(keys))
        self._note(name, keys)

    def get(self, keys: list[str]) -> Arrays:
        """Features (N, D) and maps (N, C, h, w) of these."""
        places = [self.places[key] for key in keys]
        made: list[Any] = []
        for kind in ("features", "maps"):
            files = {
                name: np.load(self._folder / f"{name}.{kind}.npy", mmap_mode="r")
                for name in {name for name, _ in places}
            }
            made.append(np.stack([files[name][row] for name, row in places]))
        return made[0], made[1]


def explained(unit: Unit, models: tuple[str, ...]) -> Evidence:
    """Evidence of the models, and the mean of their probabilities."""
    made = []
    for name in models:
        kind, _, shape = name.partition(":")
        if kind == "scratch":
            made.append(explain_scratch(shape, unit.crops()[0], unit.lesson))
        else:
            features, maps = unit.described(name)
            made.append(explain_maps(features[:, :-LENGTH], maps, unit.lesson))
    probs = np.stack([one.probs for one in made])
    maps = np.stack([one.maps for one in made])
    return replace(unit.base, model_probs=probs, saliency=maps, pred_probs=probs.mean(axis=0))


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


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:24]


def mirror_parts(evidence: Evidence) -> Iterator[tuple[str, Any]]:
    """MIRROR's scores tables: of itself, of d alone and of alpha alone, flagged at its tau."""
    detector = Mirror().fit(evidence)
    yield "mirror", detector.scores_
    for column in ("d", "alpha"):
        values = detector.scores_[column].cast("float64").to_numpy(zero_copy_only=False)
        values = np.nan_to_num(values)
        flags = values >= detector.details_["tau"]
        yield f"mirror, {column} alone", annotation_scores(evidence, "class", values, flags)
