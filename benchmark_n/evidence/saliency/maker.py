"""Evidence ``saliency``: what several classifiers predict, and where they look."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import files_digest
from benchmark_n.coco.units import Units, image_units
from benchmark_n.errors import UsageError
from benchmark_n.evidence.backbones.base import make_backbone
from benchmark_n.evidence.collect import MakerInput
from benchmark_n.evidence.crops.cutting import Cut, Cutter, cut_crops, instances_alone
from benchmark_n.evidence.crops.linear_heads import head_name
from benchmark_n.evidence.crops.many_rows import MANY, MANY_NAME
from benchmark_n.evidence.evidence import Evidence, Ints
from benchmark_n.evidence.folds import plan_folds, refuse_one_category
from benchmark_n.evidence.saliency import families
from benchmark_n.evidence.saliency import small_classifiers as scratch_classifiers
from benchmark_n.evidence.saliency.explained import explain_backbone
from benchmark_n.evidence.saliency.grad_cam import GRID
from benchmark_n.evidence.saliency.lesson import Explained, Lesson
from benchmark_n.runtime.progress import Progress, part_of

VERSION = 3
MODELS = "lite0,resnet:lite1,shufflenet:lite2"
MEMORISED = 0.95
_SCRATCH, _FROZEN = "scratch", "frozen"
_log = logging.getLogger(__name__)


class SaliencyMaker:
    """Evidence ``saliency:NAME,NAME``: classifiers on the crops of the instances.

    A NAME is a classifier of `benchmark_n.evidence.saliency.families`, ``scratch:SHAPE`` for a
    small network from random weights, or ``frozen:BACKBONE`` for linear heads on a backbone. What
    they are shown is the instance alone, without what surrounds its mask: neighbours would decide
    what they look at. The mask's outline is not among the features of linear heads: it would be the
    same evidence for all models, and what misleads it would mislead all.
    The mean of their probabilities is `pred_probs`, unless another source gives these.
    """

    def __init__(self, given: MakerInput) -> None:
        self._given, self._base, self._options = given, given.base, given.options
        argument = given.argument
        self._names = [name.strip() for name in (argument or MODELS).split(",")]
        self._gives_mean = given.options.sources in ((f"saliency:{argument}",), ("saliency",))
        if given.options.fit == "self":
            raise UsageError(
                "fit self is for quality_sentinel: saliency has out-of-fold, in-sample"
            )
        if len(set(self._names)) < len(self._names):
            raise UsageError(f"evidence saliency:{argument}: a model is named twice")
        frozen = [name for name in self._names if name.startswith(f"{_FROZEN}:")]
        if given.options.full and frozen:
            raise UsageError(
                f"`full` trains whole networks, but '{frozen[0]}' stays as it is: expected "
                f"'{frozen[0].partition(':')[2]}'"
            )

    @cached_property
    def _units(self) -> Units:
        return image_units(self._given.coco, self._base.image_ids, self._options.group_by)

    def inputs(self) -> dict[str, Any]:
        """Images, models, and how they are trained and explained."""
        return {
            "images": files_digest(self._given.paths.values()),
            "version": [VERSION, scratch_classifiers.VERSION, families.VERSION],
            "models": [*map(families.with_digest, self._names)],
            "full": self._options.full,
            "fit": self._options.fit,
            "target": self._options.cam_target,
            "layer": self._options.cam_layer,
            "folds": self._options.folds,
            "units": self._units.digest,
            "seed": self._options.seed,
            "gives_mean": self._gives_mean,
            **({"heads": MANY_NAME} if len(self._base) >= MANY else {}),
        }

    def make(self) -> Evidence:
        """Train and explain the classifiers, one after another."""
        options, base, count = self._options, self._base, len(self._names)
        units, names = self._units, base.category_names
        refuse_one_category(names, "classifiers whose saliency is drawn")
        folds, notes = plan_folds(base.labels, units, names, options.folds, options.seed)
        lesson = Lesson(
            labels=base.labels,
            num_categories=len(base.category_ids),
            folds=folds,
            in_sample=options.fit == "in-sample",
            target=options.cam_target,
            layer=options.cam_layer,
            seed=options.seed,
            workers=self._given.execution.workers,
        )
        probs = np.zeros((count, len(base), lesson.num_categories), np.float32)
        maps = np.zeros((count, len(base), GRID, GRID), np.float16)
        epochs: dict[str, list[int]] = {}
        for number, name in enumerate(self._names):
            one = self._explain(
                name, lesson, part_of(self._given.execution.progress, number, count)
            )
            probs[number], maps[number] = one.probs, one.maps
            epochs[name] = [*one.epochs]
        mean = probs.mean(axis=0)
        made: dict[str, Any] = {"model_probs": probs, "saliency": maps}
        if self._gives_mean:
            made |= {"pred_probs": mean, "folds": None if lesson.in_sample else folds}
        provenance = {**self._provenance(probs, lesson), "epochs": epochs}
        provenance["notes"] = [*notes, *provenance["notes"]]
        return replace(base, **made, provenance=provenance)

    def _provenance(self, probs: NDArray[np.float32], lesson: Lesson) -> dict[str, Any]:
        """How the classifiers were trained, and how often they repeat the given labels."""
        options, labels = self._options, self._base.labels
        repeated = probs.argmax(axis=2) == labels
        told: dict[str, Any] = {
            "evidence": "saliency",
            "backbone": ", ".join(self._names),
            "trained": {name: self._trained(name) for name in self._names},
            "fit": options.fit,
            "target": options.cam_target,
            "layer": options.cam_layer or "last convolution",
            "seed": options.seed,
            "trained_on": "noisy-in-sample" if lesson.in_sample else "noisy-oof",
            "agreement": dict(zip(self._names, repeated.mean(axis=1).tolist(), strict=True)),
            "notes": memorised(self._names, repeated, lesson) if lesson.in_sample else [],
        }
        if lesson.in_sample:
            return told
        accuracy = float((probs.mean(axis=0).argmax(axis=1) == labels).mean())
        return {
            **told,
            "num_folds": options.folds,
            "grouped_by": self._units.field,
            "units": len(self._units),
            "out_of_fold_accuracy": accuracy,
        }

    def _explain(self, name: str, lesson: Lesson, progress: Progress | None) -> Explained:
        kind, _, shape = name.partition(":")
        if kind == _SCRATCH:
            size = crop_size(self._base.boxes)
            crops = np.zeros((len(self._base), size, size, 3), np.uint8)
            for cut in self._stream(size, None):
                crops[cut.indices] = cut.crops
            return scratch_classifiers.explain_scratch(
                shape, crops, lesson, device=self._options.device, progress=progress
            )
        self._options.folder.mkdir(parents=True, exist_ok=True)

        def stream(side: int) -> Iterator[Cut]:
            return self._stream(side, progress)

        with TemporaryDirectory(prefix=".maps-", dir=self._options.folder) as folder:
            if kind == _FROZEN:
                backbone = make_backbone(shape, self._options.device)
                return explain_backbone(backbone, stream, lesson, Path(folder))
            return families.explain_family(
                name,
                stream,
                lesson,
                Path(folder),
                full=self._options.full,
                device=self._options.device,
            )

    def _trained(self, name: str) -> str:
        """What of a classifier is trained, in words."""
        kind = name.partition(":")[0]
        if kind == _FROZEN:
            return f"a {head_name(len(self._base))}"
        if kind == _SCRATCH or self._options.full or name.endswith("@random"):
            return "all of it"
        return "its last two stages"

    def _stream(self, size: int, progress: Progress | None) -> Iterator[Cut]:
        """The crops of all annotations, in parts."""
        done, given = 0, self._given
        cutter, workers = Cutter(size, None), given.execution.workers
        for cut in cut_crops(self._base, given.coco, given.paths, cutter, workers):
            yield instances_alone(cut)
            done += len(cut.indices)
            if progress is not None:
                progress(done, len(self._base))


def crop_size(boxes: Ints) -> int:
    """Side of the crops (px) of networks from scratch: near the instances' own size."""
    side = float(np.median(boxes[:, 2:].max(axis=1)))
    return next(
        (size for size in scratch_classifiers.SIZES if side <= size), scratch_classifiers.SIZES[-1]
    )


def memorised(names: list[str], repeated: NDArray[np.bool_], lesson: Lesson) -> list[str]:
    """Say what share of its labels each model repeats; notes on those that repeat most."""
    # Linear heads learn from all, the others from all but the fold by whose loss they are stopped.
    (split,) = lesson.splits()
    notes = []
    for name, one in zip(names, repeated, strict=True):
        share = float((one if name.startswith(f"{_FROZEN}:") else one[split.train]).mean())
        _log.info("%s repeats %.1f %% of the labels it was trained on", name, 100 * share)
        if share > MEMORISED:
            notes.append(
                f"{name} repeats {share:.1%} of the labels it was trained on, wrong ones with "
                "them: it cannot contradict what it has memorised (`fit='out-of-fold'`)"
            )
    return notes
