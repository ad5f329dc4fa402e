"""Where PyTorch is not installed, whatever needs a network says so in a line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark_n.coco import read_coco
from benchmark_n.detectors.quality_sentinel.encoders import make_encoder
from benchmark_n.detectors.quality_sentinel.unet_masks import predict_masks
from benchmark_n.detectors.quality_sentinel.weights import load_sentinel
from benchmark_n.errors import InputError
from benchmark_n.evidence import annotation_evidence
from benchmark_n.evidence.detections.base import make_object_detector
from benchmark_n.evidence.losses.small_network import train_losses
from benchmark_n.evidence.saliency.lesson import Lesson
from benchmark_n.evidence.saliency.small_classifiers import explain_scratch
from benchmark_n.nets.devices import torch_device
from benchmark_n.training.unet.frames import Frames
from benchmark_n.training.unet.ventricles import MODELS, train_unet
from tests.samples import document, write

CROPS = np.zeros((4, 16, 16, 3), np.uint8)
LABELS = np.array([0, 1, 0, 1])


def _unet(folder: Path) -> Any:
    frames = Frames([1, 2, 3, 4], CROPS[..., 0], [(16, 16)] * 4)
    return train_unet(frames, CROPS[..., 0], MODELS["tiny-unet"])


def _pairs(folder: Path) -> Any:
    coco = read_coco(write(folder, document()))
    return predict_masks(annotation_evidence(coco), coco, {}, [1])


WAYS: dict[str, Callable[[Path], Any]] = {
    "device": lambda _: torch_device("auto"),
    "classifier": lambda _: explain_scratch("plain", CROPS, Lesson(LABELS, 2, LABELS, workers=1)),
    "losses": lambda _: train_losses(CROPS, CROPS[..., 0], LABELS, 2),
    "u-net": _unet,
    "u-net of the pairs": _pairs,
    "object detector": lambda _: make_object_detector("nanodet"),
    "encoder": lambda _: make_encoder("small", 4),
    "lite encoder": lambda _: make_encoder("lite0", 4),
    "shipped weights": lambda _: load_sentinel(),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_command_that_brings_it_is_named(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("safetensors")
    for name in [name for name in sys.modules if name.startswith("benchmark_n.nets.")]:
        monkeypatch.delitem(sys.modules, name)  # as in a new process
    monkeypatch.delitem(sys.modules, "safetensors.torch", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InputError) as error:
        WAYS[way](tmp_path)
    assert str(error.value).endswith("needs torch: run pip install '.[deep]' in the clone")
