"""Classifiers of crops: their probabilities, and where in the crop they look.

A classifier is a frozen backbone with a linear head, or a small network trained from scratch
(`benchmark_n.detectors.evidence.scratch_classifiers`). Where the features are the averages of the
backbone's last maps, Grad-CAM is exact from these maps, kept on disk, and needs no backward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.evidence.evidence import Floats, Ints
from benchmark_n.detectors.evidence.gather import Target
from benchmark_n.detectors.evidence.heads import Head, fit_head
from benchmark_n.detectors.evidence.pixels import Pixels
from benchmark_n.detectors.evidence.saliency import (
    GRID,
    class_activation,
    grad_cam,
    on_common_grid,
)
from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.parallel import ordered_map

_CHUNK = 256
# Side of the crops (px) to their parts: places among the annotations, and pixels.
Stream = Callable[[int], Iterable[tuple[Ints, Pixels]]]


@dataclass(frozen=True)
class Lesson:
    """What a classifier learns, and what its maps are of.

    Parameters
    ----------
    labels
        int64 (N,), below `num_categories`.
    folds
        int64 (N,): predictions are out of fold; None: trained and predicted on all annotations.
    target
        The category whose evidence the maps show.
    layer
        Name of a module inside the network; None is its last convolution.
    """

    labels: Ints
    num_categories: int
    folds: Ints | None
    target: Target = "predicted"
    layer: str | None = None
    seed: int = 0
    workers: int | None = None

    def splits(self) -> Iterator[tuple[NDArray[np.bool_], Ints]]:
        """(annotations to train on, bool (N,); places of those to predict) of each training."""
        if self.folds is None:
            count = len(self.labels)
            yield np.ones(count, bool), np.arange(count)
            return
        for fold in np.unique(self.folds).tolist():
            yield self.folds != fold, np.flatnonzero(self.folds == fold)

    def aims(self, probs: Floats, places: Ints) -> Ints:
        """Category to explain of each of the `places`, whose probabilities are (n, K)."""
        if self.target == "given":
            return self.labels[places]
        return np.asarray(probs.argmax(axis=1), np.int64)


@dataclass(frozen=True)
class Explained:
    """What one classifier says: probabilities float32 (N, K), maps float16 (N, GRID, GRID)."""

    probs: NDArray[np.float32]
    maps: NDArray[np.float16]

    @classmethod
    def empty(cls, lesson: Lesson) -> Explained:
        """Arrays to be filled."""
        count = len(lesson.labels)
        return cls(
            np.zeros((count, lesson.num_categories), np.float32),
            np.zeros((count, GRID, GRID), np.float16),
        )


def explain_backbone(backbone: Any, stream: Stream, lesson: Lesson, folder: Path) -> Explained:
    """Linear heads on a frozen backbone; `folder` is for its maps while they are needed.

    Raises
    ------
    InputError
        The backbone has no convolution, or no layer of the name asked for.
    """
    if lesson.layer is None and hasattr(backbone, "last_maps"):
        maps, pooled = store_maps(backbone, stream, len(lesson.labels), folder)
        return explain_maps(maps, pooled, lesson)
    if not hasattr(backbone, "network"):
        raise InputError(f"backbone '{backbone.name}' has no layer to draw saliency maps of")
    return _explain_by_gradients(backbone, stream, lesson)


def store_maps(
    backbone: Any, stream: Stream, count: int, folder: Path
) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
    """The last maps, float16 (count, C, h, w) in a file, and their averages, (count, C)."""
    maps: Any = None
    pooled: Any = None
    for places, crops in stream(backbone.size):
        part = backbone.last_maps(crops)
        if maps is None:
            path, shape = folder / f"{backbone.name}.npy", (count, *part.shape[1:])
            maps = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
            pooled = np.zeros(shape[:2], np.float32)
        maps[places] = part
        pooled[places] = part.astype(np.float32).mean((2, 3))
    return maps, pooled


def explain_maps(maps: Floats, pooled: Floats, lesson: Lesson) -> Explained:
    """Heads on the averages (N, C) of maps (N, C, h, w), and their class activation maps."""
    made = Explained.empty(lesson)
    for (_, places), head in zip(lesson.splits(), _heads(pooled, lesson), strict=True):
        probs = head.probabilities(head.standardise(pooled[places]))
        weights = head.gradients()[lesson.aims(probs, places)]
        made.probs[places] = probs
        for start in range(0, len(places), _CHUNK):
            some = slice(start, start + _CHUNK)
            active = class_activation(maps[places[some]], weights[some])
            made.maps[places[some]] = on_common_grid(active)
    return made


def _heads(features: Floats, lesson: Lesson) -> Iterable[Head]:
    fit = partial(_fit, features, lesson)
    return ordered_map(fit, [train for train, _ in lesson.splits()], workers=lesson.workers)


def _fit(features: Floats, lesson: Lesson, train: NDArray[np.bool_]) -> Head:
    return fit_head(features[train], lesson.labels[train], lesson.num_categories)


def _explain_by_gradients(backbone: Any, stream: Stream, lesson: Lesson) -> Explained:
    """Two passes over the crops: features for the heads, then a map by a backward pass."""
    import torch

    layer = find_layer(backbone.network, lesson.layer, backbone.name)
    made = Explained.empty(lesson)
    features: Any = None
    for places, crops in stream(backbone.size):
        with torch.inference_mode():
            part = backbone.network(backbone.to_tensor(crops)).flatten(1).cpu().numpy()
        if features is None:
            features = np.zeros((len(made.probs), part.shape[1]), np.float32)
        features[places] = part
    directions = np.zeros_like(features)
    for (_, places), head in zip(lesson.splits(), _heads(features, lesson), strict=True):
        made.probs[places] = head.probabilities(head.standardise(features[places]))
        directions[places] = head.gradients()[lesson.aims(made.probs[places], places)]
    for places, crops in stream(backbone.size):
        batch = backbone.to_tensor(crops)
        wanted = torch.from_numpy(directions[places]).to(batch.device)
        made.maps[places] = on_common_grid(grad_cam(backbone.network, layer, batch, wanted))
    return made


def find_layer(network: Any, name: str | None, what: str) -> Any:
    """The module called `name` inside a network; its last convolution for None."""
    import torch

    modules = dict(network.named_modules())
    if name is None:
        found = [module for module in modules.values() if isinstance(module, torch.nn.Conv2d)]
        if not found:
            raise InputError(f"backbone '{what}' has no convolution to draw saliency maps of")
        return found[-1]
    if name not in modules:
        raise InputError(f"backbone '{what}' has no layer '{name}': {did_you_mean(name, modules)}")
    return modules[name]
