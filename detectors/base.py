"""What a detector is, and how it is found by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.errors import InputError, UsageError, did_you_mean
from benchmark_n.evidence import Evidence
from benchmark_n.runtime.registry import Registry

DETECTORS = Registry(
    "detector",
    "benchmark_n.detectors",
    {
        "cleanlab": "benchmark_n.detectors.confident_learning:ConfidentLearning",
        "loss_separation": "benchmark_n.detectors.loss_separation:LossSeparation",
        "soft_min": "benchmark_n.detectors.soft_min:SoftMin",
        "posterior": "benchmark_n.detectors.posterior.detector:Posterior",
        "objectlab": "benchmark_n.detectors.objectlab:ObjectLab",
        "mask_disagreement": "benchmark_n.detectors.mask_disagreement:MaskDisagreement",
        "mirror": "benchmark_n.detectors.mirror:Mirror",
        "disagreement": "benchmark_n.detectors.disagreement:Disagreement",
        "entropy": "benchmark_n.detectors.entropy:Entropy",
        "margin": "benchmark_n.detectors.margin:Margin",
        "mc_dropout": "benchmark_n.detectors.mc_dropout:McDropout",
        "recov": "benchmark_n.detectors.recov:ReCoV",
        "fastrecov": "benchmark_n.detectors.fastrecov:FastReCoV",
        "knn": "benchmark_n.detectors.knn:NearestNeighbours",
        "usdnl": "benchmark_n.detectors.usdnl:Usdnl",
        "dynacor": "benchmark_n.detectors.dynacor:DynaCor",
        "bundl": "benchmark_n.detectors.bundl:Bundl",
        "sample_weights": "benchmark_n.detectors.sample_weights:SampleWeights",
        "quality_sentinel": "benchmark_n.detectors.quality_sentinel.detector:QualitySentinel",
        "consensus": "benchmark_n.detectors.consensus.detector:Consensus",
        "unannotated": "benchmark_n.detectors.detected.unannotated:Unannotated",
        "unsupported": "benchmark_n.detectors.detected.unsupported:Unsupported",
        "misplaced": "benchmark_n.detectors.detected.misplaced:Misplaced",
        "random": "benchmark_n.detectors.random_scores:Chance",
    },
)

# Field of the evidence to what makes it.
SOURCES = {
    "features": "`evidence=['features']`",
    "pred_probs": "`evidence=['crops']` or `evidence=['files:DIR']`",
    "embeddings": "`evidence=['crops']`",
    "dropout_probs": "`evidence=['crops']`",
    "detections": "`evidence=['detections']`",
    "class_losses": "`evidence=['losses']` or `evidence=['files:DIR']`",
    "mask_losses": "`evidence=['losses']` or `evidence=['files:DIR']`",
    "margins": "`evidence=['losses']` or `evidence=['files:DIR']`",
    "pixel_support": "`evidence=['losses']` or `evidence=['files:DIR']`",
    "predicted_dsc": "`evidence=['quality']`",
    "dropped": "`evidence=['trainings']`",
    "dynamics": "`evidence=['trainings']`",
    "copy_dynamics": "`evidence=['trainings']`",
    "posterior_passes": "`evidence=['trainings']`",
    "sample_weights": "`evidence=['trainings']`",
    "model_probs": "`evidence=['saliency']` or `evidence=['files:DIR']`",
    "saliency": "`evidence=['saliency']` or `evidence=['files:DIR']`",
    "predictions": "`evidence=['predictions:FILE']`",
    "annotators": "`evidence=['annotators:FILE,FILE…']`",
}


@dataclass(frozen=True)
class Plot:
    """A histogram with fitted densities: what a detector may offer as ``plots_``.

    Parameters
    ----------
    edges, counts
        float64 (B + 1,) and (B,): the histogram, as a density.
    curves
        (name, x, density) of each fitted component.
    """

    title: str
    edges: NDArray[np.float64]
    counts: NDArray[np.float64]
    curves: tuple[tuple[str, NDArray[np.float64], NDArray[np.float64]], ...]


class Detector(Protocol):
    """A detector: a dataclass of its options, with `fit`.

    Parameters
    ----------
    name, reference
        Its name and its paper.
    kinds
        The kinds of error it finds: ``class``, ``spatial``, ``spurious``, ``missing``.
    needs
        Fields of `Evidence` that it reads.
    any_of, may_read
        May be left out: fields that it reads where they are there; of those of `any_of` one.
    of_masks
        May be left out: the kinds that it judges by given masks. Annotations without a mask get
        no score of these.
    told
        What it is given that noisy annotations and pictures do not say, such as the noise rate or
        the operators of the noise; none where a detector does not have it.

    Attributes
    ----------
    scores_
        After `fit`: a scores table (`benchmark_n.tables.scores`).
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    needs: ClassVar[tuple[str, ...]]
    reference: ClassVar[str]
    scores_: Any

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        ...


