"""The experiments of `detectors.py` on scikit-learn's handwritten digits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from detector_parts import Experiment

from benchmark_n.coco.units import each_its_own
from benchmark_n.detectors import Evidence, build_detector, run_detector
from benchmark_n.evidence.crops.linear_heads import cross_validate
from benchmark_n.evidence.folds import plan_folds
from benchmark_n.experiments.detector_seeds import Row

# Of raw grey levels, not of a backbone's features; chosen by `select_settings.py`.
INVERSE_PENALTY = 0.01
_NAMES = tuple("0123456789")


def digits() -> tuple[Any, Any]:
    """Scikit-learn's digits: images (n, 8, 8) from 0 to 16, and labels."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return data.images, data.target.astype(np.int64)


def flipped(labels: Any, rate: float, seed: int) -> Any:
    """Labels of which a share `rate` is another one, uniformly."""
    rng = np.random.default_rng([7, seed])
    chosen = rng.permutation(len(labels))[: round(rate * len(labels))]
    noisy = labels.copy()
    noisy[chosen] = (labels[chosen] + rng.integers(1, 10, len(chosen))) % 10
    return noisy


def digit_evidence(labels: Any, **fields: Any) -> Evidence:
    """Evidence about the digits; masks are whole pictures."""
    count = len(labels)
    return Evidence(
        annotation_ids=np.arange(count),
        image_ids=np.arange(count),
        labels=labels,
        category_ids=np.arange(10),
        category_names=tuple("0123456789"),
        boxes=np.tile([0, 0, 8, 8], (count, 1)),
        masks=tuple({"size": [8, 8], "counts": b"0P2"} for _ in range(count)),
        **fields,
    )


def digit_row(name: str, table: Any, wrong: Any) -> Row:
    """Measures by scikit-learn; the pictures are all alike in size, so there is no blind floor."""
    from sklearn import metrics

    scores, flagged = table["score"].to_numpy(), table["flagged"].to_numpy()
    precision, recall, _ = metrics.precision_recall_curve(wrong, scores)
    best = (2 * precision * recall / np.maximum(precision + recall, 1e-12)).max()
    return {
        "detector": name,
        "kind": "class",
        "errors": int(wrong.sum()),
        "f1": float(metrics.f1_score(wrong, flagged)),
        "best_f1": float(best),
        "auprc": float(metrics.average_precision_score(wrong, scores)),
        "auroc": float(metrics.roc_auc_score(wrong, scores)),
        "prevalence": float(wrong.mean()),
    }


def out_of_fold(noisy: Any, inverse_penalty: float = INVERSE_PENALTY) -> Evidence:
    """Five-fold logistic regression on the 64 grey levels."""
    images, _ = digits()
    features = images.reshape(len(images), -1).astype(np.float32)
    folds, _ = plan_folds(noisy, each_its_own(len(noisy)), _NAMES, 5, 0)
    probs = cross_validate(features, noisy, folds, 10, inverse_penalty=inverse_penalty, workers=1)[
        0
    ]
    return digit_evidence(noisy, pred_probs=probs)


def by_probabilities(rate: float) -> Experiment:
    """Detectors on the probabilities of a logistic regression."""

    def run(seed: int) -> Iterator[Row]:
        _, labels = digits()
        noisy = flipped(labels, rate, seed)
        evidence = out_of_fold(noisy)
        for name in ("cleanlab", "disagreement", "margin"):
            yield digit_row(name, run_detector(build_detector(name), evidence), noisy != labels)

    return run


def by_losses(rate: float) -> Experiment:
    """Losses of the small network, digits enlarged to 16 px."""

    def run(seed: int) -> Iterator[Row]:
        from benchmark_n.evidence.losses.small_network import train_losses

        images, labels = digits()
        pixels = np.kron(images / 16 * 255, np.ones((1, 2, 2))).astype(np.uint8)
        crops = np.repeat(pixels[..., None], 3, axis=3)
        noisy = flipped(labels, rate, seed)
        made = train_losses(crops, np.full_like(pixels, 255), noisy, 10, seed=seed)
        evidence = digit_evidence(noisy, class_losses=made.class_losses, margins=made.margins)
        for method in ("gmm", "beta", "aum"):
            detector = build_detector("loss_separation", {"method": method})
            yield digit_row(method, run_detector(detector, evidence), noisy != labels)

    return run
