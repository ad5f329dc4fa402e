"""`detect` and `evaluate_detectors`: label-error detectors, without truth and with it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from benchmark_n._version import __version__
from benchmark_n.benchmark import Benchmark, layout, load
from benchmark_n.benchmark.scores import add_any
from benchmark_n.benchmark.writer import file_digest
from benchmark_n.cache import cache_folder
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.detectors.base import Detector, build_detector, run_detector, settle_names
from benchmark_n.detectors.detected import Detected
from benchmark_n.detectors.evidence import Evidence
from benchmark_n.detectors.evidence.doubts import doubts
from benchmark_n.detectors.evidence.gather import (
    Fit,
    Request,
    Target,
    gather,
    notes,
    trained_on,
)
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.label_error_inputs import score_benchmark

Progress = Callable[[int, int], None]
_log = logging.getLogger(__name__)


def detect(
    annotations: Path | str | CocoFile,
    images: Path | str | None,
    detectors: str | Iterable[str] = "cleanlab",
    *,
    evidence: Iterable[str] = (),
    backbone: str = "auto",
    folds: int = 5,
    group_by: str | None = None,
    seed: int = 0,
    device: str = "cpu",
    workers: int | None = None,
    trained_on: str = "unknown",
    weights: Path | str | None = None,
    fit: Fit = "out-of-fold",
    cam_target: Target = "predicted",
    cam_layer: str | None = None,
    evidence_dir: Path | str | None = None,
    options: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> list[Detected]:
    """Look for label errors in a COCO file.

    Parameters
    ----------
    annotations, images
        The file (or what `read_coco` made of it) and the folder of its images.
    detectors
        Names, or ``"all"`` for those whose evidence there is.
    evidence
        Sources: ``"crops"``, ``"losses"``, ``"saliency"``, ``"predictions:FILE"``,
        ``"annotators:FILE,FILE"``, ``"files:DIR"``. By default what the detectors need and no file.
    backbone, folds, group_by, seed, device, workers
        Of the evidence: see `benchmark_n.detectors.evidence`.
    trained_on
        On which labels the model behind predictions or files was trained.
    weights
        File of Quality Sentinel's weights; by default those that come with the package.
    fit, cam_target, cam_layer
        Of the evidence ``"saliency"``: see `benchmark_n.detectors.evidence.gather.Request`.
    evidence_dir
        Where evidence is kept; by default in the cache.
    options
        ``"detector.option"`` to its value.
    progress
        Called with (crops done, crops in all).

    Returns
    -------
    list[Detected]
        One for each detector, in the order asked for.

    Raises
    ------
    UsageError
        Contradictory or missing arguments.
    InputError
        Anything wrong with a file, or a detector that lacks its evidence.
    """
    coco = annotations if isinstance(annotations, CocoFile) else read_coco(annotations)
    settled = _detectors(detectors, options or {})
    request = Request(
        folder=Path(evidence_dir) if evidence_dir else cache_folder() / "evidence",
        images=None if images is None else Path(images),
        sources=tuple(evidence) or (("crops",) if detectors == "all" else ()),
        backbone=backbone,
        folds=folds,
        group_by=group_by,
        seed=seed,
        device=device,
        workers=workers,
        trained_on=trained_on,
        weights=None if weights is None else Path(weights),
        fit=fit,
        cam_target=cam_target,
        cam_layer=cam_layer,
    )
    wanted = {field for detector in settled for field in detector.needs}
    found = gather(coco, request, wanted, progress)
    results = []
    for detector in settled:
        try:
            results.append(_run(detector, found, coco, request))
        except InputError as fault:
            # Of all detectors, those run that can.
            if detectors != "all":
                raise
            _log.info("left out: %s", fault)
    return results


def evaluate_detectors(
    benchmark: Benchmark | Path | str,
    detectors: str | Iterable[str] = "cleanlab",
    *,
    images: Path | str | None = None,
    spatial_iou: float = 0.9,
    bootstrap: int = 1000,
    in_sample: bool = False,
    **options: Any,
) -> list[Detected]:
    """Run detectors on a benchmark's noisy annotations and score them against its manifest.

    Parameters
    ----------
    images
        By default the folder that `make` recorded.
    spatial_iou
        Below this mask IoU with the clean mask an annotation is a spatial error.
    bootstrap
        Replicates of the intervals.
    in_sample
        Allow weights of Quality Sentinel that were trained on the benchmark's pictures.
    options
        As for `detect`.
    """
    opened = load(benchmark) if isinstance(benchmark, Path | str) else benchmark
    if opened.recipe.get("detection") is False:
        raise InputError(
            f"{opened.path}: its annotations give their errors away (masks or boxes kept as they "
            "came), so it is unfit for label-error detection"
        )
    named = detectors != "all" and "quality_sentinel" in settle_names(detectors)
    if not in_sample and (named or "quality" in options.get("evidence", ())):
        _refuse_in_sample(opened, options.get("weights"))
    coco = opened.noisy()
    found = detect(coco, images or opened.images, detectors, **options)
    recipe = {key: opened.recipe.get(key) for key in ("benchmark", "name", "version", "seed")}
    # The leaderboard tells by these that results are of one benchmark.
    recipe["recipe_sha256"] = file_digest(opened.path / layout.RECIPE)
    recipe["source_sha256"] = opened.recipe["source"]["sha256"]
    scored = []
    for one in found:
        result = score_benchmark(one.scores, opened, spatial_iou=spatial_iou, bootstrap=bootstrap)
        provenance = {**one.provenance, "benchmark": {"directory": opened.path.name, **recipe}}
        # Where the truth is known, the scores say how far the list misleads.
        kept = tuple(notes(one.evidence))
        scored.append(replace(one, result=result, provenance=provenance, warnings=kept))
    return scored


def _refuse_in_sample(benchmark: Benchmark, weights: Path | str | None) -> None:
    from benchmark_n.detectors.quality_sentinel.weights import refuse_in_sample

    source = benchmark.recipe["source"]
    refuse_in_sample(
        None if weights is None else Path(weights),
        benchmark.recipe["dataset"],
        source.get("data_seed"),
    )


def _detectors(asked: str | Iterable[str], options: Mapping[str, Any]) -> list[Detector]:
    names = settle_names(asked)
    own: dict[str, dict[str, Any]] = {name: {} for name in names}
    for key, value in options.items():
        name, dot, option = key.partition(".")
        if not dot or name not in own:
            raise UsageError(
                f"cannot set '{key}': expected DETECTOR.OPTION of a detector asked for"
            )
        own[name][option] = value
    return [build_detector(name, own[name]) for name in names]


def _run(detector: Detector, evidence: Evidence, coco: CocoFile, request: Request) -> Detected:
    scores = add_any(run_detector(detector, evidence))
    provenance = {
        "benchmark-n": __version__,
        "detector": detector.name,
        "reference": detector.reference,
        "options": _options(detector),
        "details": dict(getattr(detector, "details_", {})),
        "evidence": evidence.provenance["sources"],
        "trained_on": trained_on(evidence),
        "annotations": {"file": coco.path.name, "sha256": file_digest(coco.path)},
    }
    lines = (*notes(evidence), *doubts(evidence))
    plots = tuple(getattr(detector, "plots_", ()))
    return Detected(
        detector.name, scores, evidence, None, coco, request.images, provenance, lines, plots
    )


def _options(detector: Detector) -> dict[str, Any]:
    own = fields(detector)  # type: ignore[arg-type]
    return {field.name: getattr(detector, field.name) for field in own if field.init}
