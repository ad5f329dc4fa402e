"""Classifiers of several architectures, of which the last stages are trained, or all.

A stage is what lies between two halvings of the maps. Trained are the last two stages and a linear
layer on the average of the last maps.

References
----------
.. [1] He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, CVPR 2016.
.. [2] Ma, Zhang, Zheng, Sun: ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture
       Design, ECCV 2018.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torchvision.models.resnet import BasicBlock
from torchvision.models.shufflenetv2 import InvertedResidual

from benchmark_n.nets.two_part_classifier import Family, Scaled

_BATCH_NORM_MOMENTUM = 0.1


def chain(
    modules: Sequence[nn.Module],
    pixels: torch.Tensor,
    *,
    full: bool,
    stages: Callable[[int], nn.Module] | None = None,
) -> Family:
    """The family of modules that are run one after another and end in maps.

    Parameters
    ----------
    pixels
        Some pixels, uint8 (B, 3, S, S), to see the maps' sides.
    full
        All is trained.
    stages
        Makes other last two stages, from the number of channels that they begin with.
    """
    steps = [*modules]
    widths, sides = _maps_of(steps, pixels)
    cut = next(i for i, side in enumerate(sides) if side <= 2 * sides[-1])
    if stages is not None:
        steps = [*steps[:cut], stages(widths[cut - 1])]
        widths, _ = _maps_of(steps, pixels)
    cut = 0 if full else cut
    frozen = nn.Sequential(*steps[:cut]).requires_grad_(False)
    trained = nn.Sequential(*steps[cut:]).requires_grad_(True)
    for module in trained.modules():
        # Some trainings of ImageNet average over far more batches than there will be.
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = _BATCH_NORM_MOMENTUM
    return Family(frozen.eval(), trained, widths[-1])


def _maps_of(steps: Sequence[nn.Module], pixels: torch.Tensor) -> tuple[list[int], list[int]]:
    """Channels and shorter side of the maps after each step."""
    widths, sides, values = [], [], pixels
    with torch.inference_mode():
        for step in steps:
            values = step.eval()(values)
            widths.append(values.shape[1])
            sides.append(min(values.shape[2:]))
    return widths, sides


def residual_stages(width: int) -> nn.Sequential:
    """The last two stages of a ResNet-18 of half its width, from maps of `width` channels."""
    stages: list[nn.Module] = []
    for planes in (128, 256):
        shortcut = nn.Sequential(nn.Conv2d(width, planes, 1, 2, bias=False), nn.BatchNorm2d(planes))
        stages += [BasicBlock(width, planes, 2, shortcut), BasicBlock(planes, planes)]
        width = planes
    return nn.Sequential(*stages)


def shuffled_stages(width: int) -> nn.Sequential:
    """The last two stages of a ShuffleNet V2 of four units each, from maps of `width` channels."""
    stages: list[nn.Module] = []
    for planes in (128, 256):
        stages.append(InvertedResidual(width, planes, 2))
        stages += [InvertedResidual(planes, planes, 1) for _ in range(3)]
        width = planes
    last = nn.Sequential(nn.Conv2d(256, 512, 1, bias=False), nn.BatchNorm2d(512), nn.ReLU())
    return nn.Sequential(*stages, last)


STAGES = {"resnet": residual_stages, "shufflenet": shuffled_stages}


def chained_modules(network: nn.Module, batch: torch.Tensor) -> list[nn.Module] | None:
    """The modules of a headless network up to its last maps, if run in order they are the network.

    Parameters
    ----------
    batch
        Input of the network, of which its own output is compared with the chain's.
    """
    steps = [
        step
        for child in network.children()
        for step in (child.children() if type(child) is nn.Sequential else (child,))
    ]
    last, values = 0, batch
    try:
        with torch.inference_mode():
            for number, step in enumerate(steps, 1):
                pooled = isinstance(step, nn.Linear) and values.ndim == 4
                values = step(values.flatten(1) if pooled else values)
                if values.ndim == 4 and min(values.shape[2:]) > 1:
                    last = number
            ends = values.mean((2, 3)) if values.ndim == 4 else values
            same = torch.allclose(ends, network(batch).flatten(1), atol=1e-4)
    except (RuntimeError, TypeError, ValueError, NotImplementedError):
        # What torch and modules raise of a wrong shape, of several inputs, or of lists of modules,
        # which cannot be called: not a chain.
        return None
    return steps[:last] if same and last else None


def whole(
    network: nn.Module,
    scaled: Scaled,
    pixels: torch.Tensor,
    *,
    full: bool,
    layer: str | None = None,
) -> Family:
    """The family of a headless network as one piece; its early stages stay as they are.

    Parameters
    ----------
    layer
        Whose maps are meant; None: the last convolution's.

    Raises
    ------
    ValueError
        It has no convolution.
    """
    run: dict[str, int] = {}

    def note(name: str, output: Any) -> None:
        run.setdefault(name, min(output.shape[2:]) if getattr(output, "ndim", 0) == 4 else 0)

    hooks = [
        module.register_forward_hook(lambda _, __, output, name=name: note(name, output))
        for name, module in network.named_modules()
        if not [*module.children()]
    ]
    try:
        with torch.inference_mode():
            width = network.eval()(scaled(pixels)).flatten(1).shape[1]
    finally:
        for hook in hooks:
            hook.remove()
    # Of one place are the averages that weigh channels: no stage.
    maps = [
        name
        for name, side in run.items()
        if side > 1 and isinstance(network.get_submodule(name), nn.Conv2d)
    ]
    if not maps:
        raise ValueError("it has no convolution to draw saliency maps of")
    names = [*run]
    first = next(name for name in maps if run[name] <= 2 * run[maps[-1]])
    network.requires_grad_(full)
    for name in names[names.index(first) :]:
        network.get_submodule(name).requires_grad_(True)
    return Family(scaled, network, width, layer or maps[-1])
