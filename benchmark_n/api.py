"""The public functions; every command is a thin skin over one of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import Benchmark
from benchmark_n.benchmark.records import MASK_FORMS, MaskForm
from benchmark_n.datasets import DATASETS, Dataset
from benchmark_n.datasets.base import open_source
from benchmark_n.errors import UsageError
from benchmark_n.masks.contours import opencv_fault
from benchmark_n.noise.recipe import Recipe, load_recipe
from benchmark_n.noise_making import CHUNK, make_noisy, noise_target
from benchmark_n.weak.grounding import DEFAULT as DEFAULT_GROUNDER
from benchmark_n.weak.recipe import WeakRecipe, choose_weak
from benchmark_n.weak_making import Annotator, make_weak, weak_target

_log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


def make(
    dataset: str = "coco",
    tier: str | None = None,
    *,
    recipe: str | Path | None = None,
    root: Path | str | None = None,
    split: str | None = None,
    annotations: Path | str | None = None,
    images: Path | str | None = None,
    seed: int = 1,
    out: Path | str | None = None,
    only: Iterable[str] = (),
    overrides: Mapping[str, Any] | None = None,
    masks: MaskForm = "rle",
    workers: int | None = None,
    backend: str = "loky",
    scheduler: str | None = None,
    overwrite: bool = False,
    data_seed: int = 0,
    num_images: int | None = None,
    stride: int = 1,
    skip_bad: bool = False,
    chunk_size: int = CHUNK,
    weak: str | None = None,
    segmenter: str | None = None,
    grounder: str | None = None,
    device: str | None = None,
    prompts_from: Path | str | None = None,
    progress: Progress | None = None,
) -> Benchmark:
    """Make a noisy benchmark from clean annotations.

    Parameters
    ----------
    dataset
        A dataset's name: ``"coco"``, ``"lvis"``, ``"scenes"``, ``"custom"``, ….
    tier, recipe
        One of the two: a tier or other recipe by name, or a recipe's name or YAML file.
    root, split, annotations, images
        The dataset's folder and split, or a COCO-format file and a folder of images.
    seed
        Of the noise. The same seed gives the same bytes, whatever the number of workers.
    out
        Directory to write; by default ``benchmarks/<dataset>-n-<recipe>-seed<seed>``, and
        ``benchmarks/<dataset>-<recipe>-<segmenter>-seed<seed>`` with a weak recipe.
    only, overrides
        Noises to keep, and ``"noise.parameter"`` values to replace.
    masks
        ``"rle"``, ``"polygon"``, or ``"keep"`` to leave untouched records as they came (the
        benchmark is then unfit for label-error detection, and marked so).
    workers, backend, scheduler
        Processes, and where they run (see `benchmark_n.parallel.ordered_map`).
    data_seed, num_images
        For embedded datasets: which pictures, and how many of the split.
    stride, skip_bad
        For datasets that are converted from label maps: take every n-th frame or patient, and
        leave out (and list in the summary) those that cannot be read. With a weak recipe,
        annotations of images that cannot be read are missed, and these are listed.
    weak
        Instead of a tier, a kind of prompt: ``"box"``, ``"point"``, ``"mask"``, several joined by
        ``+``, or ``"text"``. A tier ``wan-…`` is a weak recipe too.
    segmenter, grounder, device
        With a weak recipe: the model that draws the masks (``"grabcut"``, ``"medsam-lite"``,
        ``"transformers:NAME"``, …), the grounding model of text prompts, and ``"cpu"`` or
        ``"cuda"``.
    prompts_from
        With a weak recipe: a noisy benchmark of the same source whose boxes are the prompts.
    progress
        Called with (frames done, frames in all) of a conversion, then so with annotations.

    Raises
    ------
    UsageError
        Contradictory or missing arguments.
    InputError
        Anything wrong with a file, a recipe or the output; nothing is written then.
    """
    known: Dataset = DATASETS.load(dataset)
    if masks not in MASK_FORMS:
        raise UsageError(f"masks must be one of {', '.join(MASK_FORMS)}, but got '{masks}'")
    if chunk_size < 1:
        raise UsageError(f"chunk_size must be 1 or more, but got {chunk_size}")
    weakly = choose_weak(weak, tier, recipe, overrides)
    given = {"segmenter": segmenter, "grounder": grounder, "device": device}
    _check_weak_options(weakly, {**given, "prompts_from": prompts_from}, tuple(only), backend)
    if (fault := opencv_fault()) is not None:
        _log.warning(fault)
    settled = weakly or _choose_recipe(known.tier_recipe(tier), recipe, only, overrides)
    source = open_source(
        known,
        root=_path(root),
        split=split,
        annotations=_path(annotations),
        images=_path(images),
        data_seed=data_seed,
        num_images=num_images,
        stride=stride,
        skip_bad=skip_bad and (weakly is None or known.converter is not None),
        workers=workers,
        progress=progress,
    )
    if isinstance(settled, WeakRecipe):
        return make_weak(
            known,
            source,
            settled,
            Annotator(segmenter or "grabcut", grounder or DEFAULT_GROUNDER, device or "cpu"),
            _path(out) or weak_target(dataset, settled, segmenter or "grabcut", seed),
            seed=seed,
            prompts_from=prompts_from,
            masks=masks,
            workers=workers,
            overwrite=overwrite,
            skip_bad=skip_bad,
            progress=progress,
        )
    return make_noisy(
        known,
        source,
        settled,
        _path(out) or noise_target(dataset, settled, seed, tuple(only), overrides),
        seed=seed,
        masks=masks,
        workers=workers,
        backend=backend,
        scheduler=scheduler,
        overwrite=overwrite,
        chunk_size=chunk_size,
        progress=progress,
    )


def _check_weak_options(
    recipe: WeakRecipe | None,
    given: Mapping[str, object],
    only: tuple[str, ...],
    backend: str,
) -> None:
    """Options that go with a weak recipe alone, or with none."""
    if recipe is None:
        stray = next((name for name, value in given.items() if value is not None), None)
        if stray is not None:
            raise UsageError(
                f"{stray.replace('_', '-')} is for weak annotations: name a tier wan-easy, "
                "wan-mid or wan-hard, or a kind of prompt by weak"
            )
        return
    if only:
        raise UsageError("only is for noise recipes: a weak recipe has one annotator")
    if backend != "loky":
        raise UsageError("weak annotations are made on one machine: backend must be loky")


def _path(value: Path | str | None) -> Path | None:
    return None if value is None else Path(value)


def _choose_recipe(
    tier: str | None,
    recipe: str | Path | None,
    only: Iterable[str],
    overrides: Mapping[str, Any] | None,
) -> Recipe:
    if tier is not None and recipe is not None:
        raise UsageError("give a tier or a recipe, not both")
    chosen = tier if tier is not None else recipe
    if chosen is None:
        raise UsageError("name a tier (easy, mid, hard, clean) or a recipe")
    return load_recipe(chosen, only=only, overrides=overrides)