def build_detector(name: str, options: Mapping[str, Any] | None = None) -> Detector:
    """The detector called `name` with its options checked.

    Raises
    ------
    InputError
        An unknown detector or option, or a value that an option cannot have.
    """
    detector: Detector = DETECTORS.build(name, options)
    return detector


def run_detector(detector: Detector, evidence: Evidence) -> Any:
    """Fit, and return the scores table.

    Raises
    ------
    InputError
        The evidence lacks what the detector needs, masks of the annotations among it.
    """
    lacking = lacks(detector, evidence)
    if lacking:
        raise InputError(need(detector.name, lacking))
    choice = choices(detector)
    if choice and all(getattr(evidence, name) is None for name in choice):
        raise InputError(need(detector.name, choice, " or "))
    kinds = kinds_of_masks(detector)
    if set(detector.kinds) <= set(kinds) and evidence.without_mask.size == len(evidence):
        raise InputError(
            f"detector '{detector.name}' needs masks, and none of the {len(evidence)} annotations "
            "has one: they are boxes"
        )
    scores = detector.fit(evidence).scores_
    if not (kinds and evidence.without_mask.size):
        return scores
    boxes = pa.array(evidence.annotation_ids[evidence.without_mask])
    judged = pc.is_in(scores["kind"], value_set=pa.array(kinds, pa.string()))
    unmasked = pc.is_in(scores["annotation_id"], value_set=boxes)
    return scores.filter(pc.invert(pc.and_(judged, unmasked)))


def kinds_of_masks(detector: Detector | type[Detector]) -> tuple[str, ...]:
    """The kinds of error that a detector judges by the given masks."""
    return tuple(getattr(detector, "of_masks", ()))


def told_to(detector: Detector | type[Detector]) -> tuple[str, ...]:
    """What a detector is told, as it declares in ``told``."""
    return tuple(getattr(detector, "told", ()))


def lacks(detector: Detector | type[Detector], evidence: Evidence) -> list[str]:
    """Fields that the detector needs and the evidence does not have."""
    return [name for name in detector.needs if getattr(evidence, name, None) is None]


def choices(detector: Detector | type[Detector]) -> tuple[str, ...]:
    """Fields of which the detector needs one; none where it has no choice."""
    return tuple(getattr(detector, "any_of", ()))


def wanted(detector: Detector | type[Detector]) -> tuple[str, ...]:
    """Fields to make for the detector: what it needs, and the first of its choice."""
    return (*detector.needs, *choices(detector)[:1])


def need(name: str, lacking: Iterable[str], joint: str = ", ") -> str:
    """A line that says what a detector needs."""
    parts = [f"{field} ({SOURCES.get(field, 'not known')})" for field in lacking]
    return f"detector '{name}' needs {joint.join(parts)}"


def detector_names(asked: str | Iterable[str]) -> list[str]:
    """Names out of ``"a,b"``, ``"all"`` or a list.

    Raises
    ------
    UsageError
        No name at all.
    InputError
        An unknown name.
    """
    names = asked.split(",") if isinstance(asked, str) else list(asked)
    names = [name.strip() for name in names if name.strip()]
    if not names:
        raise UsageError("name a detector, several with commas between, or all")
    if names == ["all"]:
        return DETECTORS.names()
    for name in names:
        if name not in DETECTORS.names():
            hint = did_you_mean(name, DETECTORS.names())
            raise InputError(f"unknown detector '{name}': {hint}")
    return list(dict.fromkeys(names))
