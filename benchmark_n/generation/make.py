"""The public functions; every command is a thin skin over one of them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import Benchmark
from benchmark_n.coco.annotation_masks import MASK_FORMS, MaskForm
from benchmark_n.datasets import DATASETS, Dataset
from benchmark_n.datasets.open import open_source
from benchmark_n.datasets.ownership import CUSTOM, check_licence, settle_owner, source_digest
from benchmark_n.errors import UsageError
from benchmark_n.generation.noise import CHUNK, make_noisy
from benchmark_n.generation.targets import Asked, Origin, default_target
from benchmark_n.generation.weak import Annotator, make_weak
from benchmark_n.generation.weak_prompts import check_weak_options, further_inputs
from benchmark_n.masks.contours import opencv_fault
from benchmark_n.noise.recipe import Recipe, load_recipe
from benchmark_n.runtime.progress import Progress
from benchmark_n.weak.recipe import WeakRecipe, choose_weak
from benchmark_n.weak.segmenters.grounding import DEFAULT as DEFAULT_GROUNDER

_log = logging.getLogger(__name__)


def make(
    dataset: str | None = None,
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
    licence: str | None = None,
    progress: Progress | None = None,
) -> Benchmark:
    """Make a noisy benchmark from clean annotations.

    Parameters
    ----------
    dataset
        A dataset's name: ``"coco"``, ``"lvis"``, ``"scenes"``, ``"custom"``, …. By default
        ``"custom"`` with `annotations`, else ``"coco"``.
    tier, recipe
        One of the two: a tier or other recipe by name, or a recipe's name or YAML file.
    root, split, annotations, images
        The dataset's folder and split, or a COCO-format file and a folder of images. With a file
        a dataset lends its conventions: recipes of the tiers, boundary ratio. Its name, licence
        and citation it lends only to a file whose SHA-256 is known to be one of its own; any
        other is the user's, and its benchmark is called ``Custom-N``.
    seed
        Of the noise. The same seed gives the same bytes, whatever the number of workers.
    out
        Directory to write; by default ``benchmarks/<source>-n-<recipe>-seed<seed>``, and
        ``benchmarks/<source>-<recipe>-<segmenter>-seed<seed>`` with a weak recipe, where the
        source is the dataset or the stem of the file (`benchmark_n.generation.targets` has the
        rule).
    only, overrides
        Noises to keep, and ``"noise.parameter"`` values to replace.
    masks
        ``"rle"``, ``"polygon"``, or ``"keep"`` to leave untouched records as they came (the
        benchmark is then unfit for label-error detection, and marked so).
    workers, backend, scheduler
        Processes, and where they run (see `benchmark_n.runtime.parallel.ordered_map`).
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
    licence
        Of annotations of the user's own, an identifier of `benchmark_n.datasets.terms.LICENCES`:
        kept in the recipe, and what card and publishing go by. Without it they count as not to
        be passed on. It changes neither the benchmark's name nor its citations.
    progress
        Called with (frames done, frames in all) of a conversion, then so with annotations.

    Raises
    ------
    UsageError
        Contradictory or missing arguments.
    InputError
        Anything wrong with a file, a recipe or the output; nothing is written then.
    """
    known: Dataset = DATASETS.load(dataset or ("coco" if annotations is None else CUSTOM))
    if masks not in MASK_FORMS:
        raise UsageError(f"masks must be one of {', '.join(MASK_FORMS)}, but got '{masks}'")
    if chunk_size < 1:
        raise UsageError(f"chunk_size must be 1 or more, but got {chunk_size}")
    only, named = tuple(only), annotations is not None
    check_licence(known, licence, named=named)
    weakly = choose_weak(weak, tier, recipe, overrides)
    given = {"segmenter": segmenter, "grounder": grounder, "device": device}
    check_weak_options(weakly, {**given, "prompts_from": prompts_from}, only, backend)
    if (fault := opencv_fault()) is not None:
        _log.warning(fault)
    tier = known.tier_recipe(tier)
    settled = weakly or _choose_recipe(tier, recipe, only, overrides)
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
    sha256 = source_digest(source.annotations)
    owner, source = settle_owner(known, source, sha256, named=named, licence=licence)
    asked = Asked(
        known.name,
        _path(annotations),
        recipe or tier or weak or "",
        only,
        overrides or {},
        segmenter or "grabcut",
        further_inputs(weakly, grounder, prompts_from),
    )
    origin = Origin(sha256, source.options.get("conventions"), masks)
    target = _path(out) or default_target(asked, settled, seed, origin)
    if isinstance(settled, WeakRecipe):
        return make_weak(
            owner,
            source,
            settled,
            Annotator(segmenter or "grabcut", grounder or DEFAULT_GROUNDER, device or "cpu"),
            target,
            seed=seed,
            prompts_from=prompts_from,
            masks=masks,
            workers=workers,
            overwrite=overwrite,
            skip_bad=skip_bad,
            progress=progress,
        )
    return make_noisy(
        owner,
        source,
        settled,
        target,
        seed=seed,
        masks=masks,
        workers=workers,
        backend=backend,
        scheduler=scheduler,
        overwrite=overwrite,
        chunk_size=chunk_size,
        progress=progress,
    )


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
