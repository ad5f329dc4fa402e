"""The operations against brute force; against the compiled ones where they are installed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from mmcv import ops as mmcv_ops
from mmcv.ops.multi_scale_deform_attn import (
    MultiScaleDeformableAttnFunction,
    multi_scale_deformable_attn_pytorch,
)

from benchmark_n.errors import InputError
from benchmark_n.training.mmdet import ops

COMPILED = ops.install_ops()


def boxes_of(rng: np.random.Generator, count: int, size: float = 40) -> np.ndarray:
    corner = rng.uniform(0, size / 2, (count, 2))
    return np.hstack([corner, corner + rng.uniform(1, size / 2, (count, 2))]).astype(np.float32)


def plain_nms(boxes: np.ndarray, scores: np.ndarray, threshold: float, offset: int) -> list[int]:
    def overlap(a: np.ndarray, b: np.ndarray) -> float:
        sides = [min(a[i + 2], b[i + 2]) - max(a[i], b[i]) + offset for i in (0, 1)]
        shared = max(sides[0], 0) * max(sides[1], 0)
        areas = [math.prod(c[i + 2] - c[i] + offset for i in (0, 1)) for c in (a, b)]
        return float(shared / (sum(areas) - shared))

    kept: list[int] = []
    for place in np.argsort(-scores, kind="stable").tolist():
        if all(overlap(boxes[place], boxes[other]) <= threshold for other in kept):
            kept.append(place)
    return kept


@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("threshold", [0.3, 0.7])
def test_nms_is_greedy_suppression(offset: int, threshold: float) -> None:
    rng = np.random.default_rng(offset)
    boxes, scores = boxes_of(rng, 80), rng.random(80).astype(np.float32)
    detections, kept = mmcv_ops.nms(
        torch.from_numpy(boxes), torch.from_numpy(scores), threshold, offset
    )
    assert kept.tolist() == plain_nms(boxes, scores, threshold, offset)
    np.testing.assert_array_equal(detections[:, 4].numpy(), scores[kept])


def test_batched_nms_keeps_categories_apart() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10]]).repeat(3, 1)
    scores, labels = torch.tensor([0.5, 0.9, 0.8]), torch.tensor([0, 1, 0])
    _, kept = mmcv_ops.batched_nms(boxes, scores, labels, {"type": "nms", "iou_threshold": 0.5})
    assert kept.tolist() == [1, 2]


def bilinear(image: np.ndarray, y: float, x: float) -> float:
    height, width = image.shape
    if not (-1 <= y <= height and -1 <= x <= width):
        return 0.0
    y, x = min(max(y, 0.0), height - 1), min(max(x, 0.0), width - 1)
    top, left = int(y), int(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    dy, dx = y - top, x - left
    upper = image[top, left] * (1 - dx) + image[top, right] * dx
    lower = image[bottom, left] * (1 - dx) + image[bottom, right] * dx
    return float(upper * (1 - dy) + lower * dy)


def plain_roi_align(
    features: np.ndarray, roi: np.ndarray, size: int, scale: float, ratio: int, aligned: bool
) -> np.ndarray:
    """He et al., Mask R-CNN (2017), Section 3: the mean of bilinear samples in each bin."""
    shift = 0.5 if aligned else 0.0
    x0, y0, x1, y1 = roi[1:] * scale - shift
    sides = np.array([y1 - y0, x1 - x0])
    if not aligned:
        sides = np.maximum(sides, 1.0)
    step = sides / size
    counts = [ratio or math.ceil(s) for s in step]
    out = np.zeros((features.shape[1], size, size))
    for channel, row, column in np.ndindex(out.shape):
        samples = [
            bilinear(
                features[int(roi[0]), channel],
                y0 + step[0] * (row + (i + 0.5) / counts[0]),
                x0 + step[1] * (column + (j + 0.5) / counts[1]),
            )
            for i in range(counts[0])
            for j in range(counts[1])
        ]
        out[channel, row, column] = np.mean(samples) if samples else 0.0
    return out


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("ratio", [0, 2])
def test_roi_align_is_the_mean_of_bilinear_samples(aligned: bool, ratio: int) -> None:
    rng = np.random.default_rng(3)
    features = rng.normal(size=(2, 3, 9, 11)).astype(np.float32)
    rois = np.hstack([rng.integers(0, 2, (6, 1)), boxes_of(rng, 6)]).astype(np.float32)
    layer = mmcv_ops.RoIAlign(4, 0.25, ratio, aligned=aligned)
    found = layer(torch.from_numpy(features), torch.from_numpy(rois)).numpy()
    for place, roi in enumerate(rois):
        expected = plain_roi_align(features, roi, 4, 0.25, ratio, aligned)
        np.testing.assert_allclose(found[place], expected, atol=2e-6)


def test_roi_align_backward_is_the_gradient() -> None:
    rng = np.random.default_rng(4)
    rois = torch.from_numpy(np.hstack([rng.integers(0, 2, (5, 1)), boxes_of(rng, 5, 12)]))
    features = torch.from_numpy(rng.normal(size=(2, 2, 6, 7))).requires_grad_()
    layer = mmcv_ops.RoIAlign(3, 0.5, 0)
    assert torch.autograd.gradcheck(lambda values: layer(values, rois), features)


def test_deformable_attention_has_the_gradients_of_the_plain_code() -> None:
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Any:
        return torch.rand(shape, generator=generator, dtype=torch.float64).requires_grad_()

    shapes = torch.tensor([[4, 5], [2, 3]])
    starts = torch.tensor([0, 20])
    inputs = [draw(2, 26, 2, 3), draw(2, 6, 2, 2, 4, 2), draw(2, 6, 2, 2, 4)]
    ours = MultiScaleDeformableAttnFunction.apply(
        inputs[0], shapes, starts, inputs[1], inputs[2], 64
    )
    plain = multi_scale_deformable_attn_pytorch(inputs[0], shapes, inputs[1], inputs[2])
    assert torch.equal(ours, plain)
    weight = torch.linspace(-1, 1, plain.numel(), dtype=torch.float64).view(plain.shape)
    for mine, theirs in zip(
        torch.autograd.grad((ours * weight).sum(), inputs),
        torch.autograd.grad((plain * weight).sum(), inputs),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs)


@pytest.mark.skipif(COMPILED, reason="the compiled MMCV is installed")
def test_other_operations_say_what_to_install() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10]])
    with pytest.raises(InputError, match=r"softnms is not in mmcv-lite: .*pip install mmcv"):
        mmcv_ops.soft_nms(boxes, torch.tensor([0.5]))


@pytest.mark.skipif(COMPILED, reason="the compiled MMCV is installed")
def test_maximum_pooling_is_refused() -> None:
    layer = mmcv_ops.RoIAlign(2, 1.0, 0, pool_mode="max")
    with pytest.raises(InputError, match="expected avg"):
        layer(torch.zeros(1, 1, 4, 4), torch.tensor([[0.0, 0, 0, 2, 2]]))


@pytest.mark.skipif(not COMPILED, reason="needs the compiled MMCV")
def test_torchvision_agrees_with_the_compiled_operations() -> None:
    rng = np.random.default_rng(5)
    features = torch.from_numpy(rng.normal(size=(2, 3, 20, 30)).astype(np.float32))
    rois = np.hstack([rng.integers(0, 2, (9, 1)), boxes_of(rng, 9)]).astype(np.float32)
    theirs = mmcv_ops.roi_align(features, torch.from_numpy(rois), 7, 0.5, 0)
    ours = torch.zeros_like(theirs)
    ops.roi_align_forward(
        features,
        torch.from_numpy(rois),
        ours,
        ours.new_zeros(0),
        ours.new_zeros(0),
        aligned_height=7,
        aligned_width=7,
        spatial_scale=0.5,
        sampling_ratio=0,
        pool_mode=1,
        aligned=True,
    )
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=0)
