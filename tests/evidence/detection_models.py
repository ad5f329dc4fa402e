"""Tiny object detectors with random weights, saved as the real ones are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

LABELS = {0: "cat", 1: "dog", 2: "lamp"}


def save_detr(folder: Path) -> Path:
    """DETR: its softmax has a place for no object."""
    transformers, torch = pytest.importorskip("transformers"), pytest.importorskip("torch")
    torch.manual_seed(0)
    config = transformers.DetrConfig(
        use_timm_backbone=False,
        use_pretrained_backbone=False,
        backbone=None,
        backbone_config=transformers.ResNetConfig(
            embedding_size=8,
            hidden_sizes=[8, 8, 8, 8],
            depths=[1, 1, 1, 1],
            out_features=["stage4"],
        ),
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        num_queries=9,
        id2label=LABELS,
    )
    transformers.DetrForObjectDetection(config).save_pretrained(folder)
    size = {"shortest_edge": 64, "longest_edge": 96}
    transformers.DetrImageProcessor(size=size).save_pretrained(folder)
    return folder


def save_rt_detr(folder: Path) -> Path:
    """RT-DETR: each category answers for itself."""
    transformers, torch = pytest.importorskip("transformers"), pytest.importorskip("torch")
    torch.manual_seed(0)
    config = transformers.RTDetrConfig(
        backbone_config=transformers.RTDetrResNetConfig(
            embedding_size=8,
            hidden_sizes=[8, 16, 16, 16],
            depths=[1, 1, 1, 1],
            out_features=["stage2", "stage3", "stage4"],
            layer_type="basic",
        ),
        encoder_hidden_dim=16,
        encoder_in_channels=[16, 16, 16],
        encoder_ffn_dim=16,
        encoder_attention_heads=2,
        d_model=16,
        num_queries=9,
        decoder_in_channels=[16, 16, 16],
        decoder_ffn_dim=16,
        decoder_layers=1,
        decoder_attention_heads=2,
        decoder_n_points=2,
        id2label=LABELS,
    )
    transformers.RTDetrForObjectDetection(config).save_pretrained(folder)
    size = {"height": 64, "width": 64}
    transformers.RTDetrImageProcessor(size=size).save_pretrained(folder)
    return folder


def save_torchvision(path: Path, name: str, categories: list[str] | None = None) -> Any:
    """Random weights of a detector of torchvision; the network they are of.

    In ``.safetensors`` with its categories; in ``.pth`` of COCO's 91 places.
    """
    torch, models = pytest.importorskip("torch"), pytest.importorskip("torchvision.models")
    torch.manual_seed(0)
    count = 91 if categories is None else 1 + len(categories)
    network = models.get_model(name, weights=None, weights_backbone=None, num_classes=count)
    if categories is None:
        torch.save(network.state_dict(), path)
    else:
        save_file = pytest.importorskip("safetensors.torch").save_file
        save_file(network.state_dict(), path, {"categories": json.dumps(categories)})
    return network.eval()
