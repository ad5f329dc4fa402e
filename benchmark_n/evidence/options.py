"""What evidence is made of, and how: the one object that detection passes on whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmark_n.errors import UsageError
from benchmark_n.files.cache import cache_folder
from benchmark_n.nets.devices import DEVICES
from benchmark_n.runtime.options import check_known, check_whole

Fit = Literal["out-of-fold", "in-sample", "self"]
Target = Literal["predicted", "given"]
MATCHES = ("auto", "all-ids")
FITS = ("out-of-fold", "in-sample", "self")
TARGETS = ("predicted", "given")
TRAINED_ON = ("noisy-oof", "noisy-in-sample", "other", "clean", "unknown")


@dataclass(frozen=True)
class EvidenceOptions:
    """What evidence to make, and how.

    Parameters
    ----------
    sources
        ``"features"``, ``"crops"``, ``"losses"``, ``"quality"``, ``"saliency"``,
        ``"predictions:FILE"``, ``"annotators:FILE,FILE"``, ``"files:DIR"``,
        ``"detections:NAME,NAME"``, ``"trainings[:NAME]"``; empty: what the detectors need and no
        file.
    backbone
        Of crops and features: ``hog``, ``lite0``, …; ``auto`` for the best that is installed.
    folds, group_by, seed
        Number of folds, the image field that they keep together (None: what
        `benchmark_n.coco.units` finds), and the seed of folds and trainings.
    device
        Of networks: ``cpu``, ``cuda``, or ``auto`` for a GPU where there is one.
    trained_on
        On which labels the model behind predictions or files was trained: ``noisy-oof``,
        ``noisy-in-sample``, ``other``, ``clean`` or ``unknown``.
    match
        How annotators' images and categories are found: ``auto`` by their names, ``all-ids`` by
        their ids.
    weights, in_sample
        File of Quality Sentinel's weights (None: those that come with the package), and whether
        they may be judged on a benchmark whose pictures they were trained on.
    out_of_domain
        Whether the masks' quality is predicted where most pictures are unlike those of the
        model's training.
    fit
        Of quality: ``self`` for a regressor that is fitted to the given masks and to worse ones
        made of them, in place of weights. Of saliency: whether the classifiers predict
        annotations they were trained on.
    full
        Of saliency: whether the classifiers are trained end to end, in place of their last two
        stages.
    cam_target, cam_layer
        Of saliency: the category that the maps are of, and the layer they are drawn at (None: the
        last convolution).
    noise_rate
        Of trainings: share of wrong labels that USDNL is told; None: estimated.
    clean_subset
        Of trainings: ids of annotations whose category is known to be right.
    category_map
        Of detections: a YAML or JSON file of the file's categories to those of the detectors that
        mean them, where their names do not tell.
    evidence_dir
        Where evidence is kept, one directory each, named by a hash of what it was made from;
        None for the cache.

    Raises
    ------
    UsageError
        A value that is none of the known ones.

    Examples
    --------
    >>> EvidenceOptions(sources=("crops",), backbone="hog", folds=3).trained_on
    'unknown'
    """

    sources: tuple[str, ...] = ()
    backbone: str = "auto"
    folds: int = 5
    group_by: str | None = None
    seed: int = 0
    device: str = "cpu"
    trained_on: str = "unknown"
    match: str = "auto"
    weights: Path | str | None = None
    in_sample: bool = False
    out_of_domain: bool = False
    fit: Fit = "out-of-fold"
    full: bool = False
    cam_target: Target = "predicted"
    cam_layer: str | None = None
    noise_rate: float | None = None
    clean_subset: tuple[int, ...] = ()
    category_map: Path | str | None = None
    evidence_dir: Path | str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.sources, str):
            raise UsageError(f"sources must be a tuple of texts, but got '{self.sources}'")
        object.__setattr__(self, "sources", tuple(self.sources))
        check_whole("the evidence's seed", self.seed, least=0)
        check_whole("`folds`", self.folds, least=2)
        if self.noise_rate is not None and not 0 < self.noise_rate < 1:
            raise UsageError(f"`noise_rate` is {self.noise_rate:g}, expected between 0 and 1")
        for name, known in (
            ("device", DEVICES),
            ("fit", FITS),
            ("cam_target", TARGETS),
            ("trained_on", TRAINED_ON),
            ("match", MATCHES),
        ):
            value = getattr(self, name)
            check_known(name, value, known)

    @property
    def weights_path(self) -> Path | None:
        """File of Quality Sentinel's weights; None for those that come with the package."""
        return None if self.weights is None else Path(self.weights)

    @property
    def folder(self) -> Path:
        """Where evidence is kept."""
        return Path(self.evidence_dir) if self.evidence_dir else cache_folder() / "evidence"


def evidence_options(given: EvidenceOptions | str | Iterable[str]) -> EvidenceOptions:
    """The options; of a source or of sources alone, the defaults with these.

    >>> evidence_options("losses").sources
    ('losses',)
    """
    if isinstance(given, EvidenceOptions):
        return given
    return EvidenceOptions(sources=(given,) if isinstance(given, str) else tuple(given))
