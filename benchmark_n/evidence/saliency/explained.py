"""Linear heads on a frozen backbone: their probabilities, and where in the crop they look.

Where the head sees the averages of the backbone's last maps, Grad-CAM at these maps is their sum
weighted by the head: exact from the maps, which are kept on disk meanwhile, and without a backward
pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.evidence.crops.cutting import Cut
from benchmark_n.evidence.crops.linear_heads import Head, fit_head
from benchmark_n.evidence.evidence import Floats
from benchmark_n.evidence.saliency.grad_cam import class_activation, grad_cam, on_common_grid
from benchmark_n.evidence.saliency.lesson import Explained, Lesson
from benchmark_n.runtime.parallel import ordered_map

# Weaker than where a score is read from the probabilities: what counts here is the top category.
INVERSE_PENALTY = 1e-2
_CHUNK = 256
# Side of the crops (px) to the crops, in parts.
Stream = Callable[[int], Iterable[Cut]]


def explain_backbone(backbone: Any, stream: Stream, lesson: Lesson, folder: Path) -> Explained:
    """Linear heads on a frozen backbone; `folder` is for its maps while they are needed.

    Raises
    ------
    InputError
        The backbone has no convolution, or no layer of the name asked for.
    """
    if hasattr(backbone, "network"):
        return _explain_by_gradients(backbone, stream, lesson)
    if lesson.layer is not None or not hasattr(backbone, "describe_with_maps"):
        layer = (
            "layer to draw saliency maps of" if lesson.layer is None else "layers to choose from"
        )
        raise InputError(f"backbone '{backbone.name}' has no {layer}")
    features, maps = store_maps(backbone, stream, len(lesson.labels), folder)
    return explain_maps(features, maps, lesson)


def store_maps(
    backbone: Any, stream: Stream, count: int, folder: Path
) -> tuple[NDArray[np.float32], NDArray[np.float16]]:
    """Features (count, D), and the last maps, float16 (count, C, h, w), in a file."""
    features: Any = None
    maps: Any = None
    for cut in stream(backbone.size):
        described, part = backbone.describe_with_maps(cut.crops, cut.masks)
        if features is None:
            features = np.zeros((count, described.shape[1]), np.float32)
            path, shape = folder / "maps.npy", (count, *part.shape[1:])
            maps = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
        features[cut.indices], maps[cut.indices] = described, part
    return features, maps


def explain_maps(features: Floats, maps: Floats, lesson: Lesson) -> Explained:
    """Heads on features (N, D), and Grad-CAM at maps (N, C, h, w).

    The first C features are the averages of the maps. The others come from earlier layers: the
    derivative by the maps does not see them.
    """
    made = Explained.empty(lesson)
    for split, head in zip(lesson.splits(), _heads(features, lesson), strict=True):
        places = split.places
        probs = head.probabilities(head.standardise(features[places]))
        weights = head.gradients()[lesson.aims(probs, places), : maps.shape[1]]
        made.probs[places] = probs
        for start in range(0, len(places), _CHUNK):
            some = slice(start, start + _CHUNK)
            active = class_activation(maps[places[some]], weights[some])
            made.maps[places[some]] = on_common_grid(active)
    return made


def _heads(features: Floats, lesson: Lesson) -> Iterable[Head]:
    fit = partial(_fit, features, lesson)
    # A head has one optimum: there is nothing to stop early, and it learns from all.
    learnt = [split.train | split.watched for split in lesson.splits()]
    return ordered_map(fit, learnt, workers=lesson.workers)


def _fit(features: Floats, lesson: Lesson, train: NDArray[np.bool_]) -> Head:
    rows = np.flatnonzero(train)
    return fit_head(features, lesson.labels, lesson.num_categories, INVERSE_PENALTY, rows)


def _explain_by_gradients(backbone: Any, stream: Stream, lesson: Lesson) -> Explained:
    """Two passes over the crops: features for the heads, then a map by a backward pass."""
    import torch

    layer = find_layer(backbone.network, lesson.layer, backbone.name)
    made = Explained.empty(lesson)
    features: Any = None
    for cut in stream(backbone.size):
        described = backbone.describe(cut.crops, cut.masks)
        if features is None:
            features = np.zeros((len(made.probs), described.shape[1]), np.float32)
        features[cut.indices] = described
    directions = np.zeros(features.shape, np.float32)
    for split, head in zip(lesson.splits(), _heads(features, lesson), strict=True):
        places = split.places
        made.probs[places] = head.probabilities(head.standardise(features[places]))
        aims = lesson.aims(made.probs[places], places)
        directions[places] = head.gradients()[aims]
    for cut in stream(backbone.size):
        batch = backbone.to_tensor(cut.crops)
        wanted = torch.from_numpy(directions[cut.indices]).to(batch.device)
        made.maps[cut.indices] = on_common_grid(grad_cam(backbone.network, layer, batch, wanted))
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
