"""Losses of wrong annotations stay high for longer: two components tell them apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.base import Plot
from benchmark_n.detectors.common.mixtures import Fitted, fit_mixture, scale_losses
from benchmark_n.detectors.common.score_tables import annotation_scores, join_scores
from benchmark_n.errors import InputError
from benchmark_n.evidence import Evidence

_BINS = 40


@dataclass
class LossSeparation:
    """Class errors by the class loss, spatial ones by the mask loss.

    The score is the probability of the component of high loss, made not to fall with the loss;
    above one half is flagged. ``aum`` has a score of its own, and is flagged by the probability.

    Parameters
    ----------
    method
        ``gmm``: two Gaussians on losses scaled by minimum and maximum [1]_. ``beta``: two Beta
        distributions, losses clipped at the 5th and 95th percentile [2]_. ``aum``: the class
        score is the negative mean margin over the epochs [3]_; flagged by ``gmm`` on it, in the
        place of the paper's threshold samples, which need a training of their own.
    epochs
        Losses are averaged over this share of the training, up to its end: single epochs vary.

    References
    ----------
    .. [1] Li, Socher, Hoi: DivideMix, ICLR 2020 (Section 3.1).
    .. [2] Arazo, Ortego, Albert, O'Connor, McGuinness: Unsupervised Label Noise Modeling and Loss
           Correction, ICML 2019 (Section 3.1).
    .. [3] Pleiss, Zhang, Elenberg, Weinberger: Identifying Mislabeled Data using the Area Under
           the Margin Ranking, NeurIPS 2020 (equation 1).

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.evidence import evidence_of
    >>> losses = np.float32([[0.1, 0.2, 0.15, 0.1, 2.3, 0.2]])  # one epoch
    >>> evidence = evidence_of([0] * 6, ["cat"], class_losses=losses)
    >>> LossSeparation().fit(evidence).scores_["flagged"].to_pylist()
    [False, False, False, False, True, False]
    """

    name: ClassVar[str] = "loss_separation"
    kinds: ClassVar[tuple[str, ...]] = ("class", "spatial")
    needs: ClassVar[tuple[str, ...]] = ("class_losses",)
    may_read: ClassVar[tuple[str, ...]] = ("mask_losses", "margins")
    of_masks: ClassVar[tuple[str, ...]] = ("spatial",)
    reference: ClassVar[str] = "Li et al., DivideMix, 2020; Arazo et al., 2019; Pleiss et al., 2020"

    method: Literal["gmm", "beta", "aum"] = "gmm"
    epochs: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.5
    seed: int = 0
    scores_: Any = field(default=None, init=False, repr=False)
    plots_: tuple[Plot, ...] = field(default=(), init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        assert evidence.class_losses is not None
        if self.method == "aum" and evidence.margins is None:
            raise InputError("loss_separation.method=aum needs margins, which the evidence lacks")
        tables, plots = [], []
        for kind, losses in (("class", evidence.class_losses), ("spatial", evidence.mask_losses)):
            if losses is None:
                continue
            by_margin = self.method == "aum" and kind == "class"
            values = -evidence.margins if by_margin else losses  # type: ignore[operator]
            mean = self._mean(np.asarray(values, np.float64), whole=by_margin)
            fitted = fit_mixture(mean, "beta" if self.method == "beta" else "gmm", self.seed)
            high = rising(fitted.high, mean)
            scores = scale_losses(mean) if by_margin else high
            tables.append(annotation_scores(evidence, kind, scores, high > 0.5))
            plots.append(_plot(f"{kind} loss", mean, fitted, clip=self.method == "beta"))
        self.scores_, self.plots_ = join_scores(tables), tuple(plots)
        return self

    def _mean(self, values: NDArray[np.float64], *, whole: bool) -> NDArray[np.float64]:
        count = len(values) if whole else max(1, round(self.epochs * len(values)))
        return np.asarray(values[-count:].mean(axis=0))


def rising(probability: NDArray[np.float64], loss: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability made not to fall with the loss.

    The wider Gaussian wins on both sides of the narrow one, so that the smallest losses would
    count as high.
    """
    order = np.argsort(loss, kind="stable")
    result = np.empty_like(probability)
    lowest = int(probability[order].argmin())
    ranked = probability[order].copy()
    ranked[:lowest] = ranked[lowest]
    # Equal probabilities keep the order of the losses.
    steps = np.arange(len(loss)) * (1e-9 / max(len(loss), 1))
    result[order] = np.minimum(np.maximum.accumulate(ranked), 1 - 1e-9) + steps
    return result


def _plot(title: str, losses: NDArray[np.float64], fitted: Fitted, *, clip: bool) -> Plot:
    counts, edges = np.histogram(
        scale_losses(losses, clip=clip), bins=_BINS, range=(0, 1), density=True
    )
    curves = (("low", fitted.x, fitted.low_density), ("high", fitted.x, fitted.high_density))
    return Plot(title, edges, counts, curves)
