from __future__ import annotations

import math

import pytest
import torch
from mmdet.registry import MODELS


def test_symmetric_cross_entropy_in_closed_form() -> None:
    # Three classes, softmax (.5, .25, .25): CE is -ln q of the given class, the reverse is
    # -A (1 - q), since log 0 is A and log 1 is 0 (Wang et al. 2019, equations 5 to 7).
    loss = MODELS.build(
        {"type": "SymmetricCrossEntropyLoss", "alpha": 0.1, "beta": 2.0, "log_zero": -6.0}
    )
    scores = torch.log(torch.tensor([[2.0, 1.0, 1.0]])).repeat(2, 1)
    labels = torch.tensor([0, 2])
    expected = [0.1 * math.log(2) + 12 * 0.5, 0.1 * math.log(4) + 12 * 0.75]
    found = loss(scores, labels, reduction_override="none")
    assert found.tolist() == pytest.approx(expected)
    assert loss(scores, labels).item() == pytest.approx(sum(expected) / 2)
    weighted = loss(scores, labels, torch.tensor([1.0, 0.0]), avg_factor=4.0)
    assert weighted.item() == pytest.approx(expected[0] / 4)


def test_with_alpha_alone_it_is_cross_entropy() -> None:
    loss = MODELS.build({"type": "SymmetricCrossEntropyLoss", "alpha": 1.0, "beta": 0.0})
    plain = MODELS.build({"type": "CrossEntropyLoss", "use_sigmoid": False})
    scores = torch.randn(7, 5, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(7) % 5
    torch.testing.assert_close(loss(scores, labels), plain(scores, labels))


def test_sigmoid_is_refused() -> None:
    with pytest.raises(ValueError, match="use_sigmoid=False"):
        MODELS.build({"type": "SymmetricCrossEntropyLoss", "use_sigmoid": True})
