"""A loss that withstands wrong categories."""

from __future__ import annotations

import torch
from mmdet.models.losses.utils import weight_reduce_loss
from mmdet.registry import MODELS
from torch import Tensor
from torch.nn import Module
from torch.nn.functional import cross_entropy


@MODELS.register_module()
class SymmetricCrossEntropyLoss(Module):
    """Cross-entropy and its reverse, summed: alpha CE + beta RCE [1]_.

    It takes the place of ``CrossEntropyLoss`` with ``use_sigmoid=False`` in a box head:
    the option ``model.roi_head.bbox_head.loss_cls.type`` of a training chooses it.

    Parameters
    ----------
    alpha, beta
        Weights of the two parts.
    log_zero
        What log 0 is taken for: A of the paper, negative.
    reduction
        ``mean``, ``sum`` or ``none``.
    loss_weight
        Of the sum.
    use_sigmoid
        Must be False: the loss is defined on a softmax.

    References
    ----------
    .. [1] Wang, Ma, Chen, Luo, Yi, Bailey: Symmetric Cross Entropy for Robust Learning with Noisy
           Labels, ICCV 2019 (equations 5 to 7).
    """

    def __init__(
        self,
        alpha: float = 0.1,
        beta: float = 1.0,
        log_zero: float = -4.0,
        reduction: str = "mean",
        loss_weight: float = 1.0,
        use_sigmoid: bool = False,
    ) -> None:
        super().__init__()
        if use_sigmoid:
            raise ValueError("SymmetricCrossEntropyLoss is defined on a softmax: use_sigmoid=False")
        self.alpha, self.beta, self.log_zero = alpha, beta, log_zero
        self.reduction, self.loss_weight = reduction, loss_weight

    def forward(
        self,
        scores: Tensor,
        labels: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
    ) -> Tensor:
        """The loss of logits (N, C) against labels int64 (N,).

        Parameters
        ----------
        weight
            float (N,) on each loss.
        avg_factor
            Divisor of the mean, in the place of N.
        """
        forth = cross_entropy(scores, labels, reduction="none")
        given = torch.softmax(scores, 1).gather(1, labels[:, None])[:, 0]
        back = -self.log_zero * (1 - given)
        loss: Tensor = weight_reduce_loss(
            self.alpha * forth + self.beta * back,
            weight,
            reduction_override or self.reduction,
            avg_factor,
        )
        return self.loss_weight * loss
