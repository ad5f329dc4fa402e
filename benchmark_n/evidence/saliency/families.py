"""Classifiers of several families: the last two stages trained, or the whole network.

``lite0``, ``lite1`` and ``lite2`` begin with ImageNet weights that come in packages.
``resnet:lite1`` and ``shufflenet:lite2`` are the last two stages of another family, from random
weights, on the first stages of such a network: three families where nothing can be fetched.
``torchvision:NAME`` and ``timm:NAME`` begin with their library's weights, with ``@FILE`` those of a
file, and with ``@random`` random ones, which are trained end to end.

What the stages before the trained ones make of the crops is computed once for all trainings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.evidence.backbones.base import make_backbone
from benchmark_n.evidence.backbones.efficientnet_lite import MEAN, SCALE, load_network
from benchmark_n.evidence.backbones.torchvision_timm import SIZE as POOLED_SIZE
from benchmark_n.evidence.crops.cutting import Cut
from benchmark_n.evidence.saliency.explained import find_layer
from benchmark_n.evidence.saliency.lesson import Explained, Lesson
from benchmark_n.evidence.saliency.training import Recipe, Trainer, train_and_explain
from benchmark_n.files.provenance import file_digest
from benchmark_n.nets.devices import torch_device
from benchmark_n.runtime.optional_imports import import_extra
from benchmark_n.runtime.progress import Progress

VERSION = 1
SIZE = 96
LITE = ("lite0", "lite1", "lite2")
STAGED = ("resnet", "shufflenet")
LIBRARIES = ("torchvision", "timm")
# Of weights that were trained elsewhere, and of random ones.
TUNED, FRESH = Recipe(8, 2e-3, batch=32), Recipe(20, 4e-3, batch=32)
_BATCH = 64
# Side of the crops (px) to the crops, in parts.
Stream = Callable[[int], Iterable[Cut]]


@dataclass(frozen=True)
class Builder:
    """Builds a classifier of a family with a new last layer."""

    family: Any
    num_categories: int

    def __call__(self) -> Any:
        return self.family.classifier(self.num_categories)


def explain_family(
    name: str,
    stream: Stream,
    lesson: Lesson,
    folder: Path,
    *,
    full: bool = False,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Explained:
    """Train the classifier called `name` for each split, and explain what it predicts.

    Parameters
    ----------
    folder
        For what the first stages make of the crops, while it is needed.
    full
        Whether the whole network is trained, in place of its last two stages.

    Raises
    ------
    InputError
        An unknown name, a network without convolution or without the layer asked for, or one
        that needs what is not installed.
    """
    import_extra("torch", "deep", f"classifier {name}")
    family, size, recipe = make_family(name, lesson, full=full)
    values = first_stages(family, stream(size), len(lesson.labels), folder, device)
    trainer = Trainer(values, Builder(family, lesson.num_categories), lesson, recipe, device)
    return train_and_explain(trainer, progress)


def make_family(name: str, lesson: Lesson, *, full: bool) -> tuple[Any, int, Recipe]:
    """The network, the side of its crops (px), and how it is trained."""
    kind, _, argument = name.partition(":")
    if kind in LIBRARIES:
        return _of_library(name, lesson, full)
    trunk = argument if kind in STAGED else name
    if trunk not in LITE:
        known = (*LITE, *(f"{stage}:{one}" for stage in STAGED for one in LITE))
        raise InputError(f"unknown classifier '{name}': {did_you_mean(name, known)}")
    if lesson.layer is not None:
        raise InputError(f"classifier '{name}' has no layers to choose from")
    import torch

    from benchmark_n.nets import families

    pixels = torch.zeros(1, 3, SIZE, SIZE, dtype=torch.uint8)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(lesson.seed)
        stages = families.STAGES.get(kind)
        family = families.chain(_lite_modules(trunk), pixels, full=full, stages=stages)
    return family, SIZE, TUNED if stages is None else FRESH


def _lite_modules(name: str) -> list[Any]:
    """EfficientNet-Lite as modules that are run one after another, up to its last maps."""
    from benchmark_n.nets.two_part_classifier import Scaled

    network = load_network(int(name[-1]), "cpu")
    scaled = Scaled((MEAN,) * 3, (SCALE,) * 3)
    stem = (network._conv_stem, network._bn0, network._swish)
    return [scaled, *stem, *network._blocks, network._conv_head, network._bn1, network._swish]


def _of_library(name: str, lesson: Lesson, full: bool) -> tuple[Any, int, Recipe]:
    """A network of torchvision or timm: a chain of modules, or in one piece."""
    import torch

    from benchmark_n.nets import families
    from benchmark_n.nets.two_part_classifier import Scaled

    backbone: Any = make_backbone(name)
    network, fresh = backbone.network, backbone.is_random
    size = SIZE if backbone.size == POOLED_SIZE else backbone.size
    scaled = Scaled(
        *([255 * value for value in one] for one in (backbone.mean, backbone.deviation))
    )
    recipe = FRESH if fresh else TUNED
    # Noise, for a network that passes nothing on would be like any other.
    pixels = torch.randint(
        0, 256, (2, 3, size, size), generator=torch.Generator().manual_seed(0), dtype=torch.uint8
    )
    modules = families.chained_modules(network, scaled(pixels)) if lesson.layer is None else None
    if modules is not None:
        return families.chain([scaled, *modules], pixels, full=full or fresh), size, recipe
    if lesson.layer is not None:
        find_layer(network, lesson.layer, name)
    try:
        family = families.whole(network, scaled, pixels, full=full or fresh, layer=lesson.layer)
    except ValueError as error:
        raise InputError(f"classifier '{name}': {error}") from None
    return family, size, recipe


def with_digest(name: str) -> list[str]:
    """A model's name, with the digest of the file that its weights are from."""
    file = Path(name.partition("@")[2])
    return [name, file_digest(file)] if file.is_file() else [name]


def first_stages(
    family: Any, cuts: Iterable[Cut], count: int, folder: Path, device: str
) -> NDArray[Any]:
    """What the frozen stages make of `count` crops, (count, C, h, w), in a file.

    On one thread, so that the sums are the same everywhere.
    """
    import torch

    frozen = family.frozen.to(torch_device(device))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    made: Any = None
    try:
        for cut in cuts:
            for start in range(0, len(cut.indices), _BATCH):
                some = slice(start, start + _BATCH)
                pixels = torch.from_numpy(cut.crops[some]).permute(0, 3, 1, 2)
                with torch.inference_mode():
                    part = frozen(pixels.to(torch_device(device))).cpu().numpy()
                part = part if part.dtype == np.uint8 else part.astype(np.float16)
                if made is None:
                    shape = (count, *part.shape[1:])
                    made = np.lib.format.open_memmap(
                        folder / "stages.npy", mode="w+", dtype=part.dtype, shape=shape
                    )
                made[cut.indices[some]] = part
    finally:
        torch.set_num_threads(threads)
    return np.asarray(made)
